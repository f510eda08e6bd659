from __future__ import annotations

import pytest

from reconciler.core.comparison import Wanted
from reconciler.core.images import wanted
from reconciler.model.drift import ImageState
from reconciler.model.live import Live, LiveTag
from reconciler.model.plan import TransferReason, Via
from reconciler.model.source import PersonalSource
from reconciler.model.spec import Backfill, Desired, ImportRule, ReplicationRule, Trigger
from tests.unit.core.scene import (
    digest,
    instance,
    live_instance,
    live_namespace,
    pair,
    personal_edition,
    repository,
    rule,
    rule_ids,
    tag,
    the,
)

HUB = (
    repository("apps/web", tag("v1", pushed=1), tag("v2", pushed=2), tag("v3", pushed=3)),
    repository("base/os", tag("v1")),
)
EU = (repository("apps/web", tag("v1"), tag("v2", "else")),)


def _wanted(*rules: ReplicationRule) -> Wanted:
    return wanted(*pair(*rules, hub=HUB, eu=EU))


@pytest.mark.parametrize(
    ("backfill", "moved", "told"),
    [
        (Backfill.NONE, [], ["R-REP-2"]),
        (Backfill.MISSING, ["v3"], ["R-REP-1"]),
        (Backfill.ALL, ["v2", "v3"], []),
    ],
)
def test_what_is_moved_and_what_is_told(backfill: Backfill, moved: list[str], told: list[str]) -> None:
    found = _wanted(rule("r", "hub", "eu", backfill=backfill))
    assert [t.target.tag for t in found.transfers] == moved
    assert rule_ids(found.diagnostics) == told
    assert {t.via for t in found.transfers} <= {Via.EXECUTOR}
    assert found.unchanged == 1
    assert [(d.image.tag, d.state) for d in found.drift] == [("v2", ImageState.DIFFERENT), ("v3", ImageState.MISSING)]


def test_the_numbers_in_the_notes() -> None:
    none = _wanted(rule("r", "hub", "eu", backfill=Backfill.NONE))
    assert "2" in the("R-REP-2", none.diagnostics).summary.split()
    missing = _wanted(rule("r", "hub", "eu"))
    assert "1" in the("R-REP-1", missing.diagnostics).summary.split()


def test_transfers_go_from_instance_to_instance_under_the_backfills_address() -> None:
    (transfer,) = _wanted(rule("r", "hub", "eu")).transfers
    assert str(transfer.address) == "replications.r[eu].backfill"
    assert (str(transfer.source), str(transfer.target)) == ("hub.example/apps/web:v3", "eu.example/apps/web:v3")
    assert (transfer.reason, transfer.pushed) == (TransferReason.MISSING, 3)


def test_the_filter_and_the_scope_of_the_rule_hold() -> None:
    assert _wanted(rule("r", "hub", "eu", tags="v1")).transfers == []
    assert _wanted(rule("r", "hub", "eu", "apps", "api")).transfers == []
    assert [t.target.tag for t in _wanted(rule("r", "hub", "eu", "apps", "web")).transfers] == ["v3"]


def test_what_only_the_target_has_is_extra_and_never_moved() -> None:
    eu = (
        repository("apps/gone", tag("old")),
        repository("apps/web", tag("v9"), tag("dev")),
        repository("base/os", tag("x")),
    )
    found = wanted(*pair(rule("r", "hub", "eu", tags="v.*|old"), hub=HUB[:1], eu=eu))
    extra = [d for d in found.drift if d.state is ImageState.EXTRA]
    assert [(d.image.repository, d.image.tag, d.expected, d.actual) for d in extra] == [
        ("apps/gone", "old", None, digest("old")),
        ("apps/web", "v9", None, digest("v9")),
    ]
    assert {t.target.repository for t in found.transfers} == {"apps/web"}


def _with_import(replication: ReplicationRule, *tags: LiveTag, eu: tuple[LiveTag, ...] = ()) -> Wanted:
    """Personal Edition has `tags` in `apps/web`, which an import brings to an empty hub."""
    desired = Desired(
        instances=(instance("eu"), instance("hub")),
        imports=(ImportRule("old", "hub", PersonalSource("cn-hangzhou", ("apps",))),),
        replications=(replication,),
    )
    personal = personal_edition(
        "cn-hangzhou", "personal.example", (live_namespace(),), (repository("apps/web", *tags),)
    )
    target = live_instance("eu", repository("apps/web", *eu))
    return wanted(desired, Live((target, live_instance("hub")), (personal,)))


def _routes(found: Wanted) -> list[tuple[str, str, Via]]:
    return [(t.source.registry.split(".")[0], t.target.tag, t.via) for t in found.transfers]


def test_what_an_import_pushes_is_moved_on_by_the_service() -> None:
    assert _routes(_with_import(rule("r", "hub", "eu"), tag("v1"))) == [
        ("personal", "v1", Via.EXECUTOR),
        ("hub", "v1", Via.RULE),
    ]


def test_the_service_overwrites_and_does_so_whatever_the_backfill_says() -> None:
    found = _with_import(rule("r", "hub", "eu"), tag("v1"), eu=(tag("v1", "else"),))
    assert _routes(found)[1:] == [("hub", "v1", Via.RULE)]
    assert found.diagnostics == []
    none = _with_import(rule("r", "hub", "eu", backfill=Backfill.NONE), tag("v1"))
    assert _routes(none) == [("personal", "v1", Via.EXECUTOR)]
    assert none.diagnostics == []


def test_a_manual_rule_moves_nothing_by_itself() -> None:
    found = _with_import(rule("r", "hub", "eu", trigger=Trigger.MANUAL), tag("v1"))
    assert _routes(found)[1:] == [("hub", "v1", Via.EXECUTOR)]


def test_a_tag_outside_of_the_filter_is_not_replicated() -> None:
    found = _with_import(rule("r", "hub", "eu", tags="v.*"), tag("v1"), tag("dev"))
    assert [route[1] for route in _routes(found) if route[0] == "hub"] == ["v1"]


def test_a_signature_that_the_filter_does_not_match_is_ours_to_move() -> None:
    signature = tag(digest("v1").replace(":", "-") + ".sig")
    filtered = _with_import(rule("r", "hub", "eu", tags="v.*"), tag("v1"), signature)
    assert {t.target.tag: t.via for t in filtered.transfers[2:]} == {"v1": Via.RULE, signature.name: Via.EXECUTOR}
    everything = _with_import(rule("r", "hub", "eu"), tag("v1"), signature)
    assert {t.via for t in everything.transfers[2:]} == {Via.RULE}


def test_without_an_open_endpoint_nothing_can_be_copied() -> None:
    error = the("R-NET-1", wanted(*pair(rule("r", "hub", "eu"), hub=HUB, eu=EU, eu_registry="")).diagnostics)
    assert "`eu`" in error.summary
    assert wanted(*pair(rule("r", "hub", "eu"), hub=EU, eu=EU, eu_registry="")).diagnostics == []
