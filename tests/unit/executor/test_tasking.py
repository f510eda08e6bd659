from __future__ import annotations

import threading

import pytest

from reconciler.acr.errors import AccessDenied, ApiError, Throttled
from reconciler.executor.moving import Mover
from reconciler.executor.tasking import IN_FLIGHT, TRIES, Tasks
from reconciler.model.image import ImageName
from reconciler.model.live import LiveTag
from reconciler.model.plan import Transfer, TransferReason, Via
from reconciler.model.report import ImageOutcome, ImageResult
from reconciler.model.spec import Desired
from reconciler.model.sync_task import TaskStatus
from reconciler.transfer.journal import Journal
from tests.unit.core.scene import digest, rule, tag
from tests.unit.executor.account import Fault, lost, refused
from tests.unit.executor.tasks import DONE, NETWORK, REPOSITORY, WORKING, TaskAccount
from tests.unit.executor.workshop import INSTANCES, LIVE, Workshop, closed

RULE = rule("r", "hub", "eu", priority=5)
DESIRED = Desired(instances=INSTANCES, replications=(RULE,))


def _transfer(name: str, reason: TransferReason = TransferReason.MISSING) -> Transfer:
    source, target = (ImageName(f"{key}.example", REPOSITORY, name) for key in ("hub", "eu"))
    return Transfer(RULE.backfill_address, source, target, digest(name), reason, Via.TASK)


def _account(*names: str) -> TaskAccount:
    account = TaskAccount()
    account.tags["cri-hub"] = {name: tag(name) for name in names}
    return account


def _run(
    account: TaskAccount, *transfers: Transfer, stop: threading.Event | None = None, limit: float = 50.0
) -> dict[str, ImageOutcome]:
    workshop = Workshop(account, stop=stop or threading.Event(), limit=limit)
    carrier = Mover(LIVE, closed, Journal(), lambda _: None, 1, threading.Event(), threading.Event())
    tasks = Tasks(workshop.bench(DESIRED), carrier)
    tasks.start(transfers)
    tasks.finish()
    return {outcome.target.tag: outcome for outcome in carrier.outcomes.values()}


def test_each_image_gets_one_task_and_arrives() -> None:
    account = _account("v1", "v2")
    account.tags["cri-eu"]["v2"] = tag("v2", "else")
    found = _run(account, _transfer("v1"), _transfer("v2", TransferReason.DIFFERENT))
    assert {name: o.result for name, o in found.items()} == {"v1": ImageResult.IMPORTED, "v2": ImageResult.IMPORTED}
    assert account.creations == ["v1", "v2 over"]
    assert {(o.via, o.bytes_moved) for o in found.values()} == {(Via.TASK, 0)}


def test_what_is_on_its_way_gets_no_second_task() -> None:
    account = _account("v1")
    account.begin("v1", [WORKING, WORKING, DONE])
    assert _run(account, _transfer("v1"))["v1"].result is ImageResult.IMPORTED
    assert account.creations == []


def test_what_arrived_since_the_plan_needs_nothing() -> None:
    account = _account("v1")
    account.begin("v1", [DONE])
    assert _run(account, _transfer("v1"))["v1"].result is ImageResult.SKIPPED
    assert account.creations == []


def test_a_task_for_an_older_image_is_followed_by_one_of_our_own() -> None:
    account = _account("v1")
    account.begin("v1", [WORKING, DONE])
    account.tags["cri-eu"]["v1"] = tag("v1", "before")
    account.delivers = False
    account.before = lambda _: setattr(account, "delivers", True)
    found = _run(account, _transfer("v1", TransferReason.DIFFERENT))
    assert account.creations == ["v1 over"]
    assert found["v1"].result is ImageResult.IMPORTED


def test_a_network_fault_is_tried_again() -> None:
    account = _account("v1")
    account.scripts["v1"] = [[WORKING, NETWORK], [NETWORK]]
    assert _run(account, _transfer("v1"))["v1"].result is ImageResult.IMPORTED
    assert len(account.creations) == 3


def test_a_network_fault_that_stays_fails_with_the_services_words() -> None:
    account = _account("v1", "v2")
    account.scripts["v1"] = [[NETWORK] for _ in range(9)]
    found = _run(account, _transfer("v1"), _transfer("v2"))
    assert found["v2"].result is ImageResult.IMPORTED
    assert (found["v1"].result, found["v1"].retryable) == (ImageResult.FAILED, True)
    assert found["v1"].reason.endswith("failed (3 tries): NETWORK_ERROR")
    assert account.creations.count("v1") == TRIES


