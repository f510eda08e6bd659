"""The plan: what would change, image by image, as one value."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from reconciler.model.address import Address
from reconciler.model.billing import Billable
from reconciler.model.diagnostic import Diagnostic
from reconciler.model.image import Digest, ImageName
from reconciler.model.json_value import Json
from reconciler.model.spec import Desired

FORMAT_VERSION = "1.0"


class Action(StrEnum):
    CREATE = "create"
    UPDATE = "update"
    REPLACE = "replace"
    DELETE = "delete"
    TRANSFER = "transfer"
    MANUAL = "manual"


class TransferReason(StrEnum):
    MISSING = "missing"
    DIFFERENT = "different"


class Via(StrEnum):
    """Who moves an image: our executor, or the service, because a push meets a replication rule or by a task that is
    made for the image."""

    EXECUTOR = "executor"
    RULE = "rule"
    TASK = "task"


@dataclass(frozen=True, slots=True)
class FieldChange:
    path: str
    before: Json
    after: Json


@dataclass(frozen=True, slots=True)
class Change:
    """One step of the plan; `live_id` is the service's id of what is replaced or deleted. A `billable` step costs money
    and needs a permission of its own."""

    address: Address
    action: Action
    reason: str
    fields: tuple[FieldChange, ...] = ()
    depends_on: tuple[Address, ...] = ()
    live_id: str = ""
    billable: Billable | None = None


@dataclass(frozen=True, slots=True)
class Transfer:
    """One tag to bring about at the target.

    `size` is everything that the image holds in bytes; `bytes` is what moves for it once shared content is mounted or
    already there, counted in plan order, so that the sum over a plan is exact. `replaces` is what the tag stands for at
    the target when the plan is made, and None where it is not there.
    """

    address: Address
    source: ImageName
    target: ImageName
    digest: Digest
    reason: TransferReason
    via: Via = Via.EXECUTOR
    bytes: int = 0
    size: int = 0
    pushed: int = 0
    replaces: Digest | None = None


@dataclass(frozen=True, slots=True)
class Unmovable:
    """A selected image that cannot be moved as things are, by the rule of that id; `retryable`: another plan may find
    that it can, or that nobody asks for it any more. With `as_asked` it stays because the spec wants it to."""

    address: Address
    source: ImageName
    target: ImageName
    digest: Digest
    rule: str
    reason: str
    retryable: bool
    as_asked: bool = False


@dataclass(frozen=True, slots=True)
class QuotaCheck:
    """How much of a quota of the instance at `address` is used and how much the plan adds; `kind` is `namespaces`,
    `repositories` or `vpcs`. `included` is what its edition has without anything bought on top, None when that is not
    published."""

    address: Address
    kind: str
    used: int
    added: int
    limit: int
    included: int | None = None


@dataclass(frozen=True, slots=True)
class Summary:
    create: int = 0
    update: int = 0
    replace: int = 0
    delete: int = 0
    manual: int = 0
    images: int = 0
    bytes: int = 0
    blobs: int = 0
    bytes_shared: int = 0
    unchanged: int = 0
    images_unchanged: int = 0
    images_unmovable: int = 0
    billable: int = 0


@dataclass(frozen=True, slots=True)
class Plan:
    """What `apply` would do, and the selected images that it cannot move.

    `complete` is false when something could not be compared, `errored` when a diagnostic is an error, `applyable` when
    there is something to do and no error. `desired` is the declared state with what imports bring added; it steers the
    executor and is not part of the plan's file.
    """

    changes: tuple[Change, ...]
    transfers: tuple[Transfer, ...]
    diagnostics: tuple[Diagnostic, ...]
    summary: Summary
    spec_digest: Digest
    live_digest: Digest
    complete: bool
    desired: Desired
    unmovable: tuple[Unmovable, ...] = ()
    quotas: tuple[QuotaCheck, ...] = ()

    @property
    def errored(self) -> bool:
        return any(d.severity == "error" for d in self.diagnostics)

    @property
    def applyable(self) -> bool:
        return bool(self.changes) and not self.errored

    @property
    def has_changes(self) -> bool:
        return bool(self.changes)

    @property
    def counted(self) -> bool:
        """Whether the images of the plan were looked into, so that their bytes are known."""
        return self.complete or not self.errored

    @property
    def has_to_tell(self) -> bool:
        """Whether a run has something to report: something to do, or something that it leaves."""
        return self.has_changes or any(not image.as_asked for image in self.unmovable) or not self.complete
