"""`python -m tests.bench`: measure, print the page, and write it."""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
from collections.abc import Collection, Iterator, Sequence
from pathlib import Path

from tests.bench import page
from tests.bench.authority import Authority
from tests.bench.cases import Case, chosen
from tests.bench.clients import Client, available
from tests.bench.corpus import FULL, QUICK, Corpus, paint
from tests.bench.listing import Inventory, Listed, listing
from tests.bench.measure import PROJECT, Bench
from tests.bench.race import Track, race
from tests.bench.registries import anonymous, serve
from tests.bench.startup import Start, starts

_ROUNDS = 5
_RUNS = 10
_RESOURCES = 1000
_DELAY = 0.02
_RACES = {Case.A: "A", Case.TLS: "A", Case.B: "B", Case.C: "C", Case.RTT: "RTT"}
"""The corpus of each race."""


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    parser.add_argument("--rounds", type=int, metavar="N", help=f"runs of each client (default {_ROUNDS})")
    parser.add_argument("--quick", action="store_true", help="small corpora, one round: does it work at all")
    parser.add_argument("--cases", type=chosen, default=tuple(Case), metavar="CASE,...", help=", ".join(Case))
    parser.add_argument("--out", type=Path, default=PROJECT / "docs" / "benchmarks.md", metavar="FILE")
    return parser.parse_args()


def main() -> None:
    arguments = _arguments()
    cases: Sequence[Case] = arguments.cases
    quick: bool = arguments.quick
    rounds: int = arguments.rounds or (1 if quick else _ROUNDS)
    load, clients = os.getloadavg()[0], available()
    command = " ".join(["python -m tests.bench", *sys.argv[1:]]) if sys.argv[1:] else "make bench"
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        bench = Bench(Path(folder))
        begun = _started(bench, quick) if Case.START in cases else []
        listings = _listed(cases, bench, rounds, quick)
        races: list[page.Raced] = []
        text = page.render(page.Measured(command, load, rounds, clients, races, listings, begun))
        for raced in _raced(cases, clients, bench, rounds, quick):
            races.append(raced)
            text = page.render(page.Measured(command, load, rounds, clients, races, listings, begun))
            # A client that fails in a later case does not take this one's figures along.
            arguments.out.write_text(text, encoding="utf-8")
    arguments.out.write_text(text, encoding="utf-8")
    sys.stdout.write(text)


def _started(bench: Bench, quick: bool) -> list[Start]:
    return starts(bench, runs=2 if quick else _RUNS, resources=50 if quick else _RESOURCES)


def _listed(cases: Collection[Case], bench: Bench, rounds: int, quick: bool) -> dict[Case, Listed]:
    wanted = {
        Case.LISTING: (Inventory(2, 5) if quick else Inventory(30, 25), rounds),
        Case.LARGE: (Inventory(2, 150) if quick else Inventory(100, 1000), 1),
    }
    return {case: listing(inventory, bench, runs) for case, (inventory, runs) in wanted.items() if case in cases}


def _raced(
    cases: Sequence[Case], clients: Sequence[Client], bench: Bench, rounds: int, quick: bool
) -> Iterator[page.Raced]:
    tracks = {Case.C: Track(done=True), Case.RTT: Track(delay=_DELAY)}
    if Case.TLS in cases:
        tracks[Case.TLS] = Track(Authority.found(bench.scratch / "authority"))
    corpora = {corpus.name: corpus for corpus in (QUICK if quick else FULL)}
    for case in (case for case in cases if case in _RACES):
        corpus = corpora[_RACES[case]]
        sys.stderr.write(f"{case}: {', '.join(clients)}; {rounds} x {corpus}\n")
        laps = race(corpus, _painted(corpus, bench), tracks.get(case, Track()), clients, bench, rounds)
        yield page.Raced(case, corpus, laps)


def _painted(corpus: Corpus, bench: Bench) -> Path:
    """The storage of a registry that holds the corpus."""
    folder = bench.scratch / corpus.folder
    if not folder.exists():
        with serve(folder) as server:
            registry = anonymous(server.host)
            paint(corpus, registry)
            registry.close()
    return folder / "data"


if __name__ == "__main__":
    main()
