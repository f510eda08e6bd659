"""Success is told only of images that read back as they were written."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from reconciler.acr.errors import Throttled
from reconciler.executor.moving import Mover
from reconciler.executor.verification import verify
from reconciler.model import address
from reconciler.model.image import Digest, ImageName
from reconciler.model.plan import Transfer, TransferReason
from reconciler.model.report import ImageOutcome, ImageResult
from reconciler.model.spec import Desired
from reconciler.transfer.journal import Journal
from tests.unit.core.scene import digest, repository, tag
from tests.unit.executor.workshop import INSTANCES, LIVE, Workshop
from tests.unit.oci.scripted import Asked, Reply, Server, scripted

DESIRED = Desired(instances=INSTANCES)


def _imported(name: str) -> Transfer:
    source, target = ImageName("personal.example", "apps/web", name), ImageName("hub.example", "apps/web", name)
    return Transfer(address.import_rule("legacy"), source, target, digest(name), TransferReason.MISSING)


@contextmanager
def _registry(tags: dict[str, Digest]) -> Iterator[Server]:
    """Answers for the hub's registry; a tag that it does not know is a 404."""

    def answer(asked: Asked) -> Reply:
        found = tags.get(asked.path.rsplit("/", 1)[1])
        return Reply(404) if found is None else Reply(200, {"Docker-Content-Digest": found})

    with scripted(answer) as server:
        yield server


def _verified(server: Server, workshop: Workshop, *names: str) -> dict[str, ImageOutcome]:
    registry = server.registry()
    carrier = Mover(LIVE, lambda _: registry, Journal(), lambda _: None, 1, threading.Event(), threading.Event())
    transfers = [_imported(name) for name in names]
    for transfer in transfers:
        carrier.record(transfer, ImageResult.IMPORTED)
    verify(workshop.bench(DESIRED), carrier, transfers)
    registry.close()
    return {target.tag: outcome for target, outcome in carrier.outcomes.items()}


def _hub(*listed: str, **others: str) -> Workshop:
    """The hub lists these tags, and those of `others` with other digests."""
    workshop = Workshop()
    shelf = workshop.account.shelves["cri-hub"]
    shelf.repositories["apps/web"] = repository("apps/web")
    shelf.tags = [tuple([tag(name) for name in listed] + [tag(name, other) for name, other in others.items()])]
    return workshop


def test_what_the_instance_lists_is_asked_of_nobody_else() -> None:
    with _registry({}) as server:
        found = _verified(server, _hub("v1", "v2"), "v1", "v2")
    assert {outcome.result for outcome in found.values()} == {ImageResult.IMPORTED}
    assert server.asked == []


def test_a_listing_that_lags_behind_is_not_the_last_word() -> None:
    with _registry({"v1": digest("v1"), "v2": digest("v2")}) as server:
        found = _verified(server, _hub("v3", v2="what was there before"), "v1", "v2", "v3")
    assert {outcome.result for outcome in found.values()} == {ImageResult.IMPORTED}
    assert sorted(server.paths()) == [f"HEAD /v2/apps/web/manifests/{name}" for name in ("v1", "v2")]


def test_an_image_that_is_not_there_after_all_failed() -> None:
    with _registry({"v2": digest("other")}) as server:
        found = _verified(server, _hub("v3"), "v1", "v2", "v3")
    assert found["v1"].reason == f"verification failed: the tag was written as {digest('v1')} and reads nothing"
    assert found["v2"].reason.endswith(f"reads {digest('other')}")
    assert {name: (o.result, o.retryable) for name, o in found.items()} == {
        "v1": (ImageResult.FAILED, True),
        "v2": (ImageResult.FAILED, True),
        "v3": (ImageResult.IMPORTED, False),
    }


@pytest.mark.parametrize("status", [200, 403])
def test_without_a_listing_the_registry_is_asked(status: int) -> None:
    workshop = _hub("v1")
    workshop.account.reading = Throttled("ListRepository", "Throttling", "", request_id="", status=429)
    with scripted(lambda _: Reply(status, {"Docker-Content-Digest": digest("v1")})) as server:
        found = _verified(server, workshop, "v1")
    assert found["v1"].result is (ImageResult.IMPORTED if status == 200 else ImageResult.FAILED)
    assert ("could not be read back" in found["v1"].reason) == (status == 403)
