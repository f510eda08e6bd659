"""`python -m tests.bench`: measure, print the page, and write it."""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path

from tests.bench import page
from tests.bench.corpus import FULL, QUICK, paint
from tests.bench.measure import PROJECT, Bench
from tests.bench.race import race
from tests.bench.startup import starts
from tests.unit.transfer.lab import serve

_ROUNDS = 3
_RUNS = 10
_RESOURCES = 1000


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    parser.add_argument("--rounds", type=int, metavar="N", help=f"copies by each client (default {_ROUNDS})")
    parser.add_argument("--quick", action="store_true", help="small corpora, one round: does it work at all")
    parser.add_argument("--out", type=Path, default=PROJECT / "docs" / "benchmarks.md", metavar="FILE")
    return parser.parse_args()


def main() -> None:
    arguments = _arguments()
    quick = bool(arguments.quick)
    rounds = arguments.rounds or (1 if quick else _ROUNDS)
    results: list[page.Measured] = []
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        bench = Bench(Path(folder))
        begun = starts(bench, runs=2 if quick else _RUNS, resources=50 if quick else _RESOURCES)
        with serve(bench.scratch / "source") as source:
            for corpus in QUICK if quick else FULL:
                paint(corpus, source)
                laps = race(corpus, source, bench, rounds)
                results += page.measured(corpus, laps, again="C" if corpus.name == "B" else None)
    command = " ".join(["python -m tests.bench", *sys.argv[1:]]) if sys.argv[1:] else "make bench"
    text = page.render(command, results, begun)
    arguments.out.write_text(text, encoding="utf-8")
    sys.stdout.write(text)


if __name__ == "__main__":
    main()
