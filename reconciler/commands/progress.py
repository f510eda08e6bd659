"""Painting progress on stderr: over and over at a terminal, now and then a line elsewhere."""

from __future__ import annotations

import shutil
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from time import monotonic
from typing import TYPE_CHECKING

from reconciler.commands.console import Console

if TYPE_CHECKING:
    from reconciler.acr.events import CallEvent
    from reconciler.executor.events import RunEvent, RunListener
    from reconciler.model.plan import Plan

_FRAME_SECONDS = 0.15
_LINE_SECONDS = 5.0
_WAITING_SECONDS = 15.0
"""Longer than a reading takes where nothing is wrong and little is to be read."""


@contextmanager
def told_waiting(console: Console) -> Iterator[None]:
    """Says from time to time that the live state is still being read, so that a server that does not answer is no
    silence."""
    finished = threading.Event()
    began = monotonic()

    def tell() -> None:
        while not finished.wait(_WAITING_SECONDS):
            console.note(f"still reading the live state, for {monotonic() - began:.0f} s")

    teller = threading.Thread(target=tell, name="waiting", daemon=True)
    teller.start()
    try:
        yield
    finally:
        finished.set()


def told_calls(console: Console) -> Callable[[CallEvent], None]:
    """Says when the OpenAPI or a registry slows a reading down, so that silence is never a riddle."""
    from reconciler.acr.events import CallThrottled

    def tell(event: CallEvent) -> None:
        reason = f"`{event.action}`: throttled" if isinstance(event, CallThrottled) else event.reason
        console.note(f"{reason}; again in {event.delay:.1f} s")

    return tell


@contextmanager
def painted(plan: Plan, console: Console) -> Iterator[RunListener]:
    """A listener that feeds the picture; the picture is gone when the run is over."""
    from reconciler.executor.events import ServiceMoved, StepEnded, StepStarted, TaskSeen, Waiting
    from reconciler.render import progress_bar
    from reconciler.render.progress import Progress

    progress = Progress.planned(plan.transfers, steps=len(plan.changes))
    lock = threading.Lock()
    finished = threading.Event()

    def listen(event: RunEvent) -> None:
        with lock:
            match event:
                case StepStarted(change):
                    progress.step_started(change.address, monotonic())
                case StepEnded(outcome):
                    progress.step_ended(outcome)
                case Waiting():
                    pass
                case TaskSeen(transfer, task):
                    progress.task_seen(transfer.target, task.synced)
                case ServiceMoved(outcome):
                    progress.service_moved(outcome)
                case _:
                    progress.observe(event, monotonic())

    def paint() -> None:
        while not finished.wait(_FRAME_SECONDS if console.interactive else _LINE_SECONDS):
            columns, lines = shutil.get_terminal_size()
            with lock:
                if console.interactive:
                    rows = max(min(lines - 7, progress_bar.ROWS), 1)
                    text = progress_bar.frame(progress, monotonic(), replace(console.note_style, width=columns), rows)
                else:
                    text = progress_bar.line(progress, monotonic())
            if console.interactive:
                console.frame(text)
            else:
                console.note(text)
        console.frame("")

    painter = threading.Thread(target=paint, name="progress", daemon=True)
    painter.start()
    try:
        yield listen
    finally:
        finished.set()
        painter.join()
