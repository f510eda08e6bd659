from __future__ import annotations

import threading
from dataclasses import replace

import pytest

from reconciler.executor.events import StepEnded, StepStarted, Waiting
from reconciler.model import address
from reconciler.model.address import Address
from reconciler.model.image import ImageName
from reconciler.model.plan import Action, Transfer, TransferReason, Unmovable, Via
from reconciler.model.report import ImageResult, Verdict
from reconciler.model.spec import Desired, Namespace, Repository, VpcBinding
from tests.unit.core.scene import contents_of, digest, live_namespace, repository, tag
from tests.unit.executor.account import Fault, lost, refused
from tests.unit.executor.workshop import INSTANCES, Workshop, change, plan_of, reasons, results

NAMES = ("apps", "base", "tools")
DESIRED = Desired(
    instances=INSTANCES,
    namespaces=tuple(Namespace("hub", name) for name in NAMES),
    repositories=tuple(Repository("hub", f"{name}/web") for name in NAMES),
    vpcs=(VpcBinding("main", "hub", "vpc-1", "vsw-1"),),
)
APPS, BASE, TOOLS = (address.namespace("hub", name) for name in NAMES)


def _inside(namespace: Address) -> Address:
    return address.repository("hub", f"{namespace.parts[1]}/web")


def test_steps_are_taken_in_the_order_of_their_dependencies() -> None:
    workshop = Workshop()
    report = workshop.run(
        DESIRED, change(_inside(APPS), Action.CREATE, APPS, BASE), change(BASE, Action.CREATE, APPS), change(APPS)
    )
    assert workshop.account.calls == ["create namespace apps", "create namespace base", "create repository apps/web"]
    assert set(results(report).values()) == {"done"}
    assert (report.failed, report.anything_done) == (False, True)


def test_the_report_is_in_the_order_of_the_plan_and_every_step_is_told() -> None:
    workshop = Workshop()
    report = workshop.run(DESIRED, change(APPS), change(BASE), change(TOOLS))
    assert [outcome.address for outcome in report.steps] == [APPS, BASE, TOOLS]
    told = [type(event) for event in workshop.events]
    assert (told.count(StepStarted), told.count(StepEnded)) == (3, 3)


def test_steps_that_do_not_wait_for_each_other_run_at_the_same_time() -> None:
    workshop = Workshop()
    meeting = threading.Barrier(3, timeout=30)

    def meet(_: str) -> None:
        meeting.wait()

    workshop.account.before = meet
    report = workshop.run(DESIRED, change(APPS), change(BASE), change(TOOLS))
    assert set(results(report).values()) == {"done"}


def test_no_more_steps_than_allowed_run_at_the_same_time() -> None:
    workshop = Workshop()
    running, most = [0], [0]
    lock = threading.Lock()

    def enter(_: str) -> None:
        with lock:
            running[0] += 1
            most[0] = max(most[0], running[0])
        threading.Event().wait(0.01)
        with lock:
            running[0] -= 1

    workshop.account.before = enter
    workshop.run(DESIRED, *(change(node) for node in (APPS, BASE, TOOLS)), parallelism=1)
    assert most == [1]


def test_a_failure_blocks_what_depends_on_it_and_nothing_else() -> None:
    workshop = Workshop()
    workshop.account.faults["create namespace apps"] = Fault(refused())
    report = workshop.run(
        DESIRED,
        change(APPS),
        change(BASE),
        change(_inside(APPS), Action.CREATE, APPS),
        change(_inside(BASE), Action.CREATE, BASE),
        change(TOOLS, Action.CREATE, _inside(APPS)),
    )
    assert results(report) == {
        str(APPS): "failed",
        str(BASE): "done",
        str(_inside(APPS)): "blocked",
        str(_inside(BASE)): "done",
        str(TOOLS): "blocked",
    }
    assert "PARAMETER_ERROR" in reasons(report)[str(APPS)]
    assert reasons(report)[str(TOOLS)] == f"waits for {APPS}"
    assert "create repository apps/web" not in workshop.account.calls
    assert (report.failed, report.anything_done) == (True, True)


def test_a_stop_lets_what_runs_finish_and_starts_nothing_more() -> None:
    workshop = Workshop()
    workshop.account.before = lambda _: workshop.stop.set()
    report = workshop.run(DESIRED, change(APPS), change(_inside(APPS), Action.CREATE, APPS))
    assert results(report) == {str(APPS): "done", str(_inside(APPS)): "blocked"}
    assert reasons(report)[str(_inside(APPS))] == "the run was stopped"
    assert workshop.account.calls == ["create namespace apps"]


def test_a_stop_ends_the_waiting_for_the_service() -> None:
    workshop = Workshop(limit=1e9)
    workshop.account.links = [("CREATING", "")]
    workshop.account.before = lambda _: workshop.stop.set()
    report = workshop.run(DESIRED, change(address.vpc("main")))
    assert results(report) == {"vpcs.main": "failed"}
    assert "stopped while waiting" in reasons(report)["vpcs.main"]


def test_a_stop_holds_back_what_only_waits_for_its_turn() -> None:
    workshop = Workshop()
    workshop.account.before = lambda _: workshop.stop.set()
    report = workshop.run(DESIRED, *(change(node) for node in (APPS, BASE, TOOLS)), parallelism=1)
    assert list(results(report).values()) == ["done", "blocked", "blocked"]
    assert workshop.account.calls == ["create namespace apps"]


def test_a_run_that_is_stopped_before_it_begins_does_nothing() -> None:
    workshop = Workshop()
    workshop.stop.set()
    assert results(workshop.run(DESIRED, change(APPS))) == {str(APPS): "blocked"}
    assert workshop.account.calls == []


