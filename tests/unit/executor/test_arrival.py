from __future__ import annotations

import threading
from dataclasses import replace

import pytest

from reconciler.executor.arrival import await_arrivals
from reconciler.executor.moving import Mover
from reconciler.model import address
from reconciler.model.image import ImageName
from reconciler.model.live import Live
from reconciler.model.plan import Transfer, TransferReason, Via
from reconciler.model.report import ImageResult
from reconciler.model.spec import Desired
from reconciler.transfer.journal import Journal
from tests.unit.core.scene import digest, repository, tag
from tests.unit.executor.workshop import INSTANCES, LIVE, Workshop, closed

DESIRED = Desired(instances=INSTANCES)


def _carrier() -> Mover:
    return Mover(LIVE, closed, Journal(), lambda _: None, 1, threading.Event(), threading.Event())


def _replicated(name: str, via: Via = Via.RULE) -> Transfer:
    source, target = ImageName("hub.example", "apps/web", name), ImageName("eu.example", "apps/web", name)
    return Transfer(address.backfill("all", "eu"), source, target, digest(name), TransferReason.MISSING, via)


def _outcomes(carrier: Mover) -> dict[str, ImageResult]:
    return {target.tag: outcome.result for target, outcome in carrier.outcomes.items()}


def _eu(*readings: tuple[str, ...]) -> Workshop:
    """`eu` has these tags in `apps/web`, reading by reading."""
    workshop = Workshop()
    shelf = workshop.account.shelves["cri-eu"]
    shelf.repositories["apps/web"] = repository("apps/web")
    shelf.tags = [tuple(tag(name) for name in names) for names in readings]
    return workshop


def test_an_image_whose_source_failed_is_not_waited_for() -> None:
    carrier = _carrier()
    failed, fine = _replicated("v1"), _replicated("v2")
    brought = Transfer(address.import_rule("i"), failed.source, failed.source, failed.digest, failed.reason)
    carrier.record(brought, ImageResult.FAILED, "refused")
    await_arrivals(_eu(("v2",)).bench(DESIRED), carrier, [failed, fine])
    assert carrier.outcomes[failed.target].reason == "the image did not reach the source instance"
    assert carrier.outcomes[fine.target].result is ImageResult.IMPORTED
    assert carrier.failed([failed, fine]) == 1


def test_what_is_at_the_source_instead_of_an_image_that_failed_is_waited_for() -> None:
    carrier = _carrier()
    older = _replicated("v1")
    newer = Transfer(address.import_rule("i"), older.source, older.source, digest("newer"), older.reason)
    carrier.record(newer, ImageResult.FAILED, "the tag is immutable")
    assert carrier.reached_source(older)
    assert not carrier.reached_source(replace(older, digest=newer.digest))


def test_patience_begins_anew_with_every_arrival() -> None:
    readings = [()] * 3 + [("v1",)] * 4 + [("v1", "v2")]
    workshop = _eu(*readings)
    workshop.limit = 6.0
    carrier = _carrier()
    await_arrivals(workshop.bench(DESIRED), carrier, [_replicated("v1"), _replicated("v2")])
    assert _outcomes(carrier) == {"v1": ImageResult.IMPORTED, "v2": ImageResult.IMPORTED}


def test_what_we_move_ourselves_is_nothing_to_wait_for() -> None:
    carrier = _carrier()
    await_arrivals(Workshop().bench(DESIRED), carrier, [_replicated("v1", Via.EXECUTOR)])
    assert carrier.outcomes == {}


def test_a_target_that_is_not_there_fails_its_images() -> None:
    workshop = Workshop(live=Live())
    carrier = _carrier()
    await_arrivals(workshop.bench(DESIRED), carrier, [_replicated("v1")])
    assert "instance `eu` is not there" in carrier.outcomes[_replicated("v1").target].reason


@pytest.mark.parametrize("known", [ImageResult.IMPORTED, ImageResult.SKIPPED])
def test_giving_up_keeps_outcomes_that_are_known(known: ImageResult) -> None:
    carrier = _carrier()
    carrier.record(_replicated("v1"), known)
    carrier.give_up([_replicated("v1"), _replicated("v2")], "no network")
    assert _outcomes(carrier) == {"v1": known, "v2": ImageResult.FAILED}
    assert carrier.outcomes[_replicated("v2").target].retryable
