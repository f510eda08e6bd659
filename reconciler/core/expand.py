"""What imports bring along: the namespaces and repositories of their source become part of the desired state."""

from __future__ import annotations

from dataclasses import replace

from reconciler.core.locate import find_instances
from reconciler.model.live import Cause, Live, LiveRepository
from reconciler.model.spec import Desired, ImportRule, Include, Namespace, PersonalSource, Repository


def expand(desired: Desired, live: Live) -> Desired:
    """`desired` with the settings that its imports take over from the source; what the YAML declares itself wins."""
    instances = find_instances(desired, live)
    namespaces = {namespace.address: namespace for namespace in desired.namespaces}
    repositories = {repository.address: repository for repository in desired.repositories}
    for rule in desired.imports:
        if rule.target not in instances:
            continue
        for namespace in _namespaces(rule, live):
            namespaces.setdefault(namespace.address, namespace)
        for repository in _repositories(rule, live):
            repositories.setdefault(repository.address, repository)
    return replace(
        desired,
        namespaces=tuple(sorted(namespaces.values(), key=lambda n: n.address)),
        repositories=tuple(sorted(repositories.values(), key=lambda r: r.address)),
    )


def _namespaces(rule: ImportRule, live: Live) -> tuple[Namespace, ...]:
    if not isinstance(rule.source, PersonalSource) or Include.NAMESPACES not in rule.include:
        return ()
    return tuple(
        Namespace(
            rule.target,
            rule.rename.get(found.name, found.name),
            found.auto_create,
            found.visibility,
            str(rule.address),
            rule.places,
        )
        for personal in live.personal
        if personal.region == rule.source.region
        for found in personal.namespaces
        if found.name in rule.source.namespaces
    )


def _repositories(rule: ImportRule, live: Live) -> tuple[Repository, ...]:
    if not isinstance(rule.source, PersonalSource) or Include.REPOSITORIES not in rule.include:
        return ()
    return tuple(
        Repository(
            rule.target,
            target_name(rule, found.name),
            found.visibility,
            found.summary or None,
            origin=str(rule.address),
            places=rule.places,
        )
        for personal in live.personal
        if personal.region == rule.source.region
        for found in personal.repositories
        if found.namespace in rule.source.namespaces and not _deleted(found)
    )


def _deleted(repository: LiveRepository) -> bool:
    """Whether it was there when the repositories were listed and gone when its tags were."""
    return repository.unreadable is not None and repository.unreadable.cause is Cause.GONE


def target_name(rule: ImportRule, repository: str) -> str:
    """The name at the target of a source's repository (`namespace/name`), after `rename`."""
    namespace, name = repository.split("/", 1)
    return f"{rule.rename.get(namespace, namespace)}/{name}"
