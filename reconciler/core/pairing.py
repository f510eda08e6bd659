"""What a replication rule needs on its two sides: the namespace, and for one repository also that."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Set

from reconciler.core.enumeration import enumerated
from reconciler.core.locate import holds_namespace, in_scope
from reconciler.model.diagnostic import Diagnostic, Related, Severity
from reconciler.model.live import LiveInstance
from reconciler.model.rulebook import Rule
from reconciler.model.spec import Desired, Level, Namespace, ReplicationRule

RULES = (
    Rule(
        "R-NS-1",
        "a namespace that replication needs does not exist",
        "Replication needs the namespace on both sides.",
        "Declare it under `namespaces` of the instance.",
        "service documentation, replication by namespace",
    ),
    Rule(
        "R-NS-2",
        "a repository that replication needs does not exist",
        "Replication of a repository needs namespace and repository on both sides.",
        "Declare it under `repositories` of the instance.",
        "service documentation, replication by repository",
    ),
    Rule(
        "R-NS-3",
        "the target's namespace does not create repositories",
        "Replication by namespace creates repositories at the target as images arrive, which needs `auto_create`.",
        "Set `auto_create: true` on the target's namespace, or declare its repositories.",
        "service documentation, replication by namespace",
    ),
    Rule(
        "R-NS-4",
        "the target neither has nor creates repositories that are replicated",
        "The source has these repositories, the target has not, and its namespace does not create any as images "
        "arrive: every push to them fails to be replicated.",
        "Set `auto_create: true` on the target's namespace, or declare the repositories at the target.",
        "service documentation, replication by namespace",
    ),
)

_SHOWN = 5
"""Names in a message; the rest is counted."""


def check_declared(desired: Desired) -> Iterator[Diagnostic]:
    """What the declarations alone say: a target's namespace that is declared not to create repositories."""
    for rule in desired.replications:
        if rule.level is not Level.REPOSITORY:
            for namespace in desired.namespaces:
                if namespace.auto_create is False and _arrives_in(rule, namespace):
                    yield _closed(rule, namespace.name, desired)


def check_pair(
    rule: ReplicationRule,
    desired: Desired,
    instances: Mapping[str, LiveInstance],
    unread: Set[tuple[str, str]] = frozenset(),
) -> Iterator[Diagnostic]:
    """What is missing on the two sides, neither live nor declared (imports' namespaces included). A side that is not in
    `instances` cannot be looked at. What is missing in one of `unread`, instance keys with a namespace each, may come
    with an import whose source could not be read: that is no error yet."""
    source, target = instances.get(rule.source), instances.get(rule.target)
    yield from _missing(rule, desired, instances, unread)
    if rule.level is Level.REPOSITORY or target is None:
        return
    for name in sorted(_namespaces(rule.target, desired, target)):
        if holds_namespace(rule, name) and not _creates_repositories(rule.target, name, desired, target):
            lacking = _lacking(rule, name, desired, source, target)
            yield _lost(rule, name, lacking) if lacking else _closed(rule, name, desired)


def awaits_import(
    rule: ReplicationRule, desired: Desired, instances: Mapping[str, LiveInstance], unread: Set[tuple[str, str]]
) -> bool:
    """Whether the rule cannot be made as long as an import's source is not read."""
    return bool(unread) and any(
        found.severity is Severity.WARNING for found in _missing(rule, desired, instances, unread)
    )


def _missing(
    rule: ReplicationRule,
    desired: Desired,
    instances: Mapping[str, LiveInstance],
    unread: Set[tuple[str, str]],
) -> Iterator[Diagnostic]:
    names = tuple(_named(rule, desired, instances.get(rule.source)))
    for key in (rule.source, rule.target):
        if key in instances:
            yield from _missing_on(rule, key, desired, instances[key], names, unread)


