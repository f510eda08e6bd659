"""The measurements as a page of Markdown."""

from __future__ import annotations

import os
import platform
import subprocess
import textwrap
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from statistics import median

from reconciler import __version__
from reconciler.acr.pace import CALLS_PER_SECOND
from tests.bench.cases import Case
from tests.bench.clients import Client, version
from tests.bench.corpus import Corpus
from tests.bench.listing import Listed
from tests.bench.race import Lap, Laps
from tests.bench.startup import Start
from tests.bench.targets import Target, targets

_GIB = 1024**3
_WORTH_A_RATE = _GIB // 8

_HOW = {
    Case.A: "plain HTTP",
    Case.TLS: "the same images, both registries over TLS with a private authority",
    Case.B: "plain HTTP",
    Case.C: "plain HTTP, everything is at the target already: nothing to do",
    Case.RTT: "plain HTTP, as B, each answer of the target 40 ms away",
}

_CLIENTS = {
    Client.OURS: "the transfer executor as `apply` calls it, in a process of its own: listing both sides, reading "
    "manifests and referrers, transfer plan, journal, copy. Plain registries do not list digests, so what both sides "
    "have is asked for with a HEAD on each. Trusts `ca.crt` below `certs.d/HOST`.",
    Client.SKOPEO: "`skopeo sync --all --src yaml --dest docker`, the repositories in a YAML file. Trusts `cert-dir` "
    "of that file and `--dest-cert-dir`.",
    Client.CRANE: "`xargs -P 4 -n 2 crane copy --all-tags --jobs 4`, a pair of repositories for each process. Trusts "
    "`SSL_CERT_FILE`.",
    Client.REGSYNC: "`regsync once`, an entry for each repository, `parallel: 32` and "
    "`reqConcurrent: 32`. Trusts `regcert`.",
    Client.IMAGE_SYNCER: "`image-syncer --proc=16 --retries=3`, a rule for each repository. Trusts `SSL_CERT_FILE`.",
}


@dataclass(frozen=True, slots=True)
class Raced:
    """The rounds of one race."""

    case: Case
    corpus: Corpus
    laps: tuple[Laps, ...]

    @property
    def moved(self) -> int:
        """Bytes of layers that had to get to the target."""
        return 0 if self.case is Case.C else self.corpus.unique_bytes


@dataclass(frozen=True, slots=True)
class Measured:
    """Everything of one run. `load` is the machine's load average of the minute before it."""

    command: str
    load: float
    rounds: int
    clients: tuple[Client, ...]
    races: Sequence[Raced]
    listings: Mapping[Case, Listed]
    starts: Sequence[Start]

    @property
    def peers(self) -> Sequence[Client]:
        return [client for client in self.clients if client is not Client.OURS]


def render(measured: Measured) -> str:
    parts = [_head(measured), _targets(measured)]
    if measured.races:
        parts += [_copying(measured), _ratios(measured), _limits(measured)]
    if measured.listings:
        parts.append(_listings(measured))
    if measured.starts:
        parts.append(_starts(measured.starts))
    return "\n".join(line for part in parts for line in part) + "\n"


def _head(measured: Measured) -> Iterable[str]:
    yield "# Benchmarks\n"
    yield _text(
        f"Written by `{measured.command}` on {datetime.now(UTC):%Y-%m-%d}. Figures of another machine differ; run it "
        "there.\n"
    )
    yield from _table(("", ""), _versions(measured))
    missing = [client for client in Client if client not in measured.clients]
    if missing:
        yield _text(f"\nNot on PATH, so not measured: {', '.join(missing)}.")


def _versions(measured: Measured) -> Iterable[Sequence[str]]:
    registry = subprocess.run(["docker-registry", "--version"], check=True, capture_output=True, text=True).stdout
    yield "acr-reconciler", __version__
    yield "Python", platform.python_version()
    for client in measured.peers:
        yield client.split()[0], version(client)
    yield "docker-registry", registry.split()[-1]
    machine = f"{platform.system()} {platform.machine()}, {os.cpu_count()} cores, shared with the registries"
    yield "machine", f"{machine}; load average before the run: {measured.load:.1f}"


