"""What is kept of past work, in short: one kind of record for each kind of work."""

from __future__ import annotations

from dataclasses import dataclass

from reconciler.model.report import Verdict


@dataclass(frozen=True, slots=True)
class PastRun:
    """A run of `apply`. `created` is RFC 3339 in UTC; the counts are of images; `seconds` is the whole run's time."""

    id: str
    created: str
    verdict: Verdict
    selected: int
    imported: int
    skipped: int
    failed: int
    bytes_moved: int
    seconds: float


@dataclass(frozen=True, slots=True)
class Records:
    """Each kind oldest first."""

    runs: tuple[PastRun, ...] = ()