@pytest.mark.parametrize(
    ("status", "issue", "reason", "retryable"),
    [
        (TaskStatus.ERROR, "TAG_IMMUTABLE", "TAG_IMMUTABLE", False),
        (TaskStatus.ERROR, "", "the service gives no reason", False),
        (TaskStatus.CANCELED, "", "canceled", True),
    ],
)
def test_what_no_second_try_would_change_is_not_tried_again(
    status: TaskStatus, issue: str, reason: str, retryable: bool
) -> None:
    account = _account("v1")
    account.scripts["v1"] = [[WORKING, (status, issue)]]
    outcome = _run(account, _transfer("v1"))["v1"]
    assert reason in outcome.reason
    assert outcome.retryable is retryable
    assert account.creations == ["v1"]


def test_a_lost_answer_makes_no_second_task() -> None:
    account = _account("v1")
    account.scripts["v1"] = [[WORKING, WORKING, DONE]]
    account.faults["create task v1"] = Fault(lost(), happened=True)
    assert _run(account, _transfer("v1"))["v1"].result is ImageResult.IMPORTED
    assert account.creations == ["v1"]


def test_a_call_that_was_lost_is_made_again_once_no_task_is_seen() -> None:
    account = _account("v1")
    account.faults["create task v1"] = Fault(lost())
    assert _run(account, _transfer("v1"))["v1"].result is ImageResult.IMPORTED
    assert account.creations == ["v1", "v1"]


def test_a_call_that_never_left_fails_its_image_alone() -> None:
    account = _account("v1", "v2")
    account.faults["create task v1"] = Fault(lost(sent=False))
    found = _run(account, _transfer("v1"), _transfer("v2"))
    assert (found["v1"].result, found["v1"].retryable) == (ImageResult.FAILED, True)
    assert found["v2"].result is ImageResult.IMPORTED


@pytest.mark.parametrize(
    ("error", "retryable"),
    [(refused(), False), (Throttled("Call", "Throttling", "", request_id="", status=429), True)],
)
def test_a_refusal_fails_its_image_alone(error: ApiError, retryable: bool) -> None:
    account = _account("v1", "v2")
    account.faults["create task v1"] = Fault(error)
    found = _run(account, _transfer("v1"), _transfer("v2"))
    assert (found["v1"].result, found["v1"].retryable) == (ImageResult.FAILED, retryable)
    assert found["v2"].result is ImageResult.IMPORTED


def test_without_the_permission_nothing_more_is_tried() -> None:
    account = _account("v1", "v2")
    denied = AccessDenied("Call", "NoPermission", "", request_id="", status=403)
    account.faults["create task v1"] = Fault(denied)
    with pytest.raises(AccessDenied):
        _run(account, _transfer("v1"), _transfer("v2"))
    assert account.creations == ["v1"]


@pytest.mark.parametrize("now", [{}, {"v1": tag("v1", "else")}])
def test_a_tag_that_moved_or_went_since_the_plan_is_not_copied(now: dict[str, LiveTag]) -> None:
    account = _account()
    account.tags["cri-hub"] = now
    outcome = _run(account, _transfer("v1"))["v1"]
    assert outcome.reason == "the tag moved at the source since the plan was made"
    assert outcome.retryable
    assert account.creations == []


def test_a_success_that_left_something_else_at_the_target_is_none() -> None:
    account = _account("v1")
    account.tags["cri-eu"]["v1"] = tag("v1", "else")
    account.delivers = False
    outcome = _run(account, _transfer("v1", TransferReason.DIFFERENT))["v1"]
    assert digest("else") in outcome.reason
    assert outcome.retryable


def test_a_success_without_an_image_is_none() -> None:
    account = _account("v1")
    account.delivers = False
    outcome = _run(account, _transfer("v1"))["v1"]
    assert "not reached within" in outcome.reason


def test_patience_ends_for_tasks_that_do_not_move() -> None:
    account = _account("v1")
    account.scripts["v1"] = [[WORKING]]
    outcome = _run(account, _transfer("v1"), limit=9)["v1"]
    assert "not reached within 9 s" in outcome.reason
    assert outcome.retryable


def test_no_more_tasks_are_watched_at_once_than_one_can_look_at() -> None:
    names = [f"v{number}" for number in range(IN_FLIGHT * 2 + 3)]
    account = _account(*names)
    account.scripts = {name: [[WORKING, WORKING, DONE]] for name in names}
    found = _run(account, *(_transfer(name) for name in names), limit=1000)
    assert {outcome.result for outcome in found.values()} == {ImageResult.IMPORTED}
    assert account.most_running == IN_FLIGHT


def test_a_run_that_is_stopped_makes_no_more_tasks() -> None:
    names = [f"v{number}" for number in range(IN_FLIGHT + 2)]
    account = _account(*names)
    account.scripts = {name: [[WORKING]] for name in names}
    stop = threading.Event()
    account.before = lambda _: stop.set()
    found = _run(account, *(_transfer(name) for name in names), stop=stop)
    assert len(account.creations) == 1
    assert all(outcome.retryable for outcome in found.values())
    assert len(found) == len(names)
