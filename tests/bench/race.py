"""Copies of one corpus by all clients in turn, each into a registry of its own that is new."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.bench.authority import Authority
from tests.bench.clients import Client, Job, invocation
from tests.bench.corpus import Corpus
from tests.bench.measure import Bench, Cost
from tests.bench.registries import Server, anonymous, delayed, serve


@dataclass(frozen=True, slots=True)
class Lap:
    """One run of one client; requests as the registries' access logs have them, `registries` is the CPU of both in
    seconds."""

    cost: Cost
    source_requests: int
    target_requests: int
    registries: float

    @property
    def least(self) -> float:
        """Seconds that the run takes at least: all that it made anybody compute, on all cores at once."""
        return (self.cost.cpu + self.registries) / (os.cpu_count() or 1)

    @property
    def requests(self) -> int:
        return self.source_requests + self.target_requests


Laps = Mapping[Client, Lap]


@dataclass(frozen=True, slots=True)
class Track:
    """How registries are reached: over TLS with `authority`, the target `delay` seconds away in each direction.

    `done`: everything is at the target when the clients start.
    """

    authority: Authority | None = None
    delay: float = 0.0
    done: bool = False


class CopyIncomplete(Exception):
    """A client said that it was done and the target says otherwise."""


def race(
    corpus: Corpus, data: Path, track: Track, clients: Sequence[Client], bench: Bench, rounds: int
) -> tuple[Laps, ...]:
    """`data` is the source's storage; the clients take turns at being first. Raises CommandFailed, CopyIncomplete."""
    # Its bytecode is compiled, as installers leave it.
    bench.run((sys.executable, "-c", "import tests.bench.copying"))
    wanted = _digests(corpus, data, bench.scratch / "wanted")
    laps: list[Laps] = []
    with serve(bench.scratch / "source", data=data, authority=track.authority) as source:
        for number in range(rounds):
            first = number % len(clients)
            order = (*clients[first:], *clients[:first])
            laps.append({c: _lap(c, corpus, source, track, bench, wanted) for c in order})
    return tuple(laps)


def _lap(
    client: Client, corpus: Corpus, source: Server, track: Track, bench: Bench, wanted: Mapping[tuple[str, str], str]
) -> Lap:
    folder = bench.scratch / "lap"
    with _target(folder / "target", source, track) as (target, address):
        told = invocation(client, Job(corpus, source.host, address, folder / "client", track.authority))
        before = source.requests(), target.requests(), source.cpu() + target.cpu()
        cost = bench.run(told.command, told.environment)
        after = source.requests(), target.requests(), source.cpu() + target.cpu()
        data = target.data
    if _digests(corpus, data, folder / "check") != wanted:
        raise CopyIncomplete(f"{client}: the target of corpus {corpus.name} is not as the source")
    # What is not on disk yet does not have to get there during somebody else's lap.
    shutil.rmtree(folder)
    return Lap(cost, after[0] - before[0], after[1] - before[1], after[2] - before[2])


@contextmanager
def _target(folder: Path, source: Server, track: Track) -> Iterator[tuple[Server, str]]:
    """The registry to fill, and the address that clients have for it."""
    with ExitStack() as running:
        data = source.data if track.done else None
        target = running.enter_context(serve(folder, data=data, authority=track.authority))
        address = running.enter_context(delayed(target.host, track.delay)) if track.delay else target.host
        yield target, address


def _digests(corpus: Corpus, data: Path, folder: Path) -> Mapping[tuple[str, str], str]:
    """Every tag of the corpus in the storage `data` with the digest of its manifest; "" for one that is not there."""
    images = [(path, tag) for path in corpus.paths for tag in corpus.tags]
    with serve(folder, data=data) as server, ThreadPoolExecutor(8) as pool:
        registry = anonymous(server.host)
        found = list(pool.map(lambda image: registry.head_manifest(*image), images))
        registry.close()
    return {image: "" if there is None else there.digest for image, there in zip(images, found, strict=True)}
