"""Reading a blob: exactly as many bytes as it has, hashed on their way."""

from __future__ import annotations

import hashlib
from typing import Protocol

from reconciler.model.image import Descriptor
from reconciler.oci.errors import DigestMismatch
from reconciler.oci.manifest import algorithm_of


class Readable(Protocol):
    def readinto(self, buffer: memoryview, /) -> int: ...


class MeasuredReader:
    """A reader that must hold exactly the bytes of a blob; `digest` is over the `received` first ones, or None."""

    def __init__(self, host: str, blob: Descriptor, received: int, digest: hashlib._Hash | None) -> None:
        self._host = host
        self._blob = blob
        self.received = received
        self.digest = digest

    def skip(self, reader: Readable, offset: int, buffer: memoryview) -> None:
        """Read up to `offset`, for the digest alone."""
        while self.received < offset:
            self.fill(reader, buffer[: offset - self.received])

    def fill(self, reader: Readable, buffer: memoryview) -> int:
        """As many bytes as the buffer or the rest of the blob holds. Raises DigestMismatch when there are fewer."""
        wanted = min(len(buffer), self._blob.size - self.received)
        filled = 0
        while filled < wanted:
            count = reader.readinto(buffer[filled:wanted])
            if count == 0:
                raise self._mismatch(f"it ends after {self.received + filled} of {self._blob.size} bytes")
            filled += count
        self.received += filled
        if self.digest is not None:
            self.digest.update(buffer[:filled])
        return filled

    def check(self) -> None:
        """Called with the last byte read and not yet sent. Raises DigestMismatch."""
        if self.digest is None:
            return
        found = f"{algorithm_of(self._blob.digest)}:{self.digest.hexdigest()}"
        if found != self._blob.digest:
            raise self._mismatch(f"its bytes have the digest {found}")

    def _mismatch(self, reason: str) -> DigestMismatch:
        return DigestMismatch(self._host, f"source of blob {self._blob.digest} is damaged: {reason}")
