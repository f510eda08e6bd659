"""The report of a run: what was done, what was not and why."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum

from reconciler.model.address import Address
from reconciler.model.diagnostic import Diagnostic
from reconciler.model.image import Digest, ImageName
from reconciler.model.plan import Action, Via

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


class Verdict(StrEnum):
    """`partly`: something is left, and something was done or all that could be done was there already."""

    DONE = "done"
    PARTLY = "partly"
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
    via: Via = Via.EXECUTOR


@dataclass(frozen=True, slots=True)
class Report:
    """`complete` is false when the plan was not: something could not be read, and the diagnostics say what.
    `images_unchanged` are selected images that were at their target before.

    `requests` are those to registries, and `requests_expected` what the transfer plans foresaw, when nothing has to be
    asked twice and nobody wants a token.
    """

    steps: tuple[StepOutcome, ...]
    images: tuple[ImageOutcome, ...]
    diagnostics: tuple[Diagnostic, ...]
    seconds: float
    transfer_seconds: float = 0.0
    requests: int = 0
    retries: int = 0
    complete: bool = True
    images_unchanged: int = 0
    requests_expected: int = 0

    @property
    def left_images(self) -> tuple[ImageOutcome, ...]:
        return tuple(image for image in self.images if image.result is ImageResult.FAILED)

    @property
    def failed(self) -> bool:
        steps = (s.result in (StepResult.FAILED, StepResult.BLOCKED) for s in self.steps)
        return any(steps) or bool(self.left_images)

    def only_failed(self) -> Report:
        """What is left: steps that were not done, images that failed; the diagnostics told about the plan."""
        steps = tuple(step for step in self.steps if step.result is not StepResult.DONE)
        return replace(self, steps=steps, images=self.left_images, diagnostics=())

    @property
    def anything_done(self) -> bool:
        return any(s.result is StepResult.DONE for s in self.steps) or any(
            i.result is ImageResult.IMPORTED for i in self.images
        )

    @property
    def verdict(self) -> Verdict:
        steps_left = any(s.result is not StepResult.DONE for s in self.steps)
        if not steps_left and not self.failed and self.complete:
            return Verdict.DONE
        return Verdict.PARTLY if self.anything_done or not steps_left else Verdict.FAILED
