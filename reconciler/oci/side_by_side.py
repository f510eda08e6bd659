"""The same question asked many times: by a few threads, with the answers in order."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Generic, TypeVar

_T = TypeVar("_T")
_R = TypeVar("_R")

_BEGIN = 8
"""Threads to begin with."""

_QUEUED = 2.0
"""An answer that took so many times as long as the fastest one waited for others: more questions at once are no use."""


@dataclass(slots=True)
class Distance:
    """How far away whoever answers is, in seconds: the fastest answer so far."""

    fastest: float = float("inf")

    def told(self, seconds: float) -> bool:
        """After an answer that took `seconds`: whether one more question at once is of use."""
        self.fastest = min(self.fastest, seconds)
        return seconds < self.fastest * _QUEUED


def side_by_side(ask: Callable[[_T], _R], items: Iterable[_T], workers: int, name: str) -> list[_R]:
    """`ask` of each item, by at most `workers` threads called `name`.

    Threads take the next item themselves, which costs a tenth of handing each one over. There are few of them where
    answers are near, and twice as many with each round trip where they are far: as long as they do not take longer for
    that (so TCP Vegas finds its window). Raises what the first failure raised; no item is begun after it.
    """
    crew = _Crew(ask, list(items), workers, name)
    crew.work()
    if crew.failures:
        raise crew.failures[0]
    return [crew.answers[number] for number in range(len(crew.items))]


class _Crew(Generic[_T, _R]):
    def __init__(self, ask: Callable[[_T], _R], items: list[_T], workers: int, name: str) -> None:
        self._ask = ask
        self._workers = min(workers, len(items))
        self._name = name
        self._numbers = iter(range(len(items)))
        self._lock = threading.Lock()
        self._threads: list[threading.Thread] = []
        self._distance = Distance()
        self.items = items
        self.answers: dict[int, _R] = {}
        self.failures: list[BaseException] = []

    def work(self) -> None:
        """Until every item is answered or one failed."""
        if self._workers < 2:
            self._threads.append(threading.current_thread())
            self._take()
            return
        with self._lock:
            for _ in range(min(self._workers, _BEGIN)):
                self._one_more()
        try:
            self._join()
        except KeyboardInterrupt as error:
            self.failures.append(error)
            self._join()

    def _join(self) -> None:
        # There may be more of them by the time that the first ones are done.
        for thread in self._threads:
            thread.join()

    def _take(self) -> None:
        while not self.failures:
            with self._lock:
                number = next(self._numbers, None)
            if number is None:
                return
            began = time.monotonic()
            try:
                self.answers[number] = self._ask(self.items[number])
            # A thread that ended without a word would leave an item without an answer: whoever waits for the answers
            # raises what ended it, and the other threads stop.
            except BaseException as error:  # noqa: BLE001
                self.failures.append(error)
            self._learn(time.monotonic() - began)

    def _learn(self, seconds: float) -> None:
        with self._lock:
            if self._distance.told(seconds) and len(self._threads) < self._workers:
                self._one_more()

    def _one_more(self) -> None:
        thread = threading.Thread(target=self._take, name=f"{self._name}-{len(self._threads)}")
        self._threads.append(thread)
        thread.start()