def _named(rule: ReplicationRule, desired: Desired, source: LiveInstance | None) -> Iterable[str]:
    """The namespaces that have to be on both sides."""
    if rule.level is not Level.INSTANCE:
        return (rule.namespace,)
    if source is None:
        return ()
    return sorted(name for name in _namespaces(rule.source, desired, source) if holds_namespace(rule, name))


def _missing_on(
    rule: ReplicationRule,
    key: str,
    desired: Desired,
    live: LiveInstance,
    names: Iterable[str],
    unread: Set[tuple[str, str]],
) -> Iterator[Diagnostic]:
    there = _namespaces(key, desired, live)
    for name in names:
        unknown = (key, name) in unread
        if name not in there:
            yield _lacks(rule, key, "R-NS-1", f"namespace `{name}`", f"namespaces.{name}", unknown=unknown)
        elif rule.repository is not None:
            path = f"{name}/{rule.repository}"
            if path not in _repositories(key, desired, live):
                yield _lacks(rule, key, "R-NS-2", f"repository `{path}`", f"repositories.{path}", unknown=unknown)


def _namespaces(key: str, desired: Desired, live: LiveInstance) -> frozenset[str]:
    return frozenset(n.name for n in live.namespaces) | {n.name for n in desired.namespaces if n.instance == key}


def _repositories(key: str, desired: Desired, live: LiveInstance) -> frozenset[str]:
    return frozenset(r.name for r in live.repositories) | {r.name for r in desired.repositories if r.instance == key}


def _lacking(
    rule: ReplicationRule, namespace: str, desired: Desired, source: LiveInstance | None, target: LiveInstance
) -> list[str]:
    there = _repositories(rule.target, desired, target)
    at_source = _repositories(rule.source, desired, source) if source is not None else ()
    return sorted(
        name for name in at_source if name.split("/", 1)[0] == namespace and in_scope(rule, name) and name not in there
    )


def _creates_repositories(key: str, name: str, desired: Desired, live: LiveInstance) -> bool:
    declared = next((n.auto_create for n in desired.namespaces if (n.instance, n.name) == (key, name)), None)
    there = live.namespace(name)
    return declared if declared is not None else there is None or there.auto_create


def _arrives_in(rule: ReplicationRule, namespace: Namespace) -> bool:
    return namespace.instance == rule.target and holds_namespace(rule, namespace.name)


def _closed(rule: ReplicationRule, namespace: str, desired: Desired) -> Diagnostic:
    declared = (n for n in desired.namespaces if n.name == namespace and _arrives_in(rule, n))
    places = [n.places.at("auto_create") for n in declared if n.auto_create is False]
    return Diagnostic(
        "R-NS-3",
        Severity.WARNING,
        f"namespace `{namespace}` of `{rule.target}` does not create repositories as images arrive",
        hint="set `auto_create: true` on it, or declare every repository",
        span=rule.places.at("target"),
        address=str(rule.address),
        related=tuple(Related(place, "declared here") for place in places),
    )


def _lost(rule: ReplicationRule, namespace: str, repositories: list[str]) -> Diagnostic:
    lost = enumerated([f"`{name}`" for name in repositories], _SHOWN)
    return Diagnostic(
        "R-NS-4",
        Severity.ERROR,
        f"`{rule.target}` neither has nor creates {lost}, which are replicated to it",
        hint=f"set `auto_create: true` on `instances.{rule.target}.namespaces.{namespace}`, or declare them there",
        span=rule.places.at("target"),
        address=str(rule.address),
    )


def _lacks(rule: ReplicationRule, key: str, rule_id: str, what: str, where: str, *, unknown: bool) -> Diagnostic:
    return Diagnostic(
        rule_id,
        Severity.WARNING if unknown else Severity.ERROR,
        f"`{key}` has no {what}, which replication needs on both sides",
        detail="an import may bring it, and its source could not be read; a new rule waits for it" if unknown else "",
        hint=f"declare it: `instances.{key}.{where}`",
        span=rule.places.at("source" if key == rule.source else "target"),
        address=str(rule.address),
    )
