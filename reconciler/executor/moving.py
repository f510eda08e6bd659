"""Transfer steps: several that are ready together go as one transfer, so that content they share moves once."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace

from reconciler.core.blobs import account
from reconciler.model.image import Digest, ImageName, RepositoryName, closure
from reconciler.model.live import Live
from reconciler.model.plan import Transfer, Unmovable, Via
from reconciler.model.report import ImageOutcome, ImageResult
from reconciler.oci.client import Registry
from reconciler.oci.source import Sources
from reconciler.transfer.engine import run
from reconciler.transfer.events import Listener
from reconciler.transfer.journal import Journal
from reconciler.transfer.plan import build

Registries = Callable[[str], Registry]
"""From a registry's `host[:port]` to a client that is logged in there."""


def _tell_nobody(_: ImageOutcome) -> None:
    pass


@dataclass(slots=True)
class Mover:
    """Moves images and remembers where content is by now, so that a later transfer of the same run mounts it.

    `outcomes` holds how every tag of the run ended, by target.
    """

    live: Live
    registries: Registries
    journal: Journal
    listener: Listener
    workers: int
    stop: threading.Event
    break_off: threading.Event
    per_host: int | None = None
    max_rate: int | None = None
    sources: Sources | None = None
    outcomes: dict[ImageName, ImageOutcome] = field(default_factory=dict)
    seconds: float = 0.0
    requests: int = 0
    requests_expected: int = 0
    retries: int = 0
    told: Callable[[ImageOutcome], None] = _tell_nobody
    """Told of each image that somebody else moved."""
    _present: dict[RepositoryName, frozenset[Digest]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._present = dict(self.live.present)

    def carry(self, transfers: Iterable[Transfer]) -> None:
        """Move what is ours to move; every image has an outcome afterwards."""
        ours = [transfer for transfer in transfers if transfer.via is Via.EXECUTOR]
        if not ours:
            return
        for transfer in ours:
            self._know_absent(RepositoryName(transfer.target.registry, transfer.target.repository))
        ordered = build(account(ours, self.live.contents, self._present), self.live.contents, self._present)
        result = run(
            ordered,
            registries=self.registries,
            sources=self.sources,
            journal=self.journal,
            listener=self.listener,
            workers=self.workers,
            per_host=self.per_host,
            max_rate=self.max_rate,
            stop=self.stop,
            break_off=self.break_off,
        )
        self.seconds += result.seconds
        self.requests += result.requests
        self.requests_expected += ordered.requests
        self.retries += result.retries
        for outcome in result.outcomes:
            self.outcomes[outcome.target] = outcome
            if outcome.result is ImageResult.IMPORTED:
                self._remember(outcome)

    def _know_absent(self, target: RepositoryName) -> None:
        """A repository that did not exist when the plan was made holds nothing, so nobody has to be asked."""
        existing = any(
            instance.registry == target.registry and instance.repository(target.path)
            for instance in self.live.instances
        )
        if not existing:
            self._present.setdefault(target, frozenset())

    def _remember(self, outcome: ImageOutcome) -> None:
        target = RepositoryName(outcome.target.registry, outcome.target.repository)
        manifests = closure(outcome.digest, self.live.contents)
        blobs = (blob.digest for digest in manifests for blob in self.live.contents[digest].blobs)
        self._present[target] = self._present.get(target, frozenset()) | {*manifests, *blobs}

    def result(self, transfer: Transfer) -> ImageResult | None:
        """How `transfer` ended; None while it has not."""
        outcome = self.outcomes.get(transfer.target)
        return None if outcome is None else outcome.result

    def reached_source(self, transfer: Transfer) -> bool:
        """Whether an image that another transfer of this run brings to the source has arrived there. What is under the
        tag instead, where another image could not be brought, is there."""
        outcome = self.outcomes.get(transfer.source)
        return outcome is None or outcome.result is not ImageResult.FAILED or outcome.digest != transfer.digest

    def record(self, transfer: Transfer, result: ImageResult, reason: str = "", *, retryable: bool = False) -> None:
        """The outcome of an image that somebody else moved, or that turned out otherwise than it had seemed."""
        known = self.outcomes.get(transfer.target)
        if known is not None:
            self.outcomes[transfer.target] = replace(known, result=result, reason=reason, retryable=retryable)
            return
        outcome = ImageOutcome(
            transfer.address,
            transfer.source,
            transfer.target,
            transfer.digest,
            result,
            reason,
            retryable,
            via=transfer.via,
        )
        self.outcomes[transfer.target] = outcome
        self.told(outcome)

    def give_up(self, transfers: Sequence[Transfer], reason: str) -> None:
        """Those that have no outcome yet failed for `reason`; another run may move them."""
        for transfer in transfers:
            if transfer.target not in self.outcomes:
                self.record(transfer, ImageResult.FAILED, reason, retryable=True)

    def set_aside(self, images: Iterable[Unmovable]) -> None:
        """Images that the plan does not move: skipped when the spec asks for that, else failed."""
        for image in images:
            self.outcomes[image.target] = ImageOutcome(
                image.address,
                image.source,
                image.target,
                image.digest,
                ImageResult.SKIPPED if image.as_asked else ImageResult.FAILED,
                image.reason,
                image.retryable,
            )

    def failed(self, transfers: Sequence[Transfer]) -> int:
        outcomes = (self.outcomes.get(transfer.target) for transfer in transfers)
        return sum(outcome is None or outcome.result is ImageResult.FAILED for outcome in outcomes)
