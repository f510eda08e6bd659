"""Copies of one corpus by two clients in turn, each into a registry of its own that is new."""

from __future__ import annotations

import shutil
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from tests.bench.corpus import Corpus
from tests.bench.measure import Bench, Cost
from tests.unit.transfer.lab import RealRegistry, serve


class Client(StrEnum):
    OURS = "reconciler"
    PEER = "skopeo sync"


@dataclass(frozen=True, slots=True)
class Lap:
    """One run of one client; requests as the registries' access logs have them."""

    cost: Cost
    source_requests: int
    target_requests: int


@dataclass(frozen=True, slots=True)
class Round:
    """`again` is the same copy into the same registry, where everything is by then."""

    first: dict[Client, Lap]
    again: dict[Client, Lap]


class CopyIncomplete(Exception):
    """A client said that it was done and the target says otherwise."""


def race(corpus: Corpus, source: RealRegistry, bench: Bench, rounds: int) -> list[Round]:
    """Who begins changes from round to round. Raises CommandFailed, CopyIncomplete."""
    bench.run(_ours(source.host, source.host, bench.scratch / "warm.jsonl", ()))
    return [_round(corpus, source, bench, number) for number in range(rounds)]


def _round(corpus: Corpus, source: RealRegistry, bench: Bench, number: int) -> Round:
    result = Round({}, {})
    order = list(Client) if number % 2 == 0 else list(reversed(Client))
    for client in order:
        folder = bench.scratch / f"{corpus.folder}-{number}-{client.name.lower()}"
        with serve(folder) as target:
            command = _command(client, corpus, source.host, target.host, folder)
            for laps in (result.first, result.again):
                laps[client] = _lap(command, source, target, bench)
                _verify(corpus, source, target, client)
        # What is not on disk yet does not have to get there during somebody else's lap.
        shutil.rmtree(folder)
    return result


def _lap(command: Sequence[str], source: RealRegistry, target: RealRegistry, bench: Bench) -> Lap:
    before = _counts(source, target)
    cost = bench.run(command)
    after = _counts(source, target)
    return Lap(cost, after[0] - before[0], after[1] - before[1])


def _counts(*registries: RealRegistry) -> list[int]:
    """Read once the logs stand still: a line is written after its answer."""
    seen: list[int] = []
    while True:
        now = [len(registry.requests()) for registry in registries]
        if now == seen:
            return now
        seen = now
        time.sleep(0.1)


def _verify(corpus: Corpus, source: RealRegistry, target: RealRegistry, client: Client) -> None:
    there, here = source.client(), target.client()
    for path in corpus.paths:
        for tag in corpus.tags:
            wanted, found = there.head_manifest(path, tag), here.head_manifest(path, tag)
            if wanted is None or found is None or found.digest != wanted.digest:
                raise CopyIncomplete(f"{client}: `{path}:{tag}` is not at the target as it is at the source")
    there.close()
    here.close()


def _command(client: Client, corpus: Corpus, source: str, target: str, folder: Path) -> Sequence[str]:
    if client is Client.OURS:
        return _ours(source, target, folder / "journal.jsonl", corpus.paths)
    wanted = folder / "sync.yaml"
    repositories = "".join(f'    "{path}": []\n' for path in corpus.paths)
    wanted.write_text(f'"{source}":\n  tls-verify: false\n  images:\n{repositories}')
    command = (
        "skopeo --insecure-policy sync --all --src-tls-verify=false --dest-tls-verify=false --src yaml --dest docker"
    )
    return (*command.split(), str(wanted), f"{target}/{corpus.folder}")


def _ours(source: str, target: str, journal: Path, repositories: Sequence[str]) -> Sequence[str]:
    return (sys.executable, "-m", "tests.bench.copying", source, target, str(journal), *repositories)
