"""How often and how long to try again with one registry; its wish to be left alone binds every thread."""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TypeVar

from reconciler.oci.errors import RegistryBusy, RegistryError, RegistryUnreachable, UploadLost

_T = TypeVar("_T")

LONGEST_WAIT = 300.0
"""Seconds of a Retry-After that are waited for; longer than that the failure is worth a report."""


@dataclass(frozen=True, slots=True)
class Retry:
    """A request is tried again after `delay` seconds.

    `throttled`: the registry has too many requests from us. `asked`: it named the time to wait. `congested`: it, or the
    way to it, may be busy with us.
    """

    host: str
    reason: str
    delay: float
    throttled: bool
    asked: bool = False
    congested: bool = False


@dataclass(frozen=True, slots=True)
class Backoff:
    """`attempts` in all; the pause before attempt n is random between a half and the whole of `first` * 2^(n-1) s."""

    attempts: int = 5
    first: float = 0.5
    longest: float = 30.0

    def pause(self, attempt: int, chance: float) -> float:
        """Seconds to wait after failed attempt number `attempt` (from 1); `chance` is between 0 and 1."""
        return float(min(self.longest, self.first * 2 ** (attempt - 1)) * (0.5 + chance / 2))


class Patience:
    """Shared by all threads that talk to one registry."""

    def __init__(
        self,
        backoff: Backoff,
        *,
        sleep: Callable[[float], object] = time.sleep,
        clock: Callable[[], float] = time.monotonic,
        chance: Callable[[], float] = random.random,
    ) -> None:
        self._backoff = backoff
        self._sleep = sleep
        self._clock = clock
        self._chance = chance
        self._lock = threading.Lock()
        self._quiet_until = 0.0
        self._observers: list[Callable[[Retry], None]] = []
        self._retries = 0

    @property
    def retries(self) -> int:
        return self._retries

    @contextmanager
    def observed(self, observer: Callable[[Retry], None]) -> Iterator[None]:
        """`observer` hears of every retry while the block runs."""
        with self._lock:
            self._observers.append(observer)
        try:
            yield
        finally:
            with self._lock:
                self._observers.remove(observer)

    def hold(self) -> None:
        """Wait until the registry's last Retry-After is over."""
        while (left := self._quiet_until - self._clock()) > 0:
            self._sleep(left)
            if self._clock() < self._quiet_until:
                return  # the sleep was cut short on purpose: someone wants this run to end

    def persist(self, action: Callable[[], _T]) -> _T:
        """`action`'s result; it is tried again while it raises transient RegistryErrors and attempts are left.

        An error that an inner `persist` gave up on is not tried again.
        """
        attempt = 1
        while True:
            try:
                return action()
            except RegistryError as error:
                if error.spent or not error.transient or attempt >= self._backoff.attempts:
                    error.spent = True
                    raise
                self._wait_after(error, attempt)
            attempt += 1

    def _wait_after(self, error: RegistryError, attempt: int) -> None:
        delay = self._backoff.pause(attempt, self._chance())
        throttled = isinstance(error, RegistryBusy) and error.throttled
        if isinstance(error, RegistryBusy) and error.retry_after is not None:
            if error.retry_after > LONGEST_WAIT:
                error.spent = True
                raise error
            delay = max(error.retry_after, delay)
        asked = isinstance(error, RegistryBusy) and error.retry_after is not None
        congested = isinstance(error, RegistryBusy | RegistryUnreachable) and not isinstance(error, UploadLost)
        with self._lock:
            self._retries += 1
            if throttled or asked:
                self._quiet_until = max(self._quiet_until, self._clock() + delay)
            observers = tuple(self._observers)
        for observer in observers:
            observer(Retry(error.host, error.message, delay, throttled, asked or throttled, congested))
        self._sleep(delay)
