"""Sending one blob: read, hashed and sent in one pass, and never completed unless digest and size are right."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol
from urllib.parse import quote, urlsplit

from reconciler.model.image import Descriptor
from reconciler.oci.auth import push
from reconciler.oci.errors import DigestMismatch
from reconciler.oci.exchange import Exchange
from reconciler.oci.manifest import algorithm_of

BUFFER_SIZE = 256 * 1024

Progress = Callable[[int], None]
"""Called with the number of bytes that went out since the last call."""


class Readable(Protocol):
    def readinto(self, buffer: memoryview, /) -> int: ...


@dataclass(frozen=True, slots=True)
class UploadSession:
    """An upload that the registry opened; `location` is where the body goes."""

    repository: str
    location: str


def send(
    exchange: Exchange,
    session: Callable[[], UploadSession],
    blob: Descriptor,
    reader: Readable,
    buffer: memoryview,
    progress: Progress,
) -> None:
    """Send `blob` in one PUT. `session` is asked for once the first bytes are there, so that it cannot grow stale.

    Raises DigestMismatch when `reader` has other bytes than `blob` says; the upload is then broken off.
    """
    digest = hashlib.new(algorithm_of(blob.digest))
    source = _Measured(exchange.origin.host, blob, reader)
    count = source.fill(buffer)
    digest.update(buffer[:count])
    sent = 0
    if count == blob.size:
        source.check(digest.hexdigest())
    upload = session()
    what = f"upload of {upload.repository}@{blob.digest}"
    with exchange.begin_put(_completed(upload, blob), what, push(upload.repository), blob.size) as put:
        while count:
            if sent + count == blob.size and sent:
                source.check(digest.hexdigest())
            put.send(buffer[:count])
            progress(count)
            sent += count
            if sent == blob.size:
                break
            count = source.fill(buffer)
            digest.update(buffer[:count])
        answer = put.done((201, 204))
    stated = answer.header("docker-content-digest")
    if stated and stated != blob.digest:
        raise DigestMismatch(exchange.origin.host, f"{what}: the registry stored {stated}")


class _Measured:
    """A reader that must hold exactly the bytes of a blob."""

    __slots__ = ("_blob", "_host", "_reader", "_received")

    def __init__(self, host: str, blob: Descriptor, reader: Readable) -> None:
        self._host = host
        self._blob = blob
        self._reader = reader
        self._received = 0

    def fill(self, buffer: memoryview) -> int:
        """As many bytes as the buffer or the rest of the blob holds. Raises DigestMismatch when there are fewer."""
        wanted = min(len(buffer), self._blob.size - self._received)
        filled = 0
        while filled < wanted:
            count = self._reader.readinto(buffer[filled:wanted])
            if count == 0:
                raise self._mismatch(f"it ends after {self._received + filled} of {self._blob.size} bytes")
            filled += count
        self._received += filled
        return filled

    def check(self, hexdigest: str) -> None:
        """Called with the last byte read and not yet sent. Raises DigestMismatch."""
        if self._blob.digest != f"{algorithm_of(self._blob.digest)}:{hexdigest}":
            raise self._mismatch(f"its bytes have the digest {algorithm_of(self._blob.digest)}:{hexdigest}")

    def _mismatch(self, reason: str) -> DigestMismatch:
        return DigestMismatch(self._host, f"source of blob {self._blob.digest} is damaged: {reason}")


def _completed(session: UploadSession, blob: Descriptor) -> str:
    joint = "&" if urlsplit(session.location).query else "?"
    return f"{session.location}{joint}digest={quote(blob.digest, safe='')}"
