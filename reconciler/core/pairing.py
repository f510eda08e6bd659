"""What a replication rule needs on its two sides: the namespace, and for one repository also that."""

from __future__ import annotations

from collections.abc import Iterator

from reconciler.model.diagnostic import Diagnostic, Severity
from reconciler.model.live import LiveInstance
from reconciler.model.rulebook import Rule
from reconciler.model.spec import Desired, ReplicationRule

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
)


def check_side(rule: ReplicationRule, key: str, desired: Desired, live: LiveInstance) -> Iterator[Diagnostic]:
    """What is missing on the side of instance `key`, neither live nor declared (imports' namespaces included)."""
    declared = next((n for n in desired.namespaces if (n.instance, n.name) == (key, rule.namespace)), None)
    there = live.namespace(rule.namespace)
    if declared is None and there is None:
        yield _missing(rule, key, "R-NS-1", f"namespace `{rule.namespace}`", f"namespaces.{rule.namespace}")
        return
    if rule.repository is not None:
        name = f"{rule.namespace}/{rule.repository}"
        known = live.repository(name) or any((r.instance, r.name) == (key, name) for r in desired.repositories)
        if not known:
            yield _missing(rule, key, "R-NS-2", f"repository `{name}`", f"repositories.{name}")
    elif key == rule.target and not _creates_repositories(
        declared.auto_create if declared else None, there.auto_create if there else True
    ):
        yield Diagnostic(
            "R-NS-3",
            Severity.WARNING,
            f"namespace `{rule.namespace}` of `{key}` does not create repositories as images arrive",
            hint="set `auto_create: true` on it, or declare every repository",
            span=rule.places.at("target"),
            address=str(rule.address),
        )


def _creates_repositories(declared: bool | None, live: bool) -> bool:
    return live if declared is None else declared


def _missing(rule: ReplicationRule, key: str, rule_id: str, what: str, where: str) -> Diagnostic:
    return Diagnostic(
        rule_id,
        Severity.ERROR,
        f"`{key}` has no {what}, which replication needs on both sides",
        hint=f"declare it: `instances.{key}.{where}`",
        span=rule.places.at("source" if key == rule.source else "target"),
        address=str(rule.address),
    )