def _targets(measured: Measured) -> Iterable[str]:
    races = {race.case: (race.moved, race.laps) for race in measured.races}
    found = list(targets(races, measured.listings, measured.clients))
    if not found:
        return
    yield "\n## Targets\n"
    yield from _table(("target", "goal", "measured", ""), map(_target, found))


def _target(target: Target) -> Sequence[str]:
    sign = "≤" if target.at_most else "≥"
    goal, measured = f"{sign} {target.goal:g}{target.unit}", f"{target.measured:.2f}{target.unit}"
    return target.what, goal, measured, target.verdict


def _copying(measured: Measured) -> Iterable[str]:
    yield "\n## Copying\n"
    yield _text(
        "From one docker-registry to another on loopback. Every copy goes into a registry that was started for it, "
        "and its tags are compared with the source afterwards.\n"
    )
    for race in measured.races:
        yield _text(f"- **{race.case}**: {race.corpus}; {_HOW[race.case]}.", subsequent_indent="  ")
    yield ""
    for client in measured.clients:
        yield _text(f"- `{client}`: {_CLIENTS[client]}", subsequent_indent="  ")
    yield ""
    yield _text(
        f"Medians of {measured.rounds} rounds; the clients take turns, and so does who begins. CPU (user and system) "
        "and peak memory are the client's alone, of several processes the largest one's peak; requests are those in "
        "the registries' access logs. The delay is that of a relay: opening a connection does not take longer.\n"
    )
    yield from _table(
        ("case", "client", "wall s", "CPU s", "CPU s/GiB", "requests to source", "to target", "peak MB"),
        (_row(race, client) for race in measured.races for client in measured.clients),
    )


def _row(race: Raced, client: Client) -> Sequence[str]:
    laps = [laps[client] for laps in race.laps]
    cpu = median(lap.cost.cpu for lap in laps)
    return (
        race.case,
        client,
        f"{median(lap.cost.wall for lap in laps):.2f}",
        f"{cpu:.2f}",
        f"{cpu / race.moved * _GIB:.2f}" if race.moved >= _WORTH_A_RATE else "–",
        f"{median(lap.source_requests for lap in laps):,.0f}",
        f"{median(lap.target_requests for lap in laps):,.0f}",
        f"{median(lap.cost.peak for lap in laps) / 1e6:.0f}",
    )


def _ratios(measured: Measured) -> Iterable[str]:
    yield "\nreconciler beside each of the others, the median of each round's ratio; below 1 is less than they take:\n"
    yield from _table(
        ("case", "beside", "wall", "wall, round by round", "CPU", "requests", "peak memory"),
        (_beside(race, peer) for race in measured.races for peer in measured.peers),
    )


def _beside(race: Raced, peer: Client) -> Sequence[str]:
    def of(figure: Callable[[Lap], float]) -> list[float]:
        return [figure(laps[Client.OURS]) / figure(laps[peer]) for laps in race.laps]

    wall = of(lambda lap: lap.cost.wall)
    return (
        race.case,
        peer,
        f"{median(wall):.2f}",
        ", ".join(f"{ratio:.2f}" for ratio in wall),
        f"{median(of(lambda lap: lap.cost.cpu)):.2f}",
        f"{median(of(lambda lap: lap.requests)):.2f}",
        f"{median(of(lambda lap: lap.cost.peak)):.2f}",
    )


