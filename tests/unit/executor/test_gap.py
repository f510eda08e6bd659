"""Pushes between the plan's listing and the new rule, which nothing else replicates."""

from __future__ import annotations

from dataclasses import replace

import pytest

from reconciler.acr.errors import AccessDenied
from reconciler.model.live import Cause, Live, LiveTag, Unreadable
from reconciler.model.plan import Action
from reconciler.model.report import ImageResult, Report
from reconciler.model.spec import Backfill, Desired, ReplicationRule, Trigger
from tests.unit.core.scene import live_instance, live_rule, repository, rule, tag
from tests.unit.executor.tasks import REPOSITORY, TaskAccount
from tests.unit.executor.workshop import INSTANCES, Workshop, change

BEFORE = tag("v1", pushed=100)


def _replacement(
    declared: ReplicationRule, *pushed: LiveTag, action: Action = Action.REPLACE, eu: tuple[LiveTag, ...] = (BEFORE,)
) -> tuple[TaskAccount, Report]:
    """The plan saw `v1` on both sides; `pushed` came to the hub before the new rule, which is from 500."""
    account = TaskAccount()
    old = live_rule("crsr-old", "r", "hub", "eu", priority=1)
    home = repository(REPOSITORY, BEFORE)
    live = Live((live_instance("eu", home), live_instance("hub", home)))
    account.shelves["cri-hub"].rules = {"crsr-old": old} if action is Action.REPLACE else {}
    account.tags["cri-hub"] = {found.name: found for found in (BEFORE, *pushed)}
    account.tags["cri-eu"] = {found.name: found for found in eu}
    account.rules_created = 500
    workshop = Workshop(account, live)
    desired = Desired(instances=INSTANCES, replications=(declared,))
    step = change(declared.address, action, live_id="crsr-old")
    return account, workshop.run(desired, step)


def test_what_is_pushed_while_a_rule_is_replaced_is_copied() -> None:
    account, report = _replacement(rule("r", "hub", "eu"), tag("v2", pushed=400))
    assert account.creations == ["v2"]
    assert [(o.target.tag, o.result) for o in report.images] == [("v2", ImageResult.IMPORTED)]
    assert not report.failed


def test_a_tag_that_moved_in_the_gap_moves_at_the_target() -> None:
    account, _ = _replacement(rule("r", "hub", "eu", backfill=Backfill.NONE), tag("v1", "new", pushed=400))
    assert account.creations == ["v1 over"]


@pytest.mark.parametrize(
    ("declared", "pushed"),
    [
        (rule("r", "hub", "eu"), tag("v2", pushed=501)),
        (rule("r", "hub", "eu", tags="release.*"), tag("v2", pushed=400)),
        (rule("r", "hub", "eu", trigger=Trigger.MANUAL), tag("v2", pushed=400)),
        (rule("r", "hub", "eu", "base"), tag("v2", pushed=400)),
    ],
    ids=["the new rule's own", "not matched", "manual", "elsewhere"],
)
def test_what_is_no_gap_is_left_alone(declared: ReplicationRule, pushed: LiveTag) -> None:
    account, report = _replacement(declared, pushed)
    assert account.creations == []
    assert report.images == ()


def test_what_the_old_rule_still_brought_is_there() -> None:
    fresh = tag("v2", pushed=400)
    account, report = _replacement(rule("r", "hub", "eu"), fresh, eu=(BEFORE, fresh))
    assert account.creations == []
    assert report.images == ()


@pytest.mark.parametrize(
    ("backfill", "created"), [(Backfill.NONE, []), (Backfill.MISSING, ["v2"]), (Backfill.ALL, ["v1 over", "v2"])]
)
def test_a_new_rule_begins_with_what_its_backfill_says(backfill: Backfill, created: list[str]) -> None:
    pushed = (tag("v1", "new", pushed=300), tag("v2", pushed=400))
    account, _ = _replacement(rule("r", "hub", "eu", backfill=backfill), *pushed, action=Action.CREATE)
    assert account.creations == created


@pytest.mark.parametrize("side", ["hub", "eu"])
def test_what_the_plan_could_not_list_is_not_taken_for_new(side: str) -> None:
    account = TaskAccount()
    closed = replace(repository(REPOSITORY), tags=None, unreadable=Unreadable(Cause.DENIED, "NoPermission"))
    ends = {key: closed if key == side else repository(REPOSITORY, BEFORE) for key in ("eu", "hub")}
    live = Live(tuple(live_instance(key, ends[key]) for key in ends))
    account.shelves["cri-hub"].rules = {"crsr-old": live_rule("crsr-old", "r", "hub", "eu", priority=1)}
    account.tags["cri-hub"] = {found.name: found for found in (BEFORE, tag("v2", pushed=400))}
    account.rules_created = 500
    declared = rule("r", "hub", "eu", backfill=Backfill.ALL)
    desired = Desired(instances=INSTANCES, replications=(declared,))
    report = Workshop(account, live).run(desired, change(declared.address, Action.REPLACE, live_id="crsr-old"))
    assert (account.creations, report.images, report.failed) == ([], (), False)


def test_a_gap_that_cannot_be_looked_into_is_told() -> None:
    declared = rule("r", "hub", "eu")
    account = TaskAccount()
    account.unreadable = AccessDenied("ListRepoTag", "NoPermission", "", request_id="", status=403)
    report = Workshop(account).run(Desired(instances=INSTANCES, replications=(declared,)), change(declared.address))
    assert report.failed
    (problem,) = [step.reason for step in report.steps if step.reason]
    assert problem.startswith("what was pushed while rules were made could not be looked for")
