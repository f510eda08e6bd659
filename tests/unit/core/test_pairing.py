from __future__ import annotations

from collections.abc import Iterable

from reconciler.core.pairing import check_side
from reconciler.model.diagnostic import Diagnostic, Severity
from reconciler.model.live import LiveNamespace, LiveRepository
from reconciler.model.spec import Desired, Namespace, ReplicationRule, Repository
from tests.unit.core.scene import live_instance, live_namespace, repository, rule

WHOLE = rule("r", "hub", "eu")
ONE = rule("r", "hub", "eu", "apps", "web")


def _check(
    replication: ReplicationRule,
    key: str,
    *repositories: LiveRepository,
    namespaces: Iterable[LiveNamespace] = (),
    desired: Desired | None = None,
) -> list[Diagnostic]:
    live = live_instance(key, *repositories, namespaces=namespaces)
    return list(check_side(replication, key, desired or Desired(), live))


def test_a_namespace_that_is_neither_live_nor_declared_is_an_error_with_the_fix() -> None:
    (found,) = _check(WHOLE, "eu")
    assert (found.rule, found.severity) == ("R-NS-1", Severity.ERROR)
    assert found.hint == "declare it: `instances.eu.namespaces.apps`"


def test_a_live_or_a_declared_namespace_is_enough() -> None:
    assert _check(WHOLE, "eu", namespaces=[live_namespace()]) == []
    assert _check(WHOLE, "eu", desired=Desired(namespaces=(Namespace("eu", "apps"),))) == []
    assert [d.rule for d in _check(WHOLE, "eu", desired=Desired(namespaces=(Namespace("hub", "apps"),)))] == ["R-NS-1"]


def test_a_rule_of_one_repository_needs_that_too() -> None:
    (found,) = _check(ONE, "hub", namespaces=[live_namespace()])
    assert (found.rule, found.hint) == ("R-NS-2", "declare it: `instances.hub.repositories.apps/web`")
    assert _check(ONE, "hub", repository("apps/web"), namespaces=[live_namespace()]) == []
    declared = Desired(repositories=(Repository("hub", "apps/web"),))
    assert _check(ONE, "hub", namespaces=[live_namespace()], desired=declared) == []


def test_the_targets_namespace_should_create_repositories() -> None:
    closed = [live_namespace(auto_create=False)]
    (found,) = _check(WHOLE, "eu", namespaces=closed)
    assert (found.rule, found.severity) == ("R-NS-3", Severity.WARNING)
    assert _check(WHOLE, "hub", namespaces=closed) == []
    assert _check(ONE, "eu", repository("apps/web"), namespaces=closed) == []


def test_what_is_declared_counts_more_than_what_is_live() -> None:
    opened = Desired(namespaces=(Namespace("eu", "apps", auto_create=True),))
    assert _check(WHOLE, "eu", namespaces=[live_namespace(auto_create=False)], desired=opened) == []
    shut = Desired(namespaces=(Namespace("eu", "apps", auto_create=False),))
    assert [d.rule for d in _check(WHOLE, "eu", namespaces=[live_namespace()], desired=shut)] == ["R-NS-3"]
