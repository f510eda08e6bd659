"""Waiting for the service: it accepts many changes at once and carries them out later."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from time import monotonic


class StepFailed(Exception):
    """A step that cannot be finished; `retryable` says whether another run may."""

    def __init__(self, reason: str, *, retryable: bool = False) -> None:
        super().__init__(reason)
        self.retryable = retryable


def _never() -> bool:
    return False


@dataclass(frozen=True, slots=True)
class Patience:
    """Polls at `first` seconds, then more and more slowly up to `slowest`, and gives up after `deadline` seconds.

    The service takes seconds for namespaces and minutes for VPC links and big images.
    """

    first: float = 0.2
    slowest: float = 5.0
    deadline: float = 600.0
    stop: threading.Event = field(default_factory=threading.Event)
    clock: Callable[[], float] = monotonic

    def until(self, reached: Callable[[], bool], what: str, *, alive: Callable[[], bool] = _never) -> None:
        """Returns when `reached` says so. Raises StepFailed when it does not in time, or when the run is stopped. The
        time begins anew whenever `alive`, asked after `reached`, sees something move."""
        end = self.clock() + self.deadline
        pause = self.first
        while not reached():
            if alive():
                end = self.clock() + self.deadline
            if self.clock() >= end:
                raise StepFailed(f"{what}: not reached within {self.deadline:.0f} s; apply again", retryable=True)
            if self.stop.wait(pause):
                raise StepFailed(f"{what}: stopped while waiting; apply again", retryable=True)
            pause = min(pause * 1.5, self.slowest)
