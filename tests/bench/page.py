"""The measurements as a page of Markdown."""

from __future__ import annotations

import os
import platform
import subprocess
import textwrap
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from statistics import median

from reconciler import __version__
from tests.bench.corpus import Corpus
from tests.bench.race import Client, Lap, Round
from tests.bench.startup import Start

_GIB = 1024**3
_WORTH_A_RATE = _GIB // 8


@dataclass(frozen=True, slots=True)
class Measured:
    """`laps` of each round by client; `moved` is the bytes of layers that had to get to the target."""

    name: str
    about: str
    moved: int
    laps: tuple[dict[Client, Lap], ...]


def measured(corpus: Corpus, rounds: Sequence[Round], *, again: str | None) -> list[Measured]:
    """The corpus, and under the name `again` its second copy, if that is wanted."""
    found = [Measured(corpus.name, str(corpus), corpus.unique_bytes, tuple(r.first for r in rounds))]
    if again is not None:
        about = f"{corpus.name} once more into the same target: nothing to do"
        found.append(Measured(again, about, 0, tuple(r.again for r in rounds)))
    return found


def render(command: str, results: Sequence[Measured], starts: Sequence[Start]) -> str:
    rounds, runs = len(results[0].laps), len(starts[0].runs)
    lines = [
        "# Benchmarks",
        "",
        f"Written by `{command}` on {datetime.now(UTC):%Y-%m-%d}. Figures of another machine differ; run it there.",
        "",
        *_table(("", ""), _versions()),
        "",
        "## Copying",
        "",
        _text(
            "From one docker-registry to another on loopback, plain HTTP. Every copy goes into a registry that was "
            "started for it, and its tags are compared with the source afterwards."
        ),
        "",
        *(f"- **{result.name}**: {result.about}." for result in results),
        "",
        _text(
            "`reconciler` is the transfer executor as `apply` calls it, in a process of its own: listing both sides, "
            "reading manifests and referrers, transfer plan, journal, copy. Plain registries do not list digests, so "
            "it asks for each tag with a HEAD. `skopeo sync --all` reads the same repositories from a YAML file."
        ),
        "",
        _text(
            f"Medians of {rounds} rounds; the clients take turns, and so does who begins. CPU (user and system) and "
            "peak memory are the client's alone, requests are those in the registries' access logs."
        ),
        "",
        *_table(
            ("corpus", "client", "wall s", "CPU s", "CPU s/GiB", "requests to source", "to target", "peak MB"),
            (_row(result, client) for result in results for client in Client),
        ),
        "",
        "reconciler / skopeo sync, the median of each round's ratio; below 1 is less than skopeo takes:",
        "",
        *_table(
            ("corpus", "wall", "wall, round by round", "CPU", "requests", "peak memory"),
            (_ratios(result) for result in results),
        ),
        "",
        "## Start-up",
        "",
        _text(
            f"Whole processes, from start to exit; medians of {runs} runs, with bytecode compiled as installers leave "
            "it. In the plan, one repository in ten has to be created."
        ),
        "",
        *_table(("command", "wall s", "CPU s", "peak MB"), map(_start, starts)),
    ]
    return "\n".join(lines) + "\n"


def _versions() -> Iterable[Sequence[str]]:
    return (
        ("acr-reconciler", __version__),
        ("Python", platform.python_version()),
        ("skopeo", _last_words("skopeo", "--version")[-1]),
        ("docker-registry", _last_words("docker-registry", "--version")[-1]),
        ("machine", f"{platform.system()} {platform.machine()}, {os.cpu_count()} cores, shared with the registries"),
    )


def _last_words(*command: str) -> list[str]:
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.split()


def _row(result: Measured, client: Client) -> Sequence[str]:
    laps = [laps[client] for laps in result.laps]
    cpu = median(lap.cost.cpu for lap in laps)
    return (
        result.name,
        client,
        f"{median(lap.cost.wall for lap in laps):.2f}",
        f"{cpu:.2f}",
        f"{cpu / result.moved * _GIB:.2f}" if result.moved >= _WORTH_A_RATE else "–",
        f"{median(lap.source_requests for lap in laps):,.0f}",
        f"{median(lap.target_requests for lap in laps):,.0f}",
        f"{median(lap.cost.peak for lap in laps) / 1e6:.0f}",
    )


def _ratios(result: Measured) -> Sequence[str]:
    def of(figure: Callable[[Lap], float]) -> list[float]:
        return [figure(laps[Client.OURS]) / figure(laps[Client.PEER]) for laps in result.laps]

    wall = of(lambda lap: lap.cost.wall)
    return (
        result.name,
        f"{median(wall):.2f}",
        ", ".join(f"{ratio:.2f}" for ratio in wall),
        f"{median(of(lambda lap: lap.cost.cpu)):.2f}",
        f"{median(of(lambda lap: lap.source_requests + lap.target_requests)):.2f}",
        f"{median(of(lambda lap: lap.cost.peak)):.2f}",
    )


def _start(start: Start) -> Sequence[str]:
    return (
        start.name,
        f"{median(cost.wall for cost in start.runs):.3f}",
        f"{median(cost.cpu for cost in start.runs):.3f}",
        f"{median(cost.peak for cost in start.runs) / 1e6:.0f}",
    )


def _text(sentences: str) -> str:
    return textwrap.fill(sentences, 120, break_on_hyphens=False)


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> Iterable[str]:
    yield f"| {' | '.join(head)} |"
    yield f"|{'---|' * len(head)}"
    for row in rows:
        yield f"| {' | '.join(row)} |"
