"""What the engine tells while it works. Progress, journal and report all listen to these and to nothing else."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

from reconciler.model.image import Descriptor, Digest, RepositoryName
from reconciler.model.report import ImageOutcome


@dataclass(frozen=True, slots=True)
class TransferStarted:
    """`blobs` and `bytes` are what the transfer plan says will be sent."""

    images: int
    blobs: int
    bytes: int


@dataclass(frozen=True, slots=True)
class BlobProgress:
    """`sent` bytes more of this blob went out."""

    target: RepositoryName
    digest: Digest
    sent: int


@dataclass(frozen=True, slots=True)
class BlobDone:
    """The registry confirmed the blob; `sent` is false when it had it already."""

    target: RepositoryName
    blob: Descriptor
    sent: bool


@dataclass(frozen=True, slots=True)
class BlobMounted:
    target: RepositoryName
    blob: Descriptor
    origin: RepositoryName


@dataclass(frozen=True, slots=True)
class ManifestDone:
    target: RepositoryName
    manifest: Descriptor


@dataclass(frozen=True, slots=True)
class ImageDone:
    """A tag was written and the registry confirmed its digest, or it failed for good."""

    outcome: ImageOutcome


@dataclass(frozen=True, slots=True)
class Retried:
    """A request failed in a way that may pass; it is tried again after `delay` seconds."""

    host: str
    reason: str
    delay: float


@dataclass(frozen=True, slots=True)
class Throttled:
    """The registry told us to slow down for `delay` seconds."""

    host: str
    delay: float


@dataclass(frozen=True, slots=True)
class UploadStarted:
    """A blob's bytes are about to go to this upload session: from here on it may have arrived, whatever happens.

    Told again with each new location, after each piece of a large blob.
    """

    target: RepositoryName
    digest: Digest
    location: str


Event: TypeAlias = (
    TransferStarted
    | BlobProgress
    | BlobDone
    | BlobMounted
    | ManifestDone
    | ImageDone
    | Retried
    | Throttled
    | UploadStarted
)

Listener: TypeAlias = Callable[[Event], None]
"""Called from worker threads, one call at a time."""
