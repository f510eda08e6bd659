"""What the executor is meant to reach beside its peers, and whether it did."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from statistics import median

from tests.bench.cases import Case
from tests.bench.clients import Client
from tests.bench.listing import Listed
from tests.bench.race import Lap, Laps

_GIB = 1024**3
_BEST_OF = (Client.CRANE, Client.REGSYNC)
_SLOWEST = {Case.A: (1.4, 1.1), Case.TLS: (1.3, 1.25), Case.B: (4.5, 1.4), Case.C: (5.0, 1.1), Case.RTT: (40.0, 1.3)}
"""How many times as fast: as skopeo sync, and as the better of crane and regsync."""
_FEWER = (40.0, 20.0)
_CPU_PER_GIB = 1.4
_PEAK = 60e6
_PEAK_OF_A_LARGE_PLAN = 150e6


@dataclass(frozen=True, slots=True)
class Target:
    """`goal` and `measured` are figures of `unit`; without `at_most` more is better."""

    what: str
    goal: float
    measured: float
    unit: str
    at_most: bool = False

    @property
    def verdict(self) -> str:
        met = self.measured <= self.goal if self.at_most else self.measured >= self.goal
        if met:
            return "met"
        return f"missed by {abs(self.measured - self.goal) / self.goal:.0%}"


def targets(
    races: Mapping[Case, tuple[int, Sequence[Laps]]], listings: Mapping[Case, Listed], clients: Sequence[Client]
) -> Iterator[Target]:
    """Those that what was measured can tell of; `races` has the bytes to move beside each case's rounds."""
    others = [client for client in _BEST_OF if client in clients]
    for case, (slowest_skopeo, slowest_best) in _SLOWEST.items():
        if case not in races:
            continue
        moved, laps = races[case]
        skopeo = ratio(laps, Client.SKOPEO, lambda lap: lap.cost.wall)
        yield Target(f"{case}: wall, times as fast as skopeo sync", slowest_skopeo, skopeo, "x")
        if others:
            best = median(min(r[c].cost.wall for c in others) / r[Client.OURS].cost.wall for r in laps)
            yield Target(f"{case}: wall, times as fast as the better of crane and regsync", slowest_best, best, "x")
        if case is Case.A:
            cpu = median(r[Client.OURS].cost.cpu for r in laps) / moved * _GIB
            yield Target(f"{case}: our CPU", _CPU_PER_GIB, cpu, " s/GiB", at_most=True)
    if Case.C in races and Case.LISTING in listings:
        _, laps = races[Case.C]
        calls = listings[Case.LISTING].calls
        asked = median(r[Client.SKOPEO].requests for r in laps)
        yield Target("C by listing: times fewer requests than skopeo sync", _FEWER[0], asked / calls, "x")
        if others:
            fewest = median(min(r[c].requests for c in others) for r in laps)
            yield Target(
                "C by listing: times fewer than the better of crane and regsync", _FEWER[1], fewest / calls, "x"
            )
    if races:
        peak = max(median(r[Client.OURS].cost.peak for r in laps) for _, laps in races.values())
        yield Target("peak memory of any copy", _PEAK / 1e6, peak / 1e6, " MB", at_most=True)
    if Case.LARGE in listings:
        large = listings[Case.LARGE]
        planned = median(cost.peak for cost in large.runs)
        what = f"peak memory of the plan of {large.inventory.images:,} tags"
        yield Target(what, _PEAK_OF_A_LARGE_PLAN / 1e6, planned / 1e6, " MB", at_most=True)


def ratio(rounds: Sequence[Laps], peer: Client, figure: Callable[[Lap], float]) -> float:
    """The median over the rounds of the peer's figure by ours."""
    return median(figure(laps[peer]) / figure(laps[Client.OURS]) for laps in rounds)
