"""The threads of one transfer: each takes what may be done next, does it, and says how it ended."""

from __future__ import annotations

import threading
import time
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial

from reconciler.model.report import ImageOutcome, ImageResult
from reconciler.oci.errors import RegistryBusy, RegistryError
from reconciler.oci.patience import LONGEST_WAIT, Retry
from reconciler.oci.upload import BUFFER_SIZE
from reconciler.transfer.clients import Clients
from reconciler.transfer.events import Event, ImageDone, Listener, Retried, Throttled, TransferStarted
from reconciler.transfer.fan import Branch
from reconciler.transfer.jobs import Carrier, ImageRefused, Moved
from reconciler.transfer.journal import Journal
from reconciler.transfer.lanes import Lane, Limits, Traffic, lane_of
from reconciler.transfer.plan import Job, MountBlob, SendBlob, TransferPlan, WriteTag
from reconciler.transfer.rate import Rate
from reconciler.transfer.schedule import Schedule

_LEAST_BUFFER = 16 * 1024

_STOPPED = "stopped before it was done; run again to go on"


@dataclass(frozen=True, slots=True)
class _Taken:
    """A step under way, and where it counts."""

    number: int
    lane: Lane


class _BrokenOff(Exception):
    """Somebody wants the run to end at once."""


class Crew:
    """What the threads of one run share."""

    def __init__(
        self,
        plan: TransferPlan,
        clients: Clients,
        journal: Journal,
        listener: Listener,
        stop: threading.Event,
        break_off: threading.Event,
        limits: Limits,
        rate: Rate | None,
    ) -> None:
        self._plan = plan
        self._journal = journal
        self._listener = listener
        self._listener_lock = threading.Lock()
        self._stop = stop
        self._break_off = break_off
        self._why_stopped = _STOPPED
        self._schedule = Schedule(plan.steps, plan.fans)
        self._limits = limits
        self._traffic = Traffic(limits)
        self._lanes = threading.local()
        self._shut: dict[str, RegistryError] = {}
        self._change = threading.Condition()
        self._moved = [Moved() for _ in plan.images]
        self._results: list[tuple[ImageResult, str, bool] | None] = [None for _ in plan.images]
        self._began: dict[int, float] = {}
        self._ended: dict[int, float] = {}
        self._carrier = Carrier(plan, clients, journal, self._emit, self._check, rate)

    @property
    def stopped(self) -> bool:
        return any(result is None for result in self._results)

    def work(self) -> tuple[ImageOutcome, ...]:
        """Everything that can be done, and how each image ended."""
        self._emit(TransferStarted(len(self._plan.images), self._plan.blobs, self._plan.bytes))
        workers = max(1, min(self._limits.workers, len(self._plan.steps)))
        most = max((len(fan) for fan in self._plan.fans), default=1)
        with (
            ThreadPoolExecutor(max(1, workers * (most - 1)), thread_name_prefix="branch") as branches,
            ThreadPoolExecutor(workers, thread_name_prefix="transfer") as pool,
        ):
            running = [pool.submit(self._work, branches) for _ in range(workers)]
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
        with self._change:
            if retry.congested:
                self._complained(retry)
        if retry.throttled:
            self._emit(Throttled(retry.host, retry.delay))
        else:
            self._emit(Retried(retry.host, retry.reason, retry.delay))

    def _complained(self, retry: Retry) -> None:
        """`retry` comes from the thread that works for the registry that complained."""
        lane: Lane | None = getattr(self._lanes, "lane", None)
        if lane is not None and retry.host in (lane.source, lane.target):
            self._traffic.complain(retry.host, lane.kind)
            self._lanes.complaints |= {retry.host}
        if retry.asked:
            self._traffic.hush(retry.host, time.monotonic() + retry.delay)

    def _work(self, branches: ThreadPoolExecutor) -> None:
        well = False
        try:
            while taken := self._next():
                self._do_all(taken, branches)
            well = True
        finally:
            if not well:
                self._end(self._stop)

    def _next(self) -> list[_Taken]:
        """A step, with those that go well together with it; empty when there is nothing more to do."""
        with self._change:
            while not (self._stop.is_set() or self._schedule.finished):
                now = time.monotonic()
                number = self._schedule.take(partial(self._traffic.may, now=now))
                if number is None:
                    self._change.wait(self._traffic.next_change(now))
                    continue
                taken = [self._begin(number, lane_of(self._plan.steps[number].job))]
                for other in self._schedule.join(number, partial(self._traffic.may_join, now=now)):
                    taken.append(self._begin(other, lane_of(self._plan.steps[other].job).joined))
                if self._schedule.ready:
                    self._change.notify()
                return taken
            self._change.notify_all()
            return []

    def _begin(self, number: int, lane: Lane) -> _Taken:
        self._traffic.begin(lane)
        return _Taken(number, lane)

    def _do_all(self, taken: list[_Taken], branches: ThreadPoolExecutor) -> None:
        first = self._plan.steps[taken[0].number].job
        if len(taken) == 1 or not isinstance(first, SendBlob):
            self._do(taken[0], None)
            return
        fan = self._carrier.fan(first, len(taken))
        running = [branches.submit(self._do, *pair) for pair in zip(taken[1:], fan.branches[1:], strict=True)]
        self._do(taken[0], fan.branches[0])
        _wait(running)

    def _do(self, taken: _Taken, branch: Branch | None) -> None:
        number, lane = taken.number, taken.lane
        job = self._plan.steps[number].job
        self._lanes.lane, self._lanes.complaints = lane, frozenset()
        self._began.setdefault(job.owner, time.monotonic())
        try:
            self._pass(lane)
            moved = self._carrier.carry_out(job, memoryview(bytearray(_buffer_size(job))), branch)
        except _BrokenOff:
            return
        except RegistryError as error:
            if isinstance(error, RegistryBusy) and (error.retry_after or 0) > LONGEST_WAIT:
                self._shut[error.host] = error
            self._fail(number, str(error), retryable=error.transient)
            return
        except ImageRefused as error:
            self._fail(number, str(error), retryable=error.retryable)
            return
        finally:
            if branch is not None:
                branch.close()
            with self._change:
                self._traffic.end(lane, self._lanes.complaints)
                self._lanes.lane = None
                self._wake()
        with self._change:
            self._moved[job.owner] += moved
            self._schedule.done(number)
            if isinstance(job, WriteTag):
                result = ImageResult.SKIPPED if moved.skipped else ImageResult.IMPORTED
                self._finish(job.owner, result, "", retryable=False)
            self._wake()
        if isinstance(job, WriteTag):
            self._emit(ImageDone(self._outcome(job.owner)))

    def _pass(self, lane: Lane) -> None:
        """A registry that wants to be left alone for longer than anybody waits is not asked again in this run."""
        for host in (lane.source, lane.target):
            if host in self._shut:
                raise self._shut[host]

    def _wake(self) -> None:
        """As many threads as there may be work for; this one goes on by itself."""
        if self._schedule.finished:
            self._change.notify_all()
        elif self._schedule.ready:
            self._change.notify()

    def _fail(self, number: int, reason: str, *, retryable: bool) -> None:
        with self._change:
            jobs = [self._plan.steps[lost].job for lost in self._schedule.fail(number)]
            for job in jobs:
                self._finish(job.owner, ImageResult.FAILED, reason, retryable=retryable)
            self._wake()
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


def _buffer_size(job: Job) -> int:
    """Small blobs fit; what turns out to be needed besides takes more rounds."""
    size = job.blob.size if isinstance(job, SendBlob | MountBlob) else _LEAST_BUFFER
    return max(_LEAST_BUFFER, min(size, BUFFER_SIZE))
