"""Drift: where live settings and images differ from what is declared, seen without writing anything."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from reconciler.model.address import Address
from reconciler.model.diagnostic import Diagnostic
from reconciler.model.image import Digest, ImageName
from reconciler.model.plan import Change

FORMAT_VERSION = "1.0"


class ImageState(StrEnum):
    """The first three are drift. `in_flight`: a replication task is running; `left`: nothing was promised for it."""

    MISSING = "missing"
    DIFFERENT = "different"
    EXTRA = "extra"
    IN_FLIGHT = "in_flight"
    LEFT = "left"

    @property
    def explained(self) -> bool:
        """Whether a target without the image is as it should be for now."""
        return self in (ImageState.IN_FLIGHT, ImageState.LEFT)


class Cause(StrEnum):
    """Why an image is not at the target, as far as rules and replication tasks tell."""

    UNKNOWN = ""
    OLDER_THAN_RULE = "older_than_rule"
    MANUAL_RULE = "manual_rule"
    TASK_FAILED = "task_failed"
    CHANGED_AT_TARGET = "changed_at_target"
    NO_TASK = "no_task"


@dataclass(frozen=True, slots=True)
class ImageDrift:
    """One tag at a target that is not as its source says; `expected` is None for an extra one.

    `pushed` (epoch milliseconds, 0 when unknown) is when the source got it; `task` is the service's id of the latest
    replication task for it, and `detail` what the service says of that one.
    """

    address: Address
    state: ImageState
    image: ImageName
    expected: Digest | None
    actual: Digest | None
    pushed: int = 0
    cause: Cause = Cause.UNKNOWN
    task: str = ""
    detail: str = ""


@dataclass(frozen=True, slots=True)
class RuleState:
    """How far one replication is: the images that are in place, and those that are not."""

    address: Address
    in_place: int
    images: tuple[ImageDrift, ...] = ()

    def count(self, state: ImageState) -> int:
        return sum(image.state is state for image in self.images)

    @property
    def oldest(self) -> ImageDrift | None:
        """Of what is to be there and is not, the image that the source has had for the longest time."""
        late = (image for image in self.images if image.pushed and image.state in _LATE)
        return min(late, key=lambda image: (image.pushed, image.image), default=None)


_LATE = (ImageState.MISSING, ImageState.DIFFERENT, ImageState.IN_FLIGHT)


@dataclass(frozen=True, slots=True)
class Drift:
    """`images` are drift, `explained` are not; `compared_at` (epoch milliseconds) is what ages are counted to;
    `complete` is false when something could not be compared."""

    changes: tuple[Change, ...]
    images: tuple[ImageDrift, ...]
    diagnostics: tuple[Diagnostic, ...]
    spec_digest: Digest
    live_digest: Digest
    complete: bool = True
    explained: tuple[ImageDrift, ...] = ()
    replications: tuple[RuleState, ...] = ()
    compared_at: int = 0

    @property
    def found(self) -> bool:
        return bool(self.changes or self.images)

    @property
    def oldest(self) -> ImageDrift | None:
        """Freshness: the image that is under way, or due, for the longest time."""
        found = [image for rule in self.replications if (image := rule.oldest) is not None]
        return min(found, key=lambda image: (image.pushed, image.image), default=None)

    def age(self, image: ImageDrift) -> float:
        """Seconds since `image` was pushed."""
        return max(self.compared_at - image.pushed, 0) / 1000
