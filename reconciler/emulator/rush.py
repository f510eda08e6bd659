"""A registry that wants a moment of quiet when many uploads begin at once, as a throttled service does."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Rush:
    """Once `after` uploads were begun at a registry, it answers 429 to everything for `seconds` (real ones), one time.

    Raises ValueError for figures below 1 upload and 0 seconds.
    """

    after: int
    seconds: float

    def __post_init__(self) -> None:
        if self.after < 1 or self.seconds < 0.0:
            raise ValueError("a rush is after 1 upload at least, and lasts 0 seconds or more")


class Rushes:
    """Of all registries of a cloud, each by its label. Only the event loop's thread uses it."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._rush: Rush | None = None
        self._begun: Counter[str] = Counter()
        self._until: dict[str, float] = {}

    def set(self, rush: Rush | None) -> None:
        """Counts from here on; None ends it."""
        self._rush = rush
        self._begun.clear()
        self._until.clear()

    def wait(self, label: str, *, begins_upload: bool) -> float:
        """Seconds that the next request has to wait; 0 lets it pass."""
        if self._rush is None:
            return 0.0
        if label not in self._until:
            self._begun[label] += begins_upload
            if self._begun[label] <= self._rush.after:
                return 0.0
            self._until[label] = self._clock() + self._rush.seconds
        return max(0.0, self._until[label] - self._clock())
