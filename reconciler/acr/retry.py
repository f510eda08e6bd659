"""Which failed calls are worth another try, and when."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from random import SystemRandom

from reconciler.acr.errors import AcrError, Throttled, Unavailable, Unreachable

_random = SystemRandom()


def harmless(error: AcrError, *, repeatable: bool) -> bool:
    """Whether the same call may be sent again: a repeatable one after anything that may pass, another write only when
    it certainly did not happen, because the service has no idempotency token that would make a second one safe."""
    match error:
        case Throttled():
            return True
        case Unavailable():
            return repeatable
        case Unreachable():
            return error.passing and (repeatable or not error.sent)
        case _:
            return False


@dataclass(frozen=True, slots=True)
class Backoff:
    """Delays in seconds: `first` doubles up to `cap`, less up to half of it by chance so that callers spread out.

    `chance` gives numbers from 0 to 1. After `tries` calls the error surfaces; after `unreachable_tries` when nobody
    answers, since the host is more likely down or misspelled than busy then.
    """

    first: float = 1.0
    cap: float = 30.0
    tries: int = 6
    unreachable_tries: int = 3
    chance: Callable[[], float] = _random.random

    def exhausted(self, failed: int, error: AcrError) -> bool:
        return failed >= (self.unreachable_tries if isinstance(error, Unreachable) else self.tries)

    def delay(self, failed: int, wanted: float | None = None) -> float:
        """The pause after the `failed`-th failure; at least `wanted`, what the service asked for."""
        pause = min(self.cap, self.first * 2.0 ** (failed - 1)) * (1.0 - self.chance() / 2.0)
        return max(pause, wanted or 0.0)
