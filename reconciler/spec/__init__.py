"""Spec: YAML files become the desired state. Enter by `reconciler.spec.load`."""
