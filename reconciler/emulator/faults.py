"""Failures of replication tasks that a user of the local cloud asks for, to see what a client makes of them."""

from __future__ import annotations

import threading
from collections.abc import Iterable
from dataclasses import dataclass, replace

from reconciler.emulator.sync_rule import full_match
from reconciler.emulator.sync_task import SyncTask


@dataclass(frozen=True, slots=True)
class TaskFault:
    """The next `times` tasks of images that match end with `issue` once `after_layers` of their layers are copied.

    `repository` (`namespace/repository` at the source) and `tag` are RE2 and match the whole name; empty matches all.
    `NETWORK_ERROR` is the one issue that the service's documents name.
    """

    issue: str = "NETWORK_ERROR"
    times: int = 1
    repository: str = ""
    tag: str = ""
    after_layers: int = 0

    def covers(self, task: SyncTask) -> bool:
        return full_match(self.repository, task.source.path) and full_match(self.tag, task.source.tag)


class TaskFaults:
    """What is still to fail. The first fault that covers a task is used up by it. Thread-safe."""

    def __init__(self) -> None:
        self._left: list[TaskFault] = []
        self._lock = threading.Lock()

    @property
    def left(self) -> tuple[TaskFault, ...]:
        with self._lock:
            return tuple(self._left)

    def add(self, faults: Iterable[TaskFault]) -> None:
        """Raises Refused for a pattern that is not RE2."""
        added = [fault for fault in faults if fault.times > 0]
        for fault in added:
            full_match(fault.repository, "")
            full_match(fault.tag, "")
        with self._lock:
            self._left += added

    def clear(self) -> None:
        with self._lock:
            self._left.clear()

    def meet(self, task: SyncTask) -> TaskFault | None:
        """The fault that this run of `task` meets, counted down."""
        with self._lock:
            fault = next((fault for fault in self._left if fault.covers(task)), None)
            if fault is not None:
                place = self._left.index(fault)
                self._left[place] = replace(fault, times=fault.times - 1)
                self._left = [fault for fault in self._left if fault.times]
            return fault
