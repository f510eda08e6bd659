"""What a run tells while it works, besides the events of the transfer."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

from reconciler.model.plan import Change
from reconciler.model.report import StepOutcome
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


RunEvent: TypeAlias = StepStarted | StepEnded | Waiting | Event

RunListener: TypeAlias = Callable[[RunEvent], None]
"""Called from worker threads, one call at a time."""
