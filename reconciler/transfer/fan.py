"""One reading of a blob for several uploads of it: each takes what is read at its own speed, within bounds.

What is read and not yet taken by all is kept, HELD bytes at most; who is ahead by that much waits. A target that costs
the others more than SLACK and a SHARE of the time is left behind: it reads the rest by itself. So does one that has to
start again, and every one after the reading has failed.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable
from contextlib import ExitStack

from reconciler.oci.measured import Readable
from reconciler.oci.upload import BUFFER_SIZE, OpenAt

HELD = 2 * 1024 * 1024
SLACK = 2.0
"""Seconds."""
SHARE = 0.25


class Fan:
    """`open_at` begins a reading at an offset; `branches` uploads take part, each in a thread of its own."""

    def __init__(
        self, open_at: OpenAt, branches: int, *, slack: float = SLACK, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self.open_at = open_at
        self._slack = slack
        self._clock = clock
        self._change = threading.Condition()
        self._source = ExitStack()
        self._reader: Readable | None = None
        self._busy = False
        self._chunks: deque[bytes] = deque()
        self._start = self._end = 0
        self._began = clock()
        self._scratch = memoryview(bytearray(BUFFER_SIZE))
        self.branches = tuple(Branch(self) for _ in range(branches))
        self._taking = set(self.branches)

    def take(self, branch: Branch, buffer: memoryview) -> int | None:
        """Bytes that come next for `branch`, 0 at the end; None when it has to read by itself from here on.

        Raises RegistryError.
        """
        with self._change:
            while True:
                if branch not in self._taking:
                    return None
                if branch.position < self._end:
                    return self._copy(branch, buffer)
                if self._busy:
                    self._change.wait()
                elif self._end - self._start >= HELD:
                    self._wait_for_the_slowest(branch)
                else:
                    self._busy = True
                    break
        return self._read(branch, buffer)

    def leave(self, branch: Branch) -> None:
        """`branch` takes no more; the last one closes the reading."""
        with self._change:
            self._taking.discard(branch)
            self._forget()
            if not self._taking and not self._busy:
                self._source.close()
            self._change.notify_all()

    def _read(self, branch: Branch, buffer: memoryview) -> int:
        count = -1
        try:
            if self._reader is None:
                self._reader = self._source.enter_context(self.open_at(0))
            count = self._reader.readinto(self._scratch)
        finally:
            with self._change:
                self._busy = False
                if count < 0:
                    self._taking.clear()  # the others try for themselves
                    self._source.close()
                elif count:
                    self._chunks.append(bytes(self._scratch[:count]))
                    self._end += count
                self._change.notify_all()
        if count == 0:
            return 0
        with self._change:
            return self._copy(branch, buffer)

    def _copy(self, branch: Branch, buffer: memoryview) -> int:
        place = self._start
        for chunk in self._chunks:
            if branch.position < place + len(chunk):
                break
            place += len(chunk)
        offset = branch.position - place
        count = min(len(chunk) - offset, len(buffer))
        buffer[:count] = memoryview(chunk)[offset : offset + count]
        branch.position += count
        self._forget()
        return count

    def _forget(self) -> None:
        slowest = min((branch.position for branch in self._taking), default=self._end)
        while self._chunks and self._start + len(self._chunks[0]) <= slowest:
            self._start += len(self._chunks.popleft())
            self._change.notify_all()

    def _wait_for_the_slowest(self, ahead: Branch) -> None:
        now = self._clock()
        patience = self._slack + SHARE * (now - self._began) - ahead.waited
        if patience > 0:
            self._change.wait(patience)
            ahead.waited += self._clock() - now
            return
        slowest = min(branch.position for branch in self._taking)
        self._taking = {branch for branch in self._taking if branch.position > slowest}
        self._forget()


class Branch:
    """One upload's part in a reading; opened from the beginning it shares, otherwise it reads by itself."""

    def __init__(self, fan: Fan) -> None:
        self._fan = fan
        self._opened = False
        self._own = ExitStack()
        self._reader: Readable | None = None
        self.position = 0
        self.waited = 0.0

    def open_at(self, offset: int) -> Branch:
        """The reader of the blob from `offset` on; one at a time."""
        if self._opened or offset:
            self._fan.leave(self)
            self.position = offset
        self._opened = True
        return self

    def readinto(self, buffer: memoryview, /) -> int:
        """Bytes read, 0 at the end. Raises RegistryError."""
        if self._reader is None:
            count = self._fan.take(self, buffer)
            if count is not None:
                return count
            self._reader = self._own.enter_context(self._fan.open_at(self.position))
        return self._reader.readinto(buffer)

    def close(self) -> None:
        self._fan.leave(self)
        self._own.close()
        self._reader = None

    def __enter__(self) -> Branch:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
