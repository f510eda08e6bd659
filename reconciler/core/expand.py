"""What imports bring along: the namespaces and repositories of their source become part of the desired state."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from reconciler.core.locate import find_instances
from reconciler.model.live import Cause, Live, LiveOrigin, LiveRepository
from reconciler.model.spec import Desired, ImportRule, Include, Namespace, Repository


def expand(desired: Desired, live: Live) -> Desired:
    """`desired` with the settings that its imports take over from the source; what the YAML declares itself wins."""
    instances = find_instances(desired, live)
    namespaces = {namespace.address: namespace for namespace in desired.namespaces}
    repositories = {repository.address: repository for repository in desired.repositories}
    for rule in desired.imports:
        origin = live.origin(rule.source.name)
        if rule.target not in instances or origin is None:
            continue
        for namespace in _namespaces(rule, origin):
            namespaces.setdefault(namespace.address, namespace)
        for repository in _repositories(rule, origin):
            repositories.setdefault(repository.address, repository)
    return replace(
        desired,
        namespaces=tuple(sorted(namespaces.values(), key=lambda n: n.address)),
        repositories=tuple(sorted(repositories.values(), key=lambda r: r.address)),
    )


def _namespaces(rule: ImportRule, origin: LiveOrigin) -> Iterator[Namespace]:
    """Of a source whose namespaces have names alone, the target gets them with the service's own settings."""
    if Include.NAMESPACES not in rule.include:
        return
    settings = {found.name: found for found in origin.namespaces}
    names = settings if not origin.named_only else [repository.namespace for repository in _chosen(rule, origin)]
    for name in dict.fromkeys(names):
        if origin.named_only or name in rule.source.filter.namespaces:
            found = settings.get(name)
            target = target_namespace(rule, name)
            if target:
                yield Namespace(
                    rule.target,
                    target,
                    found.auto_create if found else None,
                    found.visibility if found else None,
                    str(rule.address),
                    rule.places,
                )


def _repositories(rule: ImportRule, origin: LiveOrigin) -> Iterator[Repository]:
    if Include.REPOSITORIES not in rule.include:
        return
    for found in _chosen(rule, origin):
        name = target_name(rule, found.name)
        if name:
            yield Repository(
                rule.target,
                name,
                None if origin.named_only else found.visibility,
                found.summary or None,
                origin=str(rule.address),
                places=rule.places,
            )


def _chosen(rule: ImportRule, origin: LiveOrigin) -> Iterator[LiveRepository]:
    return (
        repository
        for repository in origin.repositories
        if rule.source.filter.matches(repository.name) and not _deleted(repository)
    )


def _deleted(repository: LiveRepository) -> bool:
    """Whether it was there when the repositories were listed and gone when its tags were."""
    return repository.unreadable is not None and repository.unreadable.cause is Cause.GONE


def target_namespace(rule: ImportRule, namespace: str) -> str:
    """The namespace at the target of a source's, after `rename`; empty when it has none and none is given."""
    return rule.rename.get(namespace, namespace) if namespace else rule.default_namespace


def target_name(rule: ImportRule, repository: str) -> str:
    """The name at the target of a source's repository, after `rename`; empty when there is no namespace for it."""
    namespace, slash, name = repository.partition("/")
    target = target_namespace(rule, namespace if slash else "")
    return f"{target}/{name if slash else repository}" if target else ""
