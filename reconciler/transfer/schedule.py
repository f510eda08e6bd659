"""Which step may run next, and what a failure blocks: a state machine without I/O, clock or threads."""

from __future__ import annotations

import heapq
from collections.abc import Sequence
from enum import Enum, auto

from reconciler.transfer.plan import MountBlob, Step, WriteTag


class _State(Enum):
    WAITING = auto()
    READY = auto()
    RUNNING = auto()
    DONE = auto()
    FAILED = auto()
    DROPPED = auto()


_OVER = (_State.DONE, _State.FAILED, _State.DROPPED)


class Schedule:
    """Steps in, outcomes in, ready steps out, the most important first. Not thread-safe."""

    def __init__(self, steps: Sequence[Step]) -> None:
        self._steps = steps
        self._state = [_State.WAITING] * len(steps)
        self._missing = [0] * len(steps)
        self._needed_by: list[list[int]] = [[] for _ in steps]
        self._followed_by: list[list[int]] = [[] for _ in steps]
        self._users = [0] * len(steps)
        self._ready: list[int] = []
        self._open = len(steps)
        for number, step in enumerate(steps):
            self._missing[number] = len(step.needs) + len(step.follows)
            for need in step.needs:
                self._needed_by[need].append(number)
                self._users[need] += 1
            for earlier in step.follows:
                self._followed_by[earlier].append(number)
            if not self._missing[number]:
                self._make_ready(number)

    @property
    def finished(self) -> bool:
        """Every step is over."""
        return self._open == 0

    def take(self) -> int | None:
        """A step to run now; None when there is none until another one is over."""
        while self._ready:
            number = heapq.heappop(self._ready)
            if self._state[number] is _State.READY:
                self._state[number] = _State.RUNNING
                return number
        return None

    def done(self, number: int) -> None:
        """The step succeeded."""
        self._end(number, _State.DONE)
        for waiting in self._needed_by[number]:
            self._release(waiting)
        for waiting in self._followed_by[number]:
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
            blocked.extend(self._needed_by[current])
            self._let_follow(current)
            self._abandon_needs(current)
        return tuple(sorted(lost))

    def _let_follow(self, number: int) -> None:
        waiting = [n for n in self._followed_by[number] if self._state[n] not in _OVER]
        mounts = [n for n in waiting if isinstance(self._steps[n].job, MountBlob)]
        for other in mounts[1:]:
            self._followed_by[mounts[0]].append(other)
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
        if any(self._state[n] not in _OVER for n in self._followed_by[number]):
            return  # a mount elsewhere counts on it
        self._end(number, _State.DROPPED)
        self._abandon_needs(number)
        for earlier in self._steps[number].follows:
            if self._users[earlier] == 0 and self._state[earlier] in (_State.WAITING, _State.READY):
                self._drop(earlier)

    def _release(self, number: int) -> None:
        if self._state[number] is _State.WAITING:
            self._missing[number] -= 1
            if not self._missing[number]:
                self._make_ready(number)

    def _make_ready(self, number: int) -> None:
        self._state[number] = _State.READY
        heapq.heappush(self._ready, number)

    def _end(self, number: int, state: _State) -> None:
        self._state[number] = state
        self._open -= 1
