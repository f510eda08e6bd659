"""A registry that takes a few requests at a time: it is given no more than it takes, and the others all they take."""

from __future__ import annotations

import threading
import time
from contextlib import closing
from urllib.parse import parse_qs

from reconciler.core.blobs import account
from reconciler.model.image import Digest, RepositoryName
from reconciler.model.report import ImageResult
from reconciler.oci.client import Registry
from reconciler.oci.manifest import digest_bytes
from reconciler.oci.patience import Backoff
from reconciler.transfer.engine import run
from reconciler.transfer.events import Event, Throttled
from reconciler.transfer.journal import Journal
from reconciler.transfer.plan import build
from tests.unit.oci.scripted import Asked, Reply, scripted
from tests.unit.transfer.lab import Painter, RealRegistry, order


class Narrow:
    """Keeps what it is sent, and answers 429 to whatever comes while it has `width` requests at hand."""

    def __init__(self, width: int, retry_after: str = "") -> None:
        self.kept: set[str] = set()
        self.refused: list[float] = []
        self._width = width
        self._retry_after = retry_after
        self._lock = threading.Lock()
        self._at_hand = 0

    def __call__(self, asked: Asked) -> Reply:
        with self._lock:
            self._at_hand += 1
            crowded = self._at_hand > self._width
        try:
            if crowded:
                self.refused.append(time.monotonic())
                return Reply(429, {"Retry-After": self._retry_after} if self._retry_after else {})
            time.sleep(0.002)
            return self._answer(asked)
        finally:
            with self._lock:
                self._at_hand -= 1

    def _answer(self, asked: Asked) -> Reply:
        path, _, query = asked.path.partition("?")
        if asked.method == "POST":
            return Reply(202, {"Location": f"{path}session"})
        if asked.method != "PUT":
            return Reply(404)
        digest = digest_bytes(asked.body)
        assert "digest" not in parse_qs(query) or parse_qs(query)["digest"] == [digest]
        with self._lock:
            self.kept.add(digest if query else path.rsplit("/", 1)[1])
        return Reply(201, {"Docker-Content-Digest": digest})


def tags(source: RealRegistry, count: int) -> list[tuple[str, str]]:
    with closing(source.client()) as client:
        painter = Painter(client, "apps/many")
        for number in range(count):
            painter.image([f"layer {number}".encode()], tag=f"t{number}")
    return [("apps/many", f"t{number}") for number in range(count)]


def test_everything_arrives_at_a_registry_that_takes_few_at_a_time(source: RealRegistry) -> None:
    images = tags(source, 30)
    narrow = Narrow(3)
    events: list[Event] = []
    with scripted(narrow) as server:
        target = RealRegistry(server.host, source.log, source.root)
        plan = order(source, target, images).plan
        with (
            closing(source.client()) as sender,
            closing(Registry(server.host, lambda _: None, backoff=Backoff(attempts=12, first=0.01))) as receiver,
        ):
            registries = {source.host: sender, server.host: receiver}
            result = run(plan, registries=registries.__getitem__, journal=Journal(), listener=events.append, workers=32)

    assert [outcome.reason for outcome in result.outcomes] == [""] * len(images)
    assert {tag for _, tag in images} < narrow.kept
    told = [event for event in events if isinstance(event, Throttled)]
    assert len(told) == len(narrow.refused) == result.retries > 0


def test_one_that_wants_to_be_left_alone_does_not_hold_up_the_other(source: RealRegistry, target: RealRegistry) -> None:
    images = tags(source, 10)
    narrow = Narrow(0, retry_after="600")
    with scripted(narrow) as server:
        shut = RealRegistry(server.host, source.log, source.root)
        transfers = order(source, shut, images).transfers + order(source, target, images).transfers
        contents = order(source, target, images).contents
        empty = {RepositoryName(t.target.registry, t.target.repository): frozenset[Digest]() for t in transfers}
        plan = build(account(transfers, contents, empty), contents, empty)
        with closing(source.client()) as sender, closing(target.client()) as there, closing(shut.client()) as gone:
            registries = {source.host: sender, target.host: there, shut.host: gone}
            result = run(plan, registries=registries.__getitem__, journal=Journal(), listener=lambda _: None, workers=2)
    ended = [o.target.registry for o in result.outcomes if o.result is ImageResult.IMPORTED]
    assert ended == [target.host] * len(images)
    # Those that were under way when it said so, and none after them.
    assert 1 <= len(narrow.refused) <= 2
