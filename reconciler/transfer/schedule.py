"""Which step may run next, and what a failure blocks: a state machine without I/O, clock or threads."""

from __future__ import annotations

import heapq
from array import array
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from enum import IntEnum, auto

from reconciler.transfer.lanes import Lane, lane_of
from reconciler.transfer.plan import MountBlob, Step, WriteTag


class _State(IntEnum):
    WAITING = auto()
    READY = auto()
    RUNNING = auto()
    DONE = auto()
    FAILED = auto()
    DROPPED = auto()


_OVER = (_State.DONE, _State.FAILED, _State.DROPPED)
_NONE: tuple[int, ...] = ()


class _Links:
    """Which steps wait for each step: two flat arrays, because there may be hundreds of thousands."""

    def __init__(self, before: Sequence[tuple[int, ...]]) -> None:
        """`before` are, for each step, the numbers of those that it waits for."""
        self._start = array("l", bytes(array("l").itemsize * (len(before) + 1)))
        for numbers in before:
            for number in numbers:
                self._start[number] += 1
        for number in range(1, len(self._start)):
            self._start[number] += self._start[number - 1]
        self._after = array("l", bytes(array("l").itemsize * self._start[-1]))
        for waiting in reversed(range(len(before))):
            for number in before[waiting]:
                self._start[number] -= 1
                self._after[self._start[number]] = waiting
        self._added: dict[int, list[int]] = {}

    def after(self, number: int) -> Sequence[int]:
        found = self._after[self._start[number] : self._start[number + 1]]
        added = self._added.get(number)
        return found if added is None else [*found, *added]

    def add(self, number: int, waiting: Iterable[int]) -> None:
        self._added.setdefault(number, []).extend(waiting)


class Schedule:
    """Steps in, outcomes in, ready steps out: each registry its share, and for each the most important step first.

    `fans` are steps that go well together. Not thread-safe.
    """

    def __init__(self, steps: Sequence[Step], fans: Sequence[tuple[int, ...]] = ()) -> None:
        self._steps = steps
        self._state = bytearray([_State.WAITING]) * len(steps)
        self._missing = array("l", bytes(array("l").itemsize * len(steps)))
        self._needed_by = _Links([step.needs for step in steps])
        self._followed_by = _Links([step.follows for step in steps])
        self._users = array("l", self._missing)
        self._ready: defaultdict[Lane, list[int]] = defaultdict(list)
        self._running: defaultdict[str, int] = defaultdict(int)
        self._fans = {number: fan for fan in fans for number in fan}
        self._open = len(steps)
        self.ready = 0
        """Steps that could run now."""
        for number, step in enumerate(steps):
            self._missing[number] = len(step.needs) + len(step.follows)
            for need in step.needs:
                self._users[need] += 1
            if not self._missing[number]:
                self._make_ready(number)

    @property
    def finished(self) -> bool:
        """Every step is over."""
        return self._open == 0

    def take(self, may: Callable[[Lane], bool] = lambda _lane: True) -> int | None:
        """A step to run now, in a lane that `may` be used; None when there is none until something changes."""
        best: tuple[int, int, Lane] | None = None
        for lane, waiting in self._ready.items():
            while waiting and self._state[waiting[0]] != _State.READY:
                heapq.heappop(waiting)
            if waiting:
                candidate = (self._running[lane.target], waiting[0], lane)
                if (best is None or candidate[:2] < best[:2]) and may(lane):
                    best = candidate
        if best is None:
            return None
        heapq.heappop(self._ready[best[2]])
        self._run(best[1])
        return best[1]

    def join(self, number: int, may: Callable[[Lane], bool] = lambda _lane: True) -> tuple[int, ...]:
        """Further steps to run now, because the step `number` that was taken makes them cheaper."""
        joined: list[int] = []
        for other in self._fans.get(number, _NONE):
            if self._state[other] == _State.READY and may(lane_of(self._steps[other].job)):
                self._run(other)
                joined.append(other)
        return tuple(joined)

    def done(self, number: int) -> None:
        """The step succeeded."""
        self._end(number, _State.DONE)
        for waiting in self._needed_by.after(number):
            self._release(waiting)
        for waiting in self._followed_by.after(number):
            self._release(waiting)

    def fail(self, number: int) -> tuple[int, ...]:
        """The step failed for good. The answer is the images (tag steps) that cannot be had any more.

        Steps that only they wanted are dropped. Of several mounts that waited for a blob to be sent, one goes first
        and the others wait for it, so that a blob whose way is blocked in one repository is still sent once elsewhere.
        """
        lost: list[int] = []
        blocked = [number]
        while blocked:
            current = blocked.pop()
            if self._state[current] in _OVER:
                continue
            self._end(current, _State.FAILED)
            if isinstance(self._steps[current].job, WriteTag):
                lost.append(current)
            blocked.extend(self._needed_by.after(current))
            self._let_follow(current)
            self._abandon_needs(current)
        return tuple(sorted(lost))

    def _let_follow(self, number: int) -> None:
        waiting = [n for n in self._followed_by.after(number) if self._state[n] not in _OVER]
        mounts = [n for n in waiting if isinstance(self._steps[n].job, MountBlob)]
        if mounts:
            self._followed_by.add(mounts[0], mounts[1:])
        for follower in waiting:
            if follower not in mounts[1:]:
                self._release(follower)

    def _abandon_needs(self, number: int) -> None:
        """One user less for each step that this one waited for; steps that nobody wants are not started."""
        for need in self._steps[number].needs:
            self._users[need] -= 1
            if self._users[need] == 0 and self._state[need] in (_State.WAITING, _State.READY):
                self._drop(need)

    def _drop(self, number: int) -> None:
        if any(self._state[n] not in _OVER for n in self._followed_by.after(number)):
            return  # a mount elsewhere counts on it
        self._end(number, _State.DROPPED)
        self._abandon_needs(number)
        for earlier in self._steps[number].follows:
            if self._users[earlier] == 0 and self._state[earlier] in (_State.WAITING, _State.READY):
                self._drop(earlier)

    def _release(self, number: int) -> None:
        if self._state[number] == _State.WAITING:
            self._missing[number] -= 1
            if not self._missing[number]:
                self._make_ready(number)

    def _make_ready(self, number: int) -> None:
        self._state[number] = _State.READY
        self.ready += 1
        heapq.heappush(self._ready[lane_of(self._steps[number].job)], number)

    def _run(self, number: int) -> None:
        self._state[number] = _State.RUNNING
        self.ready -= 1
        self._running[self._steps[number].job.target.registry] += 1

    def _end(self, number: int, state: _State) -> None:
        if self._state[number] == _State.RUNNING:
            self._running[self._steps[number].job.target.registry] -= 1
        elif self._state[number] == _State.READY:
            self.ready -= 1
        self._state[number] = state
        self._open -= 1
