"""What has to be read from the cloud to plan a desired state: the listings that it asks for, and no others."""

from __future__ import annotations

from collections import defaultdict

from reconciler.core import network
from reconciler.core.purchases import offer_of
from reconciler.model.scope import InstanceScope, PersonalScope, Scope
from reconciler.model.spec import Desired, Level, PersonalSource


def scope_of(desired: Desired) -> Scope:
    namespaces: dict[str, set[str]] = defaultdict(set)
    repositories: dict[str, set[str]] = defaultdict(set)
    personal: dict[str, set[str]] = defaultdict(set)
    whole: set[str] = set()
    foreign = {rule.target for rule in desired.replications if rule.user_id is not None}
    for rule in desired.imports:
        if isinstance(rule.source, PersonalSource):
            personal[rule.source.region].update(rule.source.namespaces)
            namespaces[rule.target].update(rule.rename.get(name, name) for name in rule.source.namespaces)
    for replication in desired.replications:
        for key in (replication.source, replication.target):
            if replication.level is Level.INSTANCE:
                whole.add(key)
            elif replication.level is Level.NAMESPACE:
                namespaces[key].add(replication.namespace)
            else:
                repositories[key].add(f"{replication.namespace}/{replication.repository}")
    modules: dict[str, set[str]] = defaultdict(set)
    for binding in desired.vpcs:
        modules[binding.instance].add(binding.module)
    instances = tuple(
        InstanceScope(
            instance.key,
            instance.region,
            instance.name,
            instance.id,
            frozenset(namespaces[instance.key]),
            frozenset(repositories[instance.key]),
            frozenset(modules[instance.key]),
            any(endpoint.instance == instance.key for endpoint in desired.endpoints),
            instance.key in whole,
            offer_of(instance),
        )
        for instance in desired.instances
        if instance.key not in foreign
    )
    return Scope(
        instances,
        tuple(PersonalScope(region, frozenset(names)) for region, names in sorted(personal.items())),
        network.scopes(desired),
        network.role_names(desired),
    )
