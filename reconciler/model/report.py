"""The report of a run: what was done, what was not and why."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from reconciler.model.address import Address
from reconciler.model.diagnostic import Diagnostic
from reconciler.model.image import Digest, ImageName
from reconciler.model.plan import Action

FORMAT_VERSION = "1.0"


class StepResult(StrEnum):
    DONE = "done"
    FAILED = "failed"
    BLOCKED = "blocked"
    MANUAL = "manual"


class ImageResult(StrEnum):
    """`imported`: it is there now because of this run; `skipped`: there was nothing to do; `failed`: see the reason."""

    IMPORTED = "imported"
    SKIPPED = "skipped"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class StepOutcome:
    """How one change ended; `reason` says why it failed, or which failed step it waits for."""

    address: Address
    action: Action
    result: StepResult
    reason: str = ""
    seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class ImageOutcome:
    """How one tag ended. Bytes are payload bytes sent to the target, or mounted there, for this tag.

    `began` and `ended` are seconds on one clock of the run; both are 0 when nobody measured.
    """

    address: Address
    source: ImageName
    target: ImageName
    digest: Digest
    result: ImageResult
    reason: str = ""
    retryable: bool = False
    bytes_moved: int = 0
    bytes_mounted: int = 0
    began: float = 0.0
    ended: float = 0.0


@dataclass(frozen=True, slots=True)
class Report:
    steps: tuple[StepOutcome, ...]
    images: tuple[ImageOutcome, ...]
    diagnostics: tuple[Diagnostic, ...]
    seconds: float
    transfer_seconds: float = 0.0
    requests: int = 0
    retries: int = 0

    @property
    def failed(self) -> bool:
        return any(s.result in (StepResult.FAILED, StepResult.BLOCKED) for s in self.steps)

    @property
    def anything_done(self) -> bool:
        return any(s.result is StepResult.DONE for s in self.steps) or any(
            i.result is ImageResult.IMPORTED for i in self.images
        )
