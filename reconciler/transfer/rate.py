"""A limit on bytes per second that all blobs of a run share."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

_SLICE = 0.25
"""Seconds that a thread sleeps at a time, so that a run which is broken off ends soon."""


class Rate:
    """A token bucket that may go into debt: who sends more than is left waits until it is paid back. Thread-safe.

    It starts empty, so that a short run keeps to the limit as well.
    """

    def __init__(
        self,
        limit: int,
        *,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], object] = time.sleep,
    ) -> None:
        """`limit` is in bytes per second."""
        self._limit = limit
        self._clock = clock
        self._sleep = sleep
        self._lock = threading.Lock()
        self._free_at = clock()

    def spend(self, count: int, check: Callable[[], None]) -> None:
        """Account for `count` bytes and wait until they are within the limit; `check` raises to end the wait."""
        with self._lock:
            self._free_at = max(self._free_at, self._clock()) + count / self._limit
            until = self._free_at
        while (left := until - self._clock()) > 0:
            check()
            self._sleep(min(left, _SLICE))