def _limits(measured: Measured) -> Iterable[str]:
    yield "\n## What limits a copy\n"
    yield _text(
        "Client and registries share the cores, so a copy takes at least what all of them compute together, divided by "
        "the number of cores. What the wall clock shows beyond that is waiting: for the disk, for the line, for a step "
        "that another one needs first, and for the process to start.\n"
    )
    yield from _table(
        ("case", "client", "client's CPU s", "registries' CPU s", "least s", "wall s", "waiting"),
        (_limit(race, client) for race in measured.races for client in measured.clients),
    )
    yield _text(
        "\nWhere the two registries compute most of it, a client gains by asking less and by computing less itself; "
        "what is left of a goal after both is theirs. Measured apart on a machine like this one, docker-registry 2.8 "
        "computes 1.2 ms for any request to a repository, whatever it is about (0.1 ms for a path that it does not "
        "know), 3.7 ms for a blob of 16 KiB that it serves, 3.3 ms to open an upload, 5 ms to take one of 16 KiB, 2.5 "
        "ms for a mount, 5.6 ms for a manifest, and 0.24 s for 64 MiB that it takes, most of it their hash. None of "
        "that depends on how the client asks: a blob costs it the same in one PUT or one PATCH, with buffers of 32 KiB "
        "to 1 MiB, and more in pieces below 64 MiB."
    )
    yield _text(
        "\nEvery client hashes every byte, and so does the registry that takes it. Where the processor has no "
        "instructions for SHA-256 (0.38 GB/s on one core), that is most of what all of them compute: A then takes "
        "reconciler 5.0 s of CPU for a GiB, crane 5.2, regsync 4.6 and skopeo 5.3, and in wall time all four are "
        "within 15% of each other."
    )


def _limit(race: Raced, client: Client) -> Sequence[str]:
    laps = [laps[client] for laps in race.laps]
    wall, least = median(lap.cost.wall for lap in laps), median(lap.least for lap in laps)
    return (
        race.case,
        client,
        f"{median(lap.cost.cpu for lap in laps):.2f}",
        f"{median(lap.registries for lap in laps):.2f}",
        f"{least:.2f}",
        f"{wall:.2f}",
        f"{1 - least / wall:.0%}",
    )


def _listings(measured: Measured) -> Iterable[str]:
    yield "\n## Nothing to do, told by the control plane\n"
    yield _text(
        "`reconciler plan --detailed-exitcode` of a replication with `backfill: all` between two instances that hold "
        "the same tags, against the emulator. Listings have digests, 100 tags in each answer, and no registry is "
        "asked. The emulator is called as fast as it answers, the service "
        f"{CALLS_PER_SECOND:g} times a second: that is what the same plan takes there at least. The other "
        "clients cannot use such a listing; what they ask for 750 tags is above, under C.\n"
    )
    rows = [
        (
            str(listed.inventory),
            f"{median(cost.wall for cost in listed.runs):.2f}",
            f"{median(cost.cpu for cost in listed.runs):.2f}",
            f"{listed.calls / CALLS_PER_SECOND:.0f}",
            f"{listed.calls:,}",
            f"{listed.registry_requests:,}",
            f"{median(cost.peak for cost in listed.runs) / 1e6:.0f}",
            str(len(listed.runs)),
        )
        for listed in measured.listings.values()
    ]
    yield from _table(
        ("on both sides", "wall s", "CPU s", "at the service s", "calls", "registry requests", "peak MB", "runs"), rows
    )


def _starts(starts: Sequence[Start]) -> Iterable[str]:
    yield "\n## Start-up\n"
    yield _text(
        f"Whole processes, from start to exit; medians of {len(starts[0].runs)} runs, with bytecode compiled as "
        "installers leave it. In the plan, one repository in ten has to be created.\n"
    )
    yield from _table(("command", "wall s", "CPU s", "peak MB"), map(_start, starts))


def _start(start: Start) -> Sequence[str]:
    return (
        start.name,
        f"{median(cost.wall for cost in start.runs):.3f}",
        f"{median(cost.cpu for cost in start.runs):.3f}",
        f"{median(cost.peak for cost in start.runs) / 1e6:.0f}",
    )


def _text(sentences: str, subsequent_indent: str = "") -> str:
    """Filled, with an empty line where the text began or ended with one."""
    filled = textwrap.fill(sentences.strip("\n"), 120, break_on_hyphens=False, subsequent_indent=subsequent_indent)
    return "\n" * sentences.startswith("\n") + filled + "\n" * sentences.endswith("\n")


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> Iterable[str]:
    yield f"| {' | '.join(head)} |"
    yield f"|{'---|' * len(head)}"
    for row in rows:
        yield f"| {' | '.join(row)} |"
