"""What is kept of past work, in short: one kind of record for each kind of work."""

from __future__ import annotations

from dataclasses import dataclass

from reconciler.model.report import Verdict
from reconciler.model.sync_task import SyncTask


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
class TaskRecord:
    """A replication task. `rule` is the name of the rule that made it, empty for one that was made by hand; `source`
    and `target` are what the specs call the instances, or their ids."""

    task: SyncTask
    rule: str
    source: str
    target: str

    def seconds(self, now: int) -> float | None:
        """How long it took, or takes already at `now` (epoch milliseconds); None when nobody knows."""
        end = now if self.task.running else self.task.modified
        return max(end - self.task.created, 0) / 1000 if self.task.created else None


@dataclass(frozen=True, slots=True)
class Records:
    """Each kind oldest first. `tasks` is None where nobody asked for tasks."""

    runs: tuple[PastRun, ...] = ()
    tasks: tuple[TaskRecord, ...] | None = None
