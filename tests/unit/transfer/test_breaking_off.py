"""Runs that end early because somebody wants them to, or because nothing can be kept on disk any more."""

from __future__ import annotations

import threading
from contextlib import ExitStack, closing
from io import FileIO
from pathlib import Path

from reconciler.model.report import ImageResult
from reconciler.oci.client import Registry
from reconciler.transfer.engine import TransferResult, run
from reconciler.transfer.events import BlobProgress, Event, ImageDone, Listener, UploadStarted
from reconciler.transfer.journal import Journal
from tests.unit.transfer.lab import RealRegistry, carry_out, order


def _run(
    source: RealRegistry, target: RealRegistry, journal: Journal, listener: Listener, *events: threading.Event
) -> TransferResult:
    stop, break_off = events
    with ExitStack() as opened:
        known = {
            host: opened.enter_context(closing(Registry(host, lambda _: None))) for host in (source.host, target.host)
        }
        return run(
            order(source, target).plan,
            registries=known.__getitem__,
            journal=journal,
            listener=listener,
            workers=1,
            stop=stop,
            break_off=break_off,
        )


def test_breaking_off_drops_the_blob_that_is_on_its_way(source: RealRegistry, target: RealRegistry) -> None:
    stop, break_off = threading.Event(), threading.Event()
    seen: list[Event] = []

    def listen(event: Event) -> None:
        seen.append(event)
        if isinstance(event, BlobProgress):
            stop.set()
            break_off.set()

    result = _run(source, target, Journal(), listen, stop, break_off)

    assert result.stopped
    assert {outcome.result for outcome in result.outcomes} == {ImageResult.FAILED}
    assert all(outcome.reason.startswith("stopped") for outcome in result.outcomes)
    assert target.blob_puts().total() <= 1
    assert not any(isinstance(event, ImageDone) for event in seen)
    assert not carry_out(order(source, target, known_empty=False).plan).result.stopped


def test_a_full_disk_stops_the_run_and_says_so(source: RealRegistry, target: RealRegistry) -> None:
    with Journal(FileIO("/dev/full", "r+")) as journal:
        result = _run(source, target, journal, lambda _: None, threading.Event(), threading.Event())

    assert result.stopped
    reasons = {outcome.reason for outcome in result.outcomes}
    assert reasons == {"stopped, the journal cannot be written: No space left on device; make room and run again"}


def test_two_runs_keep_one_journal_whole(tmp_path: Path, source: RealRegistry, target: RealRegistry) -> None:
    path = tmp_path / "journal"
    carried = carry_out(order(source, target).plan)
    events = [event for event in carried.events if isinstance(event, UploadStarted)]
    assert events
    with Journal.open(path) as one, Journal.open(path) as other:
        for event in events:
            one.record(event)
            other.record(event)

    assert len(path.read_text().splitlines()) == 2 * len(events)
