"""One blob from one registry to another, in one pass; what breaks off on either side goes on from where it stopped."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack

from reconciler.model.image import Descriptor
from reconciler.oci.client import Registry
from reconciler.oci.errors import ManifestBlobUnknown, NotFound, RegistryError, RegistryUnreachable
from reconciler.oci.measured import Readable
from reconciler.oci.session import UploadSession
from reconciler.oci.source import ImageSource
from reconciler.oci.upload import Progress, Upload
from reconciler.transfer.fan import Branch


class SourceBlob:
    """A blob from `offset` on, as a reader. Raises RegistryError when it cannot be read to its end in all attempts."""

    def __init__(self, source: ImageSource, repository: str, blob: Descriptor, offset: int = 0) -> None:
        self._source = source
        self._repository = repository
        self._blob = blob
        self._received = offset
        self._open = ExitStack()
        self._stream: Readable | None = None

    def readinto(self, buffer: memoryview, /) -> int:
        """Bytes read, 0 once all are."""
        if self._received == self._blob.size:
            return 0
        count = self._source.persist(lambda: self._read(buffer))
        self._received += count
        return count

    def close(self) -> None:
        self._stream = None
        self._open.close()

    def _read(self, buffer: memoryview) -> int:
        try:
            if self._stream is None:
                opened = self._source.open_blob(self._repository, self._blob, self._received)
                self._stream = self._open.enter_context(opened)
            count = self._stream.readinto(buffer)
        except (NotFound, ManifestBlobUnknown) as error:
            self.close()
            raise NotFound(error.host, f"the source lacks a part of the image: {error.message}") from error
        except RegistryError:
            self.close()
            raise
        if count == 0:
            self.close()
            what = f"blob {self._repository}@{self._blob.digest}"
            ended = f"ended after {self._received} of {self._blob.size} bytes"
            raise RegistryUnreachable(self._source.host, f"{what}: {ended}")
        return count

    def __enter__(self) -> SourceBlob:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def relay(
    blob: Descriptor,
    source: tuple[ImageSource, str],
    target: tuple[Registry, str],
    *,
    buffer: memoryview,
    session: UploadSession | None,
    continued: bool = False,
    moved: Callable[[UploadSession], None],
    progress: Progress,
    branch: Branch | None = None,
) -> int:
    """Copy `blob` from a repository of `source` to one of `target`; `session` is an upload that is open already, and
    `continued` says that an earlier run may have sent to it.

    `moved` hears of the upload before its body is sent and after each piece. `branch` is this upload's part in a
    reading that it shares with others. The answer is the bytes that were not there yet. Raises RegistryError.
    """
    registry, repository = target
    upload = registry.upload(
        repository,
        blob,
        branch.open_at if branch is not None else lambda offset: SourceBlob(source[0], source[1], blob, offset),
        session=session,
        continued=continued,
        buffer=buffer,
        progress=progress,
        moved=moved,
    )
    while not _delivered(registry, upload):
        pass
    return blob.size - upload.earlier


def _delivered(registry: Registry, upload: Upload) -> bool:
    """Whether all attempts together brought the blob there; if not, they came further, and more are worth it."""
    before = upload.offset
    try:
        registry.persist(upload.attempt)
    except RegistryError as error:
        if not error.transient or upload.offset <= before:
            raise
        return False
    return True
