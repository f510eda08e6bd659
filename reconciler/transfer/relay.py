"""One blob from one registry to another, in one pass; a source that breaks off is read on from where it stopped."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack

from reconciler.model.image import Descriptor
from reconciler.oci.client import BlobStream, Registry
from reconciler.oci.errors import DigestMismatch, RegistryError, RegistryRefused, RegistryUnreachable
from reconciler.oci.upload import Progress, UploadSession

_READS_OF_A_DAMAGED_BLOB = 2


class SourceBlob:
    """A blob as a reader. Raises RegistryError when it cannot be read to its end after all attempts."""

    def __init__(self, registry: Registry, repository: str, blob: Descriptor) -> None:
        self._registry = registry
        self._repository = repository
        self._blob = blob
        self._received = 0
        self._open = ExitStack()
        self._stream: BlobStream | None = None

    def readinto(self, buffer: memoryview) -> int:
        """Bytes read, 0 once all are."""
        if self._received == self._blob.size:
            return 0
        count = self._registry.persist(lambda: self._read(buffer))
        self._received += count
        return count

    def close(self) -> None:
        self._stream = None
        self._open.close()

    def _read(self, buffer: memoryview) -> int:
        try:
            if self._stream is None:
                opened = self._registry.open_blob(self._repository, self._blob.digest, self._received)
                self._stream = self._open.enter_context(opened)
            count = self._stream.readinto(buffer)
        except RegistryError:
            self.close()
            raise
        if count == 0:
            self.close()
            what = f"blob {self._repository}@{self._blob.digest}"
            ended = f"ended after {self._received} of {self._blob.size} bytes"
            raise RegistryUnreachable(self._registry.host, f"{what}: {ended}")
        return count

    def __enter__(self) -> SourceBlob:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def relay(
    blob: Descriptor,
    source: tuple[Registry, str],
    target: tuple[Registry, str],
    *,
    buffer: memoryview,
    session: UploadSession | None,
    started: Callable[[UploadSession], None],
    progress: Progress,
) -> None:
    """Copy `blob` from a repository of `source` to one of `target`; `session` is an upload that is open already.

    `started` hears of the upload before its body is sent. Raises RegistryError.
    """
    registry, repository = target
    waiting = [session] if session is not None else []
    damaged = 0

    def begin() -> UploadSession:
        upload = waiting.pop() if waiting else registry.begin_upload(repository)
        started(upload)
        return upload

    def attempt() -> None:
        nonlocal damaged
        try:
            with SourceBlob(source[0], source[1], blob) as reader:
                registry.upload(repository, blob, reader, session=begin, buffer=buffer, progress=progress)
        except DigestMismatch as error:
            damaged += 1
            if damaged == _READS_OF_A_DAMAGED_BLOB:
                raise RegistryRefused(error.host, error.message) from error
            raise

    registry.persist(attempt)