def test_a_step_for_a_person_is_reported_as_such() -> None:
    workshop = Workshop()
    report = workshop.run(DESIRED, change(address.instance("hub"), Action.MANUAL), change(BASE))
    assert results(report) == {"instances.hub": "manual", str(BASE): "done"}
    assert not report.failed


def test_two_changes_of_one_address_are_both_made() -> None:
    workshop = Workshop()
    workshop.account.shelves["cri-hub"].namespaces["apps"] = live_namespace("apps")
    report = workshop.run(DESIRED, change(APPS, Action.DELETE), change(APPS, Action.CREATE, APPS))
    assert workshop.account.calls == ["delete namespace apps", "create namespace apps"]
    assert [str(outcome.result) for outcome in report.steps] == ["done", "done"]


def test_an_empty_plan_is_done_at_once() -> None:
    report = Workshop().run(DESIRED)
    assert (report.steps, report.images, report.failed, report.anything_done) == ((), (), False, False)


def test_a_mistake_of_ours_is_not_taken_for_a_failure_of_the_service() -> None:
    with pytest.raises(KeyError):
        Workshop().run(DESIRED, change(APPS, Action.MANUAL))


IMPORT, BACKFILL = address.import_rule("old"), address.backfill("all", "eu")


def _brought(name: str, via: Via = Via.EXECUTOR) -> Transfer:
    source, target = ImageName("personal.example", "apps/web", name), ImageName("hub.example", "apps/web", name)
    return Transfer(IMPORT, source, target, digest(name), TransferReason.MISSING, via)


def _replicated(name: str) -> Transfer:
    source, target = ImageName("hub.example", "apps/web", name), ImageName("eu.example", "apps/web", name)
    return Transfer(BACKFILL, source, target, digest(name), TransferReason.MISSING, Via.RULE)


def test_images_that_the_service_replicates_are_waited_for() -> None:
    workshop = Workshop()
    eu = workshop.account.shelves["cri-eu"]
    eu.repositories["apps/web"] = repository("apps/web")
    eu.tags = [(), (tag("v1"), tag("v2", "an older one")), (tag("v1"), tag("v2"))]
    report = workshop.run(DESIRED, change(BACKFILL, Action.TRANSFER), transfers=[_replicated("v1"), _replicated("v2")])
    assert results(report) == {str(BACKFILL): "done"}
    assert [(o.target.tag, o.result) for o in report.images] == [
        ("v1", ImageResult.IMPORTED),
        ("v2", ImageResult.IMPORTED),
    ]


def test_images_that_never_arrive_fail_alone() -> None:
    workshop = Workshop()
    eu = workshop.account.shelves["cri-eu"]
    eu.repositories["apps/web"] = repository("apps/web")
    eu.tags = [(tag("v1"),)]
    report = workshop.run(DESIRED, change(BACKFILL, Action.TRANSFER), transfers=[_replicated("v1"), _replicated("v2")])
    assert reasons(report) == {str(BACKFILL): "1 of 2 images failed"}
    failed = report.images[1]
    assert (failed.result, failed.retryable) == (ImageResult.FAILED, True)
    assert "apply again" in failed.reason


def test_a_transfer_that_cannot_begin_fails_every_image_with_the_reason_and_what_waits_for_them() -> None:
    workshop = Workshop()
    workshop.live = replace(workshop.live, contents=contents_of([_brought("v1")]))
    report = workshop.run(
        DESIRED,
        change(IMPORT, Action.TRANSFER),
        change(BACKFILL, Action.TRANSFER, IMPORT),
        change(BASE),
        transfers=[_brought("v1"), _replicated("v1")],
    )
    assert results(report) == {str(IMPORT): "failed", str(BACKFILL): "failed", str(BASE): "done"}
    assert "nobody may in" in reasons(report)[str(IMPORT)]
    told = {outcome.target.registry: outcome.reason for outcome in report.images}
    assert "nobody may in" in told["hub.example"]
    assert told["eu.example"] == "the image did not reach the source instance"


def test_failing_to_look_for_arrivals_is_no_failure_of_images_that_are_there() -> None:
    workshop = Workshop()
    workshop.account.reading = lost()
    eu = address.backfill("other", "hub")
    report = workshop.run(
        DESIRED,
        change(BACKFILL, Action.TRANSFER),
        change(eu, Action.TRANSFER),
        transfers=[_replicated("v1")],
    )
    assert results(report) == {str(BACKFILL): "failed", str(eu): "done"}
    assert "no answer from cr.example" in reasons(report)[str(BACKFILL)]
    assert [o.result for o in report.images] == [ImageResult.FAILED]


def test_waiting_is_told() -> None:
    workshop = Workshop()
    workshop.account.links = [("CREATING", ""), ("RUNNING", "")]
    workshop.run(DESIRED, change(address.vpc("main")))
    assert [e.reason for e in workshop.events if isinstance(e, Waiting)] == ["CREATING -> RUNNING"]


def test_images_that_the_plan_does_not_move_are_in_the_report() -> None:
    workshop = Workshop()
    name = ImageName("hub.example", "apps/web", "v1")
    stuck = Unmovable(
        address.import_rule("i"), name, name, digest("v1"), "R-IMP-20", "docker schema 1", retryable=False
    )
    kept = replace(stuck, target=replace(name, tag="v2"), rule="R-IMP-6", reason="kept", as_asked=True)
    report = workshop.carry(replace(plan_of(DESIRED, ()), unmovable=(stuck, kept), complete=False))
    assert [(image.target.tag, str(image.result), image.reason) for image in report.images] == [
        ("v1", "failed", "docker schema 1"),
        ("v2", "skipped", "kept"),
    ]
    assert (report.failed, report.complete, report.verdict) == (True, False, Verdict.PARTLY)
