from __future__ import annotations

from dataclasses import replace

import pytest

from reconciler.core.comparison import Wanted
from reconciler.core.images import wanted
from reconciler.core.routing import latest
from reconciler.model.drift import Cause, ImageState
from reconciler.model.live import Live, LiveRepository, LiveTag
from reconciler.model.plan import TransferReason, Via
from reconciler.model.source import PersonalSource
from reconciler.model.spec import (
    Backfill,
    BackfillPolicy,
    BackfillRoute,
    Desired,
    ImportRule,
    ReplicationRule,
    Settings,
    Trigger,
)
from reconciler.model.sync_task import TaskStatus
from tests.unit.core.scene import (
    digest,
    instance,
    live_instance,
    live_namespace,
    live_rule,
    live_task,
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
    assert {t.via for t in found.transfers} <= {Via.TASK}
    assert found.unchanged == 1
    left = backfill is Backfill.NONE
    assert [(d.image.tag, d.state) for d in found.drift] == [
        ("v2", ImageState.LEFT if left else ImageState.DIFFERENT),
        ("v3", ImageState.LEFT if left else ImageState.MISSING),
    ]


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
    assert _routes(found)[1:] == [("hub", "v1", Via.TASK)]


def test_a_tag_outside_of_the_filter_is_not_replicated() -> None:
    found = _with_import(rule("r", "hub", "eu", tags="v.*"), tag("v1"), tag("dev"))
    assert [route[1] for route in _routes(found) if route[0] == "hub"] == ["v1"]


def test_a_signature_that_the_filter_does_not_match_is_ours_to_move() -> None:
    signature = tag(digest("v1").replace(":", "-") + ".sig")
    filtered = _with_import(rule("r", "hub", "eu", tags="v.*"), tag("v1"), signature)
    assert {t.target.tag: t.via for t in filtered.transfers[2:]} == {"v1": Via.RULE, signature.name: Via.TASK}
    everything = _with_import(rule("r", "hub", "eu"), tag("v1"), signature)
    assert {t.via for t in everything.transfers[2:]} == {Via.RULE}


def _ruled(
    policy: BackfillPolicy,
    hub: tuple[LiveRepository, ...] = HUB,
    eu: tuple[LiveRepository, ...] = EU,
    eu_registry: str = "eu.example",
) -> Wanted:
    desired, live = pair(rule("r", "hub", "eu"), hub=hub, eu=eu, eu_registry=eu_registry)
    return wanted(replace(desired, settings=Settings(backfill=policy)), live)


def test_without_an_open_endpoint_the_transfer_copies_nothing_and_tasks_do() -> None:
    transfer = BackfillPolicy(BackfillRoute.EXECUTOR)
    error = the("R-NET-1", _ruled(transfer, eu_registry="").diagnostics)
    assert "`eu`" in error.summary
    assert _ruled(transfer, hub=EU, eu_registry="").diagnostics == []
    by_tasks = _ruled(BackfillPolicy(max_tasks=0), eu_registry="")
    assert [(t.via, str(t.target)) for t in by_tasks.transfers] == [(Via.TASK, "cri-eu/apps/web:v3")]
    assert "R-NET-1" not in rule_ids(by_tasks.diagnostics)


@pytest.mark.parametrize(
    ("policy", "via", "setting"),
    [
        (BackfillPolicy(), Via.TASK, "max_tasks"),
        (BackfillPolicy(max_tasks=1), Via.TASK, "max_tasks"),
        (BackfillPolicy(max_tasks=0), Via.EXECUTOR, "max_tasks"),
        (BackfillPolicy(max_bytes=10), Via.TASK, "max_bytes"),
        (BackfillPolicy(max_bytes=9), Via.EXECUTOR, "max_bytes"),
        (BackfillPolicy(BackfillRoute.TASKS, max_tasks=0), Via.TASK, "via: tasks"),
        (BackfillPolicy(BackfillRoute.EXECUTOR), Via.EXECUTOR, "via: executor"),
    ],
)
def test_the_way_of_a_backfill_and_the_setting_that_decided(policy: BackfillPolicy, via: Via, setting: str) -> None:
    found = _ruled(policy)
    assert [t.via for t in found.transfers] == [via]
    (why,) = found.routes.values()
    assert setting in why


def test_what_is_on_its_way_is_waited_for_whatever_way_the_rest_goes() -> None:
    desired, live = pair(rule("r", "hub", "eu"), hub=HUB, eu=EU)
    desired = replace(desired, settings=Settings(backfill=BackfillPolicy(BackfillRoute.EXECUTOR)))
    live = replace(live, tasks=(live_task("hub", "eu", "apps/web:v2"),))
    found = wanted(desired, live)
    assert [(t.target.tag, t.via) for t in found.transfers] == [("v2", Via.TASK), ("v3", Via.EXECUTOR)]
    assert list(found.on_the_way.values()) == [1]
    assert rule_ids(found.diagnostics) == []


def test_what_is_on_its_way_is_nothing_to_plan_without_a_backfill() -> None:
    desired, live = pair(rule("r", "hub", "eu", backfill=Backfill.NONE), hub=HUB[:1], eu=(repository("apps/web"),))
    moving = replace(live, tasks=tuple(live_task("hub", "eu", f"apps/web:v{n}", name=f"rst-{n}") for n in (1, 2)))
    found = wanted(desired, moving)
    assert found.transfers == []
    assert "1" in the("R-REP-2", found.diagnostics).summary.split()


OLD, YOUNG = 100, 300
"""Before and after the rule, which is from 200."""


@pytest.mark.parametrize(
    ("backfill", "pushed", "task", "state", "cause"),
    [
        (Backfill.MISSING, OLD, None, ImageState.MISSING, Cause.OLDER_THAN_RULE),
        (Backfill.NONE, OLD, None, ImageState.LEFT, Cause.OLDER_THAN_RULE),
        (Backfill.NONE, YOUNG, None, ImageState.MISSING, Cause.NO_TASK),
        (Backfill.NONE, YOUNG, (TaskStatus.ERROR, 400), ImageState.MISSING, Cause.TASK_FAILED),
        (Backfill.NONE, YOUNG, (TaskStatus.SUCCESS, 400), ImageState.MISSING, Cause.CHANGED_AT_TARGET),
        (Backfill.NONE, YOUNG, (TaskStatus.SUCCESS, 250), ImageState.MISSING, Cause.NO_TASK),
        (Backfill.NONE, OLD, (TaskStatus.PENDING, 50), ImageState.IN_FLIGHT, Cause.UNKNOWN),
    ],
)
def test_why_an_image_is_not_there(
    backfill: Backfill, pushed: int, task: tuple[TaskStatus, int] | None, state: ImageState, cause: Cause
) -> None:
    hub = (repository("apps/web", tag("v1", pushed=pushed)),)
    rules = [live_rule("1", "r", "hub", "eu", created=200)]
    desired, live = pair(rule("r", "hub", "eu", backfill=backfill), hub=hub, eu=(), live_rules=rules)
    tasks = () if task is None else (live_task("hub", "eu", "apps/web:v1", task[0], "NETWORK_ERROR", time=task[1]),)
    (image,) = wanted(desired, replace(live, tasks=tasks)).drift
    assert (image.state, image.cause) == (state, cause)


def test_a_running_task_counts_before_a_newer_one_that_ended() -> None:
    tasks = (
        live_task("hub", "eu", "apps/web:v1", TaskStatus.PENDING, name="old", time=1),
        live_task("hub", "eu", "apps/web:v1", TaskStatus.ERROR, name="new", time=2),
        live_task("hub", "us", "apps/web:v1", TaskStatus.SUCCESS, name="elsewhere", time=3),
    )
    found = {key.target: task.id for key, task in latest(tasks).items()}
    assert found == {"cri-eu": "old", "cri-us": "elsewhere"}
