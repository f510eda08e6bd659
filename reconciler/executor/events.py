"""What a run tells while it works, besides the events of the transfer."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

from reconciler.model.plan import Change, Transfer
from reconciler.model.report import ImageOutcome, StepOutcome
from reconciler.model.sync_task import SyncTask
from reconciler.transfer.events import Event


@dataclass(frozen=True, slots=True)
class StepStarted:
    change: Change


@dataclass(frozen=True, slots=True)
class StepEnded:
    outcome: StepOutcome


@dataclass(frozen=True, slots=True)
class Waiting:
    """A step is done on our side and waits for the service, for example for a VPC link to run."""

    change: Change
    reason: str


@dataclass(frozen=True, slots=True)
class TaskSeen:
    """What a replication task of the service looks like by now."""

    transfer: Transfer
    task: SyncTask


@dataclass(frozen=True, slots=True)
class ServiceMoved:
    """How an image ended that the service moves itself."""

    outcome: ImageOutcome


RunEvent: TypeAlias = StepStarted | StepEnded | Waiting | TaskSeen | ServiceMoved | Event

RunListener: TypeAlias = Callable[[RunEvent], None]
"""Called from worker threads, one call at a time."""
