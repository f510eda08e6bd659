"""How fast calls go out: one limit for all threads that use an account."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

CALLS_PER_SECOND = 15.0
"""The service publishes no figure; 15 is what Harbor's adapter for this API found to be safe."""

BURST = 5
"""Calls that may go out at once after a pause: a first look at one instance, a third of a second's share."""


class Pace:
    """A token bucket. `clock` and `sleep` count in seconds."""

    def __init__(
        self,
        per_second: float = CALLS_PER_SECOND,
        burst: int = BURST,
        *,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._interval = 1.0 / per_second
        self._slack = self._interval * (burst - 1)
        self._clock = clock
        self._sleep = sleep
        self._lock = threading.Lock()
        self._next = float("-inf")

    def wait(self) -> None:
        """Return when the next call may go out."""
        with self._lock:
            now = self._clock()
            start = max(self._next, now - self._slack)
            self._next = start + self._interval
        if start > now:
            self._sleep(start - now)

    def sleep(self, seconds: float) -> None:
        """Hold up only the thread that asks."""
        self._sleep(seconds)

    def hold(self, seconds: float) -> None:
        """Let no further call start before `seconds` have passed; what comes then is spaced, not a burst."""
        with self._lock:
            self._next = max(self._next, self._clock() + seconds)
