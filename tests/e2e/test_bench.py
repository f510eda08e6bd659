"""The benchmark runs from end to end on small corpora and writes a page with every figure in its place."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

PROJECT = Path(__file__).parents[2]
COPIES = [(corpus, client) for corpus in "ABC" for client in ("reconciler", "skopeo sync")]


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> str:
    out = tmp_path_factory.mktemp("bench") / "benchmarks.md"
    command = [sys.executable, "-m", "tests.bench", "--quick", "--out", str(out)]
    done = subprocess.run(command, cwd=PROJECT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    written = out.read_text(encoding="utf-8")
    assert done.stdout == written
    return written


def _rows(page: str, first_column: str) -> list[list[str]]:
    """The rows of every table whose head begins with `first_column`."""
    rows: list[list[str]] = []
    for table in re.findall(rf"^\| {first_column} \|.*\n\|[-|]+\n((?:\|.*\n)+)", page, re.MULTILINE):
        rows += [[cell.strip() for cell in line.strip("|").split("|")] for line in table.splitlines()]
    return rows


def test_every_copy_has_all_its_figures(page: str) -> None:
    copies = [row for row in _rows(page, "corpus") if len(row) == 8]
    assert [(row[0], row[1]) for row in copies] == COPIES
    for _, _, wall, cpu, _, source, target, peak in copies:
        assert all(float(figure) > 0 for figure in (wall, cpu, source, target, peak))


def test_requests_are_those_that_a_copy_takes(page: str) -> None:
    ours = {row[0]: (int(row[5]), int(row[6])) for row in _rows(page, "corpus") if row[1] == "reconciler"}
    # Corpus B is 12 tags in 3 repositories: a second copy lists each repository and asks for each tag on both sides.
    assert ours["C"] == (3 + 12, 3 + 12)
    # Corpus A is 2 tags in 2 repositories: list, HEAD, manifest, fallback referrers and 3 blobs of each, and the
    # answer that there is no referrers API, which is asked once or, side by side, twice.
    assert ours["A"][0] in (2 * 7 + 1, 2 * 8)


def test_ratios_follow_from_the_rounds(page: str) -> None:
    ratios = [row for row in _rows(page, "corpus") if len(row) == 6]
    assert [row[0] for row in ratios] == ["A", "B", "C"]
    for _, wall, rounds, *others in ratios:
        assert wall == rounds  # one round is its own median
        assert all(float(figure) > 0 for figure in others)


def test_start_up_is_timed(page: str) -> None:
    rows = _rows(page, "command")
    assert [row[0] for row in rows] == [
        "an empty Python program",
        "`reconciler --help`",
        "`reconciler validate`, 5 resources",
        "`reconciler plan --live`, 50 resources",
    ]
    assert all(float(figure) > 0 for row in rows for figure in row[1:])
