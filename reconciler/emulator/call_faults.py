"""What goes wrong with OpenAPI calls because a user of the local cloud asks for it: by chance that can be repeated."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from random import Random


class CallFault(StrEnum):
    """`LOST` is carried out and not answered; `FAILED` is answered with 500, by chance before or after it is."""

    THROTTLED = "throttled"
    LOST = "lost"
    FAILED = "failed"
    FAILED_AFTER = "failed_after"


@dataclass(frozen=True, slots=True)
class CallFaults:
    """Shares of the calls, 0 to 1. `latency` is real seconds before each answer; `per_second` is how many calls are
    taken in a second before they are throttled, 0 being no limit. The same `seed` draws the same faults in the same
    order of calls.

    Raises ValueError for shares that are none or that are more than all together.
    """

    throttled: float = 0.0
    lost: float = 0.0
    failed: float = 0.0
    latency: float = 0.0
    per_second: float = 0.0
    seed: int = 0

    def __post_init__(self) -> None:
        shares = (self.throttled, self.lost, self.failed)
        if not all(0.0 <= share <= 1.0 for share in shares) or sum(shares) > 1.0:
            raise ValueError("the shares of throttled, lost and failed calls are 0 to 1, and 1 together at most")
        if self.latency < 0.0 or self.per_second < 0.0:
            raise ValueError("latency and calls per second are not below 0")


class CallWeather:
    """Draws what happens to each call. Only the event loop's thread uses it. `clock` counts in seconds."""

    def __init__(self, faults: CallFaults, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self.set(faults)

    def set(self, faults: CallFaults) -> None:
        self.faults = faults
        self._random = Random(faults.seed)  # noqa: S311 - chance that can be repeated, not secrecy
        self._allowance = max(faults.per_second, 1.0)
        self._refilled = self._clock()

    def draw(self) -> CallFault | None:
        """What goes wrong with the next call."""
        chance, half = self._random.random(), self._random.random() < 0.5
        if self._over_limit():
            return CallFault.THROTTLED
        faults = self.faults
        for share, fault in (
            (faults.throttled, CallFault.THROTTLED),
            (faults.lost, CallFault.LOST),
            (faults.failed, CallFault.FAILED_AFTER if half else CallFault.FAILED),
        ):
            if chance < share:
                return fault
            chance -= share
        return None

    def _over_limit(self) -> bool:
        """A bucket of one second's calls that fills up all the time."""
        rate, now = self.faults.per_second, self._clock()
        if not rate:
            return False
        self._allowance = min(max(rate, 1.0), self._allowance + (now - self._refilled) * rate)
        self._refilled = now
        if self._allowance < 1.0:
            return True
        self._allowance -= 1.0
        return False
