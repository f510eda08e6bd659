"""Where a job puts its load, and which registries may get more of it now."""

from __future__ import annotations

import math
from collections import defaultdict
from dataclasses import dataclass, replace
from typing import assert_never

from reconciler.transfer.plan import Job, MountBlob, PutManifest, SendBlob, WriteTag
from reconciler.transfer.windows import BULK_FROM, Kind, Window


@dataclass(frozen=True, slots=True)
class Lane:
    """Jobs of one kind from one registry to another; a job that reads nothing worth counting has no `source`."""

    source: str
    target: str
    kind: Kind

    @property
    def joined(self) -> Lane:
        """The lane of a job that takes part in the reading of another one."""
        return replace(self, source="")


def lane_of(job: Job) -> Lane:
    match job:
        case SendBlob():
            kind = Kind.BULK if job.blob.size >= BULK_FROM else Kind.SMALL
            return Lane(job.source.registry, job.target.registry, kind)
        case MountBlob() | PutManifest() | WriteTag():
            return Lane("", job.target.registry, Kind.SMALL)
        case _:
            assert_never(job)


@dataclass(frozen=True, slots=True)
class Limits:
    """The most that is under way at once: jobs in all, large blobs at one registry, and jobs at one registry."""

    workers: int
    bulk: int
    per_host: int | None = None

    def of(self, kind: Kind) -> int:
        limit = min(self.workers, self.bulk) if kind is Kind.BULK else self.workers
        return limit if self.per_host is None else min(limit, self.per_host)


class Traffic:
    """What is under way at each registry. Not thread-safe; times are seconds on one monotonic clock."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._windows: dict[tuple[str, Kind], Window] = {}
        self._running: defaultdict[str, int] = defaultdict(int)
        self._quiet_until: dict[str, float] = {}

    def may(self, lane: Lane, now: float) -> bool:
        """Whether one more job of `lane` may begin."""
        return all(self._free(host, lane.kind, now) for host in (lane.source, lane.target) if host)

    def may_join(self, lane: Lane, now: float) -> bool:
        """Whether one more job of `lane` may take part in the reading of another one."""
        return self.may(lane.joined, now)

    def begin(self, lane: Lane) -> None:
        for host in (lane.source, lane.target):
            if host:
                self._running[host] += 1
                self._window(host, lane.kind).begin()

    def end(self, lane: Lane, complaints: frozenset[str]) -> None:
        """`complaints` are the registries that wanted to be spared while the job ran."""
        for host in (lane.source, lane.target):
            if host:
                self._running[host] -= 1
                self._window(host, lane.kind).end(well=host not in complaints)

    def complain(self, host: str, kind: Kind) -> None:
        self._window(host, kind).complain()

    def hush(self, host: str, until: float) -> None:
        """Nothing new begins at `host` before `until`."""
        self._quiet_until[host] = max(until, self._quiet_until.get(host, 0.0))

    def next_change(self, now: float) -> float | None:
        """Seconds until a registry may be asked again that wanted quiet; None when none did."""
        left = min((until - now for until in self._quiet_until.values() if until > now), default=math.inf)
        return None if left == math.inf else left

    def _free(self, host: str, kind: Kind, now: float) -> bool:
        limit = self._limits.per_host
        if limit is not None and self._running[host] >= limit:
            return False
        return self._window(host, kind).is_open and self._quiet_until.get(host, 0.0) <= now

    def _window(self, host: str, kind: Kind) -> Window:
        key = (host, kind)
        if key not in self._windows:
            self._windows[key] = Window.of(kind, self._limits.of(kind))
        return self._windows[key]
