"""How far a run is: figures that events and steps add up to. It holds no clock; the caller says what time it is."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, field

from reconciler.model.address import Address
from reconciler.model.image import Digest, ImageName, RepositoryName
from reconciler.model.plan import Transfer, Via
from reconciler.model.report import ImageOutcome, ImageResult, StepOutcome, StepResult
from reconciler.transfer.events import (
    BlobDone,
    BlobMounted,
    BlobProgress,
    Event,
    ImageDone,
    ManifestDone,
    Retried,
    Throttled,
    TransferStarted,
    UploadStarted,
)

WINDOW = 5.0
"""Seconds that the present rate looks back: long enough to be calm, short enough to show throttling."""

_SAMPLE = 0.25


@dataclass(slots=True)
class RepositoryProgress:
    """One target repository. `moved` counts confirmed bytes, `settled` what turned out to need no sending."""

    images: int = 0
    bytes: int = 0
    images_done: int = 0
    moved: int = 0
    settled: int = 0
    open: dict[Digest, int] = field(default_factory=dict)

    @property
    def done_bytes(self) -> int:
        """Never more than planned: a blob that is sent again after a failure does not count twice."""
        return min(self.moved + self.settled + sum(self.open.values()), self.bytes)

    @property
    def finished(self) -> bool:
        return self.images_done >= self.images

    @property
    def begun(self) -> bool:
        return bool(self.images_done or self.moved or self.settled or self.open)


@dataclass(slots=True)
class ServiceProgress:
    """Images that the service moves: none of their bytes is ours. `synced` are those that its tasks tell of."""

    images: int = 0
    done: int = 0
    failed: int = 0
    synced: dict[ImageName, int] = field(default_factory=dict)


@dataclass(slots=True)
class Progress:
    """Grows in place, because an event arrives for every few hundred KiB; use one lock for writing and reading.

    `sent` counts every payload byte that went out, `mounted` those that the registry shared instead. Times are
    seconds on one monotonic clock.
    """

    repositories: dict[RepositoryName, RepositoryProgress] = field(default_factory=dict)
    steps: int = 0
    steps_done: int = 0
    steps_failed: int = 0
    running: dict[Address, float] = field(default_factory=dict)
    images: int = 0
    images_done: int = 0
    images_failed: int = 0
    images_skipped: int = 0
    sent: int = 0
    mounted: int = 0
    retries: int = 0
    throttled: int = 0
    held_until: float = 0.0
    by_service: ServiceProgress = field(default_factory=ServiceProgress)
    began: float | None = None
    _samples: deque[tuple[float, int]] = field(default_factory=deque)

    @classmethod
    def planned(cls, transfers: Iterable[Transfer], steps: int = 0) -> Progress:
        """For a plan with `steps` changes; images that the service moves itself are counted apart."""
        progress = cls(steps=steps)
        for transfer in transfers:
            if transfer.via is not Via.EXECUTOR:
                progress.by_service.images += 1
            else:
                row = progress._row(RepositoryName(transfer.target.registry, transfer.target.repository))
                row.images += 1
                row.bytes += transfer.bytes
                progress.images += 1
        return progress

    @property
    def bytes(self) -> int:
        return sum(row.bytes for row in self.repositories.values())

    @property
    def done_bytes(self) -> int:
        return sum(row.done_bytes for row in self.repositories.values())

    def step_started(self, address: Address, now: float) -> None:
        self.running[address] = now

    def step_ended(self, outcome: StepOutcome) -> None:
        self.running.pop(outcome.address, None)
        self.steps_done += 1
        self.steps_failed += outcome.result in (StepResult.FAILED, StepResult.BLOCKED)

    def task_seen(self, target: ImageName, synced: int) -> None:
        """A task of the service has copied so many bytes by now."""
        self.by_service.synced[target] = synced

    def service_moved(self, outcome: ImageOutcome) -> None:
        self.by_service.done += 1
        self.by_service.failed += outcome.result is ImageResult.FAILED

    def observe(self, event: Event, now: float) -> None:
        match event:
            case TransferStarted():
                self._begin(now)
            case BlobProgress():
                row = self._row(event.target)
                row.open[event.digest] = row.open.get(event.digest, 0) + event.sent
                self._send(event.sent, now)
            case BlobDone():
                row = self._row(event.target)
                seen = row.open.pop(event.blob.digest, 0)
                if event.sent:
                    row.moved += event.blob.size
                    self._send(max(event.blob.size - seen, 0), now)
                else:
                    row.settled += event.blob.size
            case BlobMounted():
                self.mounted += event.blob.size
            case ManifestDone():
                self._row(event.target).moved += event.manifest.size
                self._send(event.manifest.size, now)
            case ImageDone():
                target = event.outcome.target
                self._row(RepositoryName(target.registry, target.repository)).images_done += 1
                self.images_done += 1
                self.images_failed += event.outcome.result is ImageResult.FAILED
                self.images_skipped += event.outcome.result is ImageResult.SKIPPED
            case Retried():
                self.retries += 1
            case Throttled():
                self.throttled += 1
                self.held_until = max(self.held_until, now + event.delay)
            case UploadStarted():
                pass

    def rate_now(self, now: float) -> float:
        """Bytes per second over the last WINDOW seconds."""
        if self.began is None:
            return 0.0
        start = max(self.began, now - WINDOW)
        base = max((sent for time, sent in self._samples if time < now - WINDOW), default=0)
        return (self.sent - base) / (now - start) if now > start else 0.0

    def rate_average(self, now: float) -> float:
        """Bytes per second since the first event."""
        return self.sent / (now - self.began) if self.began is not None and now > self.began else 0.0

    def seconds_left(self, now: float) -> float | None:
        """None while there is nothing to reckon with."""
        rate = self.rate_now(now) or self.rate_average(now)
        return (self.bytes - self.done_bytes) / rate if rate else None

    def _row(self, repository: RepositoryName) -> RepositoryProgress:
        return self.repositories.setdefault(repository, RepositoryProgress())

    def _begin(self, now: float) -> None:
        if self.began is None:
            self.began = now

    def _send(self, amount: int, now: float) -> None:
        self._begin(now)
        self.sent += amount
        if self._samples and now - self._samples[-1][0] < _SAMPLE:
            self._samples[-1] = (self._samples[-1][0], self.sent)
        else:
            self._samples.append((now, self.sent))
        while len(self._samples) > 1 and self._samples[1][0] < now - WINDOW:
            self._samples.popleft()
