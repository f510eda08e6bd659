from __future__ import annotations

from dataclasses import replace

from reconciler.core.pairing import check_declared, check_pair
from reconciler.model.diagnostic import Diagnostic, Severity
from reconciler.model.live import LiveInstance
from reconciler.model.spec import Desired, Level, Namespace, ReplicationRule, Repository
from tests.unit.core.scene import at, live_instance, live_namespace, repository, rule, rule_ids

WHOLE = rule("r", "hub", "eu")
ONE = rule("r", "hub", "eu", "apps", "web")
WIDE = replace(rule("r", "hub", "eu", ""), level=Level.INSTANCE)
HUB = live_instance("hub", repository("apps/web"), namespaces=[live_namespace()])
EMPTY = live_instance("eu")
OPEN = live_instance("eu", namespaces=[live_namespace()])
CLOSED = live_instance("eu", namespaces=[live_namespace(auto_create=False)])


def _check(
    replication: ReplicationRule,
    target: LiveInstance,
    *,
    source: LiveInstance = HUB,
    desired: Desired | None = None,
) -> list[Diagnostic]:
    return list(check_pair(replication, desired or Desired(), {"hub": source, "eu": target}))


def test_a_namespace_that_is_neither_live_nor_declared_is_an_error_with_the_fix() -> None:
    (found,) = _check(WHOLE, EMPTY)
    assert (found.rule, found.severity) == ("R-NS-1", Severity.ERROR)
    assert found.hint == "declare it: `instances.eu.namespaces.apps`"
    both = _check(WHOLE, EMPTY, source=live_instance("hub"))
    assert [d.hint for d in both] == [
        "declare it: `instances.hub.namespaces.apps`",
        "declare it: `instances.eu.namespaces.apps`",
    ]


def test_a_live_or_a_declared_namespace_is_enough() -> None:
    assert _check(WHOLE, OPEN) == []
    assert _check(WHOLE, EMPTY, desired=Desired(namespaces=(Namespace("eu", "apps"),))) == []
    assert rule_ids(_check(WHOLE, EMPTY, desired=Desired(namespaces=(Namespace("hub", "apps"),)))) == ["R-NS-1"]


def test_a_rule_of_one_repository_needs_that_too() -> None:
    (found,) = _check(ONE, OPEN)
    assert (found.rule, found.hint) == ("R-NS-2", "declare it: `instances.eu.repositories.apps/web`")
    assert _check(ONE, live_instance("eu", repository("apps/web"), namespaces=[live_namespace()])) == []
    assert _check(ONE, OPEN, desired=Desired(repositories=(Repository("eu", "apps/web"),))) == []


def test_a_target_that_neither_has_nor_creates_a_repository_is_an_error() -> None:
    (found,) = _check(WHOLE, CLOSED)
    assert (found.rule, found.severity) == ("R-NS-4", Severity.ERROR)
    assert found.summary == "`eu` neither has nor creates `apps/web`, which are replicated to it"
    assert "`instances.eu.namespaces.apps`" in found.hint
    assert rule_ids(_check(replace(WHOLE, repositories="api-.*"), CLOSED)) == ["R-NS-3"]
    many = live_instance("hub", *(repository(f"apps/r{n}") for n in range(7)), namespaces=[live_namespace()])
    (found,) = _check(WHOLE, CLOSED, source=many)
    assert "`apps/r4` and 2 more" in found.summary


def test_a_target_that_creates_nothing_and_has_all_is_warned_of() -> None:
    there = live_instance("eu", repository("apps/web"), namespaces=[live_namespace(auto_create=False)])
    (found,) = _check(WHOLE, there)
    assert (found.rule, found.severity) == ("R-NS-3", Severity.WARNING)
    assert _check(ONE, there) == []
    assert _check(WHOLE, OPEN, source=live_instance("hub", namespaces=[live_namespace(auto_create=False)])) == []


def test_what_is_declared_counts_more_than_what_is_live() -> None:
    opened = Desired(namespaces=(Namespace("eu", "apps", auto_create=True),))
    assert _check(WHOLE, CLOSED, desired=opened) == []
    shut = Desired(
        namespaces=(Namespace("eu", "apps", auto_create=False),), repositories=(Repository("eu", "apps/web"),)
    )
    assert rule_ids(_check(WHOLE, OPEN, desired=shut)) == ["R-NS-3"]


def test_a_rule_of_a_whole_instance_needs_the_namespaces_that_it_covers() -> None:
    hub = live_instance("hub", namespaces=[live_namespace("apps"), live_namespace("team-a"), live_namespace("team-b")])
    assert [d.summary.split("`")[3] for d in _check(WIDE, OPEN, source=hub)] == ["team-a", "team-b"]
    narrow = replace(WIDE, namespaces="team-.*")
    team = Desired(namespaces=(Namespace("eu", "team-a"), Namespace("eu", "team-b", auto_create=False)))
    assert rule_ids(_check(narrow, EMPTY, source=hub, desired=team)) == ["R-NS-3"]


def test_a_side_that_cannot_be_looked_at_is_not_judged() -> None:
    assert list(check_pair(WHOLE, Desired(), {})) == []
    assert rule_ids(check_pair(WHOLE, Desired(), {"eu": CLOSED})) == ["R-NS-3"]


def test_a_namespace_that_is_declared_closed_is_known_offline_with_its_place() -> None:
    closed = Namespace("eu", "apps", auto_create=False, places=at(9, auto_create=10))
    (found,) = check_declared(Desired(namespaces=(closed,), replications=(WHOLE, ONE)))
    assert (found.rule, [r.span.line for r in found.related]) == ("R-NS-3", [10])
    desired = Desired(namespaces=(closed,), replications=(WHOLE,), repositories=(Repository("eu", "apps/web"),))
    assert [found] == _check(WHOLE, CLOSED, desired=desired)  # the plan says it once
    assert (
        list(check_declared(Desired(namespaces=(Namespace("hub", "apps", auto_create=False),), replications=(WHOLE,))))
        == []
    )
