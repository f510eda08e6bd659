"""What has to be read from the cloud to plan a desired state: the listings that it asks for, and no others."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator

from reconciler.core import network
from reconciler.core.cross_account import owners
from reconciler.core.purchases import offer_of
from reconciler.model.scope import InstanceScope, OriginScope, Scope
from reconciler.model.source import PersonalSource
from reconciler.model.spec import Desired, ImportRule, Include, Level


def scope_of(desired: Desired, *, contents: bool = False) -> Scope:
    """With `contents`, the tags of every repository are asked for, of undeclared ones too."""
    namespaces: dict[str, set[str]] = defaultdict(set)
    repositories: dict[str, set[str]] = defaultdict(set)
    like: dict[str, set[str]] = defaultdict(set)
    whole: set[str] = set()
    built_namespaces: dict[str, set[str]] = defaultdict(set)
    foreign = owners(desired)
    for rule in desired.imports:
        if isinstance(rule.source, PersonalSource):
            if Include.BUILD_RULES in rule.include:
                built_namespaces[rule.target].update(rule.rename.get(name, name) for name in rule.source.namespaces)
            namespaces[rule.target].update(rule.rename.get(name, name) for name in rule.source.namespaces)
        else:
            like[rule.target].add(rule.source.name)
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
            contents or instance.key in whole,
            offer_of(instance),
            frozenset(like[instance.key]),
            frozenset(built_namespaces[instance.key]),
            frozenset(
                repository.name
                for repository in desired.repositories
                if repository.instance == instance.key
                and (repository.source_code is not None or repository.build_rules is not None)
            ),
            instance.account,
            frozenset(r.name for r in desired.repositories if r.instance == instance.key and r.detail is not None),
        )
        for instance in desired.instances
        if instance.key not in foreign
    )
    roles = tuple((network.SERVICE_ROLE, home) for home in network.role_homes(desired))
    return Scope(instances, tuple(_origins(desired.imports)), network.scopes(desired), roles)


def _origins(imports: Iterable[ImportRule]) -> Iterator[OriginScope]:
    """What several imports take from one source is read together."""
    rules: dict[str, list[ImportRule]] = {}
    for rule in imports:
        rules.setdefault(rule.source.name, []).append(rule)
    for name in sorted(rules):
        filters = dict.fromkeys(rule.source.filter for rule in rules[name])
        newest = [rule.images.latest for rule in rules[name] if rule.images.latest is not None]
        built = (rule.source.filter for rule in rules[name] if Include.BUILD_RULES in rule.include)
        yield OriginScope(rules[name][0].source, tuple(filters), min(newest, default=None), tuple(dict.fromkeys(built)))
