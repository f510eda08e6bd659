"""Carries a transfer plan out with a bounded number of threads; one image's failure is that image's alone."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass

from reconciler.model.report import ImageOutcome, ImageResult
from reconciler.oci.client import Registry
from reconciler.oci.errors import RegistryError
from reconciler.oci.patience import Retry
from reconciler.oci.upload import BUFFER_SIZE
from reconciler.transfer.events import Event, ImageDone, Listener, Retried, Throttled, TransferStarted
from reconciler.transfer.jobs import Carrier, ImageRefused, Moved
from reconciler.transfer.journal import Journal
from reconciler.transfer.plan import TransferPlan, WriteTag
from reconciler.transfer.schedule import Schedule

_STOPPED = "stopped before it was done; run again to go on"


@dataclass(frozen=True, slots=True)
class TransferResult:
    """`outcomes` are in plan order, one per image. `requests` and `retries` are of this run, over all registries.

    `stopped`: not everything was tried, because the run was asked to end.
    """

    outcomes: tuple[ImageOutcome, ...]
    bytes_moved: int
    bytes_mounted: int
    requests: int
    retries: int
    seconds: float
    stopped: bool = False


def run(
    plan: TransferPlan,
    *,
    registries: Callable[[str], Registry],
    journal: Journal,
    listener: Listener,
    workers: int = 8,
    stop: threading.Event | None = None,
    break_off: threading.Event | None = None,
) -> TransferResult:
    """Copy every image of `plan`. `registries` gives the registry of a host, the same one each time.

    Once `stop` is set, or after Ctrl-C, what runs is finished and nothing new begins; once `break_off` is set as well,
    or after a second Ctrl-C, blobs that are on their way are dropped. A journal that cannot be written stops the run.
    """
    hosts = {name for t in plan.images for name in (t.source.registry, t.target.registry)}
    known = {host: registries(host) for host in sorted(hosts)}
    before = [(registry.requests.total(), registry.retries) for registry in known.values()]
    started = time.monotonic()
    crew = _Crew(plan, known, journal, listener, stop or threading.Event(), break_off or threading.Event())
    with ExitStack() as watching:
        for registry in known.values():
            watching.enter_context(registry.observed(crew.retried))
        outcomes = crew.work(workers)
    after = [(registry.requests.total(), registry.retries) for registry in known.values()]
    return TransferResult(
        outcomes=outcomes,
        bytes_moved=sum(outcome.bytes_moved for outcome in outcomes),
        bytes_mounted=sum(outcome.bytes_mounted for outcome in outcomes),
        requests=sum(now[0] - then[0] for now, then in zip(after, before, strict=True)),
        retries=sum(now[1] - then[1] for now, then in zip(after, before, strict=True)),
        seconds=time.monotonic() - started,
        stopped=crew.stopped,
    )


class _BrokenOff(Exception):
    """Somebody wants the run to end at once."""


class _Crew:
    """The threads of one run and what they share."""

    def __init__(
        self,
        plan: TransferPlan,
        registries: dict[str, Registry],
        journal: Journal,
        listener: Listener,
        stop: threading.Event,
        break_off: threading.Event,
    ) -> None:
        self._plan = plan
        self._journal = journal
        self._listener = listener
        self._listener_lock = threading.Lock()
        self._stop = stop
        self._break_off = break_off
        self._why_stopped = _STOPPED
        self._schedule = Schedule(plan.steps)
        self._change = threading.Condition()
        self._moved = [Moved() for _ in plan.images]
        self._results: list[tuple[ImageResult, str, bool] | None] = [None for _ in plan.images]
        self._began: dict[int, float] = {}
        self._ended: dict[int, float] = {}
        self._carrier = Carrier(plan, registries, journal, self._emit, self._check)

    @property
    def stopped(self) -> bool:
        return any(result is None for result in self._results)

    def work(self, workers: int) -> tuple[ImageOutcome, ...]:
        """Everything that can be done, and how each image ended."""
        self._emit(TransferStarted(len(self._plan.images), self._plan.blobs, self._plan.bytes))
        with ThreadPoolExecutor(workers, thread_name_prefix="transfer") as pool:
            running = [pool.submit(self._work) for _ in range(workers)]
            try:
                _wait(running)
            except KeyboardInterrupt:
                self._end(self._stop)
                try:
                    _wait(running)
                except KeyboardInterrupt:
                    self._end(self._break_off)
        return tuple(self._outcome(number) for number in range(len(self._plan.images)))

    def retried(self, retry: Retry) -> None:
        if retry.throttled:
            self._emit(Throttled(retry.host, retry.delay))
        else:
            self._emit(Retried(retry.host, retry.reason, retry.delay))

    def _work(self) -> None:
        buffer = memoryview(bytearray(BUFFER_SIZE))
        well = False
        try:
            while (number := self._next()) is not None:
                self._do(number, buffer)
            well = True
        finally:
            if not well:
                self._end(self._stop)

    def _next(self) -> int | None:
        with self._change:
            while not (self._stop.is_set() or self._schedule.finished):
                number = self._schedule.take()
                if number is not None:
                    return number
                self._change.wait()
            return None

    def _do(self, number: int, buffer: memoryview) -> None:
        job = self._plan.steps[number].job
        self._began.setdefault(job.owner, time.monotonic())
        try:
            moved = self._carrier.carry_out(job, buffer)
        except _BrokenOff:
            return
        except RegistryError as error:
            self._fail(number, str(error), retryable=error.transient)
            return
        except ImageRefused as error:
            self._fail(number, str(error), retryable=False)
            return
        with self._change:
            self._moved[job.owner] += moved
            self._schedule.done(number)
            if isinstance(job, WriteTag):
                result = ImageResult.SKIPPED if moved.skipped else ImageResult.IMPORTED
                self._finish(job.owner, result, "", retryable=False)
            self._change.notify_all()
        if isinstance(job, WriteTag):
            self._emit(ImageDone(self._outcome(job.owner)))

    def _fail(self, number: int, reason: str, *, retryable: bool) -> None:
        with self._change:
            jobs = [self._plan.steps[lost].job for lost in self._schedule.fail(number)]
            for job in jobs:
                self._finish(job.owner, ImageResult.FAILED, reason, retryable=retryable)
            self._change.notify_all()
        for job in jobs:
            self._emit(ImageDone(self._outcome(job.owner)))

    def _finish(self, image: int, result: ImageResult, reason: str, *, retryable: bool) -> None:
        self._results[image] = (result, reason, retryable)
        self._ended[image] = time.monotonic()

    def _end(self, how: threading.Event) -> None:
        self._stop.set()
        how.set()
        with self._change:
            self._change.notify_all()

    def _check(self) -> None:
        if self._break_off.is_set():
            raise _BrokenOff

    def _emit(self, event: Event) -> None:
        try:
            self._journal.record(event)
        except OSError as error:
            # Going on would send again what was sent, should this run be killed.
            self._why_stopped = f"stopped, the journal cannot be written: {error.strerror}; make room and run again"
            self._end(self._stop)
        with self._listener_lock:
            self._listener(event)

    def _outcome(self, number: int) -> ImageOutcome:
        image = self._plan.images[number]
        result, reason, retryable = self._results[number] or (ImageResult.FAILED, self._why_stopped, True)
        moved = self._moved[number]
        return ImageOutcome(
            address=image.address,
            source=image.source,
            target=image.target,
            digest=image.digest,
            result=result,
            reason=reason,
            retryable=retryable,
            bytes_moved=moved.sent,
            bytes_mounted=moved.mounted,
            began=self._began.get(number, 0.0),
            ended=self._ended.get(number, 0.0),
        )


def _wait(running: list[Future[None]]) -> None:
    """Raises what a thread raised."""
    for future in running:
        future.result()
