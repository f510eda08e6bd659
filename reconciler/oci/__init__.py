"""The OCI distribution protocol: a client for registries, over plain sockets."""
