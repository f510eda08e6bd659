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
    MISSING = "missing"
    DIFFERENT = "different"
    EXTRA = "extra"


@dataclass(frozen=True, slots=True)
class ImageDrift:
    """One tag at a target that is not as its source says; `expected` is None for an extra one."""

    address: Address
    state: ImageState
    image: ImageName
    expected: Digest | None
    actual: Digest | None


@dataclass(frozen=True, slots=True)
class Drift:
    """`complete` is false when something could not be compared."""

    changes: tuple[Change, ...]
    images: tuple[ImageDrift, ...]
    diagnostics: tuple[Diagnostic, ...]
    spec_digest: Digest
    live_digest: Digest
    complete: bool = True

    @property
    def found(self) -> bool:
        return bool(self.changes or self.images)
