"""Images between two registries that go wrong, and the laws that hold whatever happens."""

from __future__ import annotations

import contextlib
import hashlib
import threading
from collections.abc import Iterator
from dataclasses import dataclass

from reconciler.model.report import ImageResult
from reconciler.oci.client import Registry
from reconciler.transfer.engine import TransferResult, run
from reconciler.transfer.events import Event
from reconciler.transfer.journal import Journal
from tests.faults.answers import Knobs
from tests.faults.server import FaultyRegistry, faulty_registry
from tests.unit.transfer.lab import Order, order

BIG, SMALL, BASE = 600_000, 9_000, 40_000
IMAGES = (("apps/web", "v1"), ("apps/web", "v2"), ("apps/api", "v1"))
LONGEST = 30.0
"""Seconds after which a run counts as hung."""


def content(name: str, size: int) -> bytes:
    return hashlib.shake_256(name.encode()).digest(size)


BIG_BLOB = "sha256:" + hashlib.sha256(content("big", BIG)).hexdigest()
SHARED_BLOB = "sha256:" + hashlib.sha256(content("base", BASE)).hexdigest()


def paint(source: FaultyRegistry) -> None:
    """Two images that share a layer, one of them with a large one, and the shared layer again in another repository."""
    base = content("base", BASE)
    source.store.image("apps/web", "v1", base, content("big", BIG))
    source.store.image("apps/web", "v2", base, content("small", SMALL), b"")
    source.store.image("apps/api", "v1", base, content("api", SMALL))


@dataclass
class Copied:
    result: TransferResult
    events: list[Event]

    @property
    def reasons(self) -> list[str]:
        return [outcome.reason for outcome in self.result.outcomes]


@dataclass
class World:
    source: FaultyRegistry
    target: FaultyRegistry

    def order(self, *, known_empty: bool = True) -> Order:
        return order(self.source, self.target, IMAGES, known_empty=known_empty)

    def copy(self, ordered: Order, journal: Journal | None = None, workers: int = 3) -> Copied:
        """Carry the plan out; a run that hangs fails."""
        events: list[Event] = []
        clients: dict[str, Registry] = {s.host: s.client() for s in (self.source, self.target)}
        results: list[TransferResult] = []

        def work() -> None:
            kept = journal or Journal()
            results.append(
                run(ordered.plan, registries=clients.__getitem__, journal=kept, listener=events.append, workers=workers)
            )

        thread = threading.Thread(target=work, daemon=True)
        thread.start()
        thread.join(LONGEST)
        assert not thread.is_alive(), "the run hangs"
        for client in clients.values():
            client.close()
        assert results, "the run broke off with an exception"
        return Copied(results[0], events)

    def check(self, copied: Copied) -> None:
        """No wrong byte, no confirmed blob sent twice, no upload at a wrong offset, every outcome true."""
        store = self.target.store
        assert store.violations == []
        assert store.wrong_bytes == []
        for blobs in store.blobs.values():
            for digest, found in blobs.items():
                assert f"sha256:{hashlib.sha256(found).hexdigest()}" == digest
        assert {key: times for key, times in store.confirmed.items() if times > 1} == {}
        for outcome in copied.result.outcomes:
            if outcome.result is ImageResult.FAILED:
                assert outcome.reason
            else:
                assert self.arrived(outcome.target.repository, outcome.target.tag)
        assert len(copied.result.outcomes) == len(IMAGES)

    def arrived(self, repository: str, tag: str) -> bool:
        """Whether a puller gets the very bytes of the source, however the copy was reported."""
        original = self.source.store.manifest(repository.removeprefix("prod/"), tag)
        written = self.target.store.manifest(repository, tag)
        if original is None or written is None or original.raw != written.raw:
            return False
        return not self.target.store.lacking(repository, written.raw)

    def all_arrived(self, ordered: Order) -> bool:
        return all(self.arrived(t.target.repository, t.target.tag) for t in ordered.transfers)


@contextlib.contextmanager
def world(source: Knobs | None = None, target: Knobs | None = None) -> Iterator[World]:
    with faulty_registry(source) as giver, faulty_registry(target) as taker:
        paint(giver)
        yield World(giver, taker)
