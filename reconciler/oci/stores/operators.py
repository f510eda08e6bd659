"""Stores by the library opendal: buckets of OSS and of S3, and folders. It is loaded when a store is opened."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from reconciler.oci.errors import NotFound, RegistryRefused
from reconciler.oci.measured import Readable
from reconciler.oci.stores.failure import failure
from reconciler.oci.stores.objects import StoredObject

if TYPE_CHECKING:
    from opendal.operator import AsyncOperator, Operator
    from opendal.types import Metadata

PIECE = 2 * 1024 * 1024
"""Bytes of one range."""

RANGES = 4
"""Ranges of one object under way at once: with PIECE, what one blob that is read costs in memory."""

AT_ONCE = 1024 * 1024
"""Bytes up to which an object is read in one request."""

_SECONDS = 60.0
"""For one request to be answered, and for one range to arrive."""

Options = Mapping[str, str]
"""Options of the library's operators, secrets among them: never to be shown."""


@dataclass(frozen=True, slots=True)
class _Operators:
    options: Options = field(repr=False)
    blocking: Operator
    listing: AsyncOperator
    """The blocking list holds the interpreter while it waits for the store; this one does not."""


class OperatorStore:
    """An ObjectStore. `options` is asked before each request, since a temporary credential is renewed now and then.

    With `ranged`, large objects are read in parallel ranges: for stores whose single stream is slower than the line.
    """

    def __init__(self, name: str, scheme: str, options: Callable[[], Options], *, ranged: bool) -> None:
        self._name = name
        self._scheme = scheme
        self._options = options
        self._ranged = ranged
        self._lock = threading.Lock()
        self._known: _Operators | None = None

    @property
    def name(self) -> str:
        return self._name

    def folder(self, path: str) -> Sequence[str]:
        prefix = _as_folder(path)
        entries = self._list(prefix, recursive=False)
        return sorted({name for entry, _ in entries if (name := entry.removeprefix(prefix))})

    def below(self, path: str) -> Sequence[StoredObject]:
        entries = self._list(_as_folder(path), recursive=True)
        return [_stored(entry, metadata) for entry, metadata in entries if not entry.endswith("/")]

    def stat(self, path: str) -> StoredObject | None:
        try:
            with self._asking(path):
                return _stored(path, self._operators().blocking.stat(path))
        except NotFound:
            return None

    def read(self, path: str, limit: int) -> bytes:
        content = bytearray()
        with self._asking(path), self._operators().blocking.open(path, "rb") as file:
            while len(content) <= limit and (piece := file.read(limit + 1 - len(content))):
                content += piece
        if len(content) > limit:
            raise RegistryRefused(self._name, f"{path}: it has more than {limit} bytes")
        return bytes(content)

    @contextmanager
    def open(self, path: str, size: int, offset: int = 0) -> Iterator[Readable]:
        operator = self._operators().blocking
        if size <= AT_ONCE:
            with self._asking(path):
                content = bytes(operator.read(path, offset=offset)) if offset < size else b""
            yield _Whole(content)
            return
        with self._asking(path):
            if self._ranged and size - offset > PIECE:
                file = operator.open(path, "rb", concurrent=RANGES, chunk=PIECE)
            else:
                file = operator.open(path, "rb")
        with file:
            with self._asking(path):
                file.seek(offset)
            yield _Part(self, path, file)

    def close(self) -> None:
        with self._lock:
            self._known = None

    def _list(self, prefix: str, *, recursive: bool) -> list[tuple[str, Metadata]]:
        listing = self._operators().listing

        async def collect() -> list[tuple[str, Metadata]]:
            entries = await listing.list(prefix, recursive=recursive)
            return [(entry.path, entry.metadata) async for entry in entries]

        with self._asking(prefix):
            return [(path, metadata) for path, metadata in asyncio.run(collect()) if path != prefix]

    def _operators(self) -> _Operators:
        options = self._options()
        with self._lock:
            if self._known is None or self._known.options != options:
                with self._asking(""):
                    self._known = _open(self._scheme, options)
            return self._known

    @contextmanager
    def _asking(self, path: str) -> Iterator[None]:
        """Turn what the library raises into a RegistryError about `path`."""
        from opendal import exceptions

        try:
            yield
        # Each is an Exception of its own, and a file raises OSError for all of them.
        except (
            exceptions.ConfigInvalid,
            exceptions.IsADirectory,
            exceptions.NotADirectory,
            exceptions.NotFound,
            exceptions.PermissionDenied,
            exceptions.RateLimited,
            exceptions.RangeNotSatisfied,
            exceptions.Unexpected,
            exceptions.Unsupported,
            OSError,
        ) as error:
            # Not chained: the library's text may quote requests.
            raise failure(self._name, path or "the store", error) from None


def folder_store(name: str, path: Path) -> OperatorStore:
    """A folder. Raises NotFound when it is not there: the library would make it."""
    if not path.is_dir():
        raise NotFound(name, "there is no such folder")
    options = {"root": str(path.resolve())}
    return OperatorStore(name, "fs", lambda: options, ranged=False)


def _open(scheme: str, options: Options) -> _Operators:
    from opendal import AsyncOperator, Operator
    from opendal.layers import TimeoutLayer

    patience = TimeoutLayer(timeout=_SECONDS, io_timeout=_SECONDS)
    return _Operators(
        options, Operator(scheme, **options).layer(patience), AsyncOperator(scheme, **options).layer(patience)
    )


class _Whole:
    """What was read already, as a reader."""

    def __init__(self, content: bytes) -> None:
        self._rest = memoryview(content)

    def readinto(self, buffer: memoryview, /) -> int:
        count = min(len(buffer), len(self._rest))
        buffer[:count] = self._rest[:count]
        self._rest = self._rest[count:]
        return count


class _Part:
    def __init__(self, store: OperatorStore, path: str, file: Readable) -> None:
        self._store = store
        self._path = path
        self._file = file

    def readinto(self, buffer: memoryview, /) -> int:
        with self._store._asking(self._path):
            return self._file.readinto(buffer)


def _as_folder(path: str) -> str:
    return f"{path.rstrip('/')}/"


def _stored(path: str, metadata: Metadata) -> StoredObject:
    modified = metadata.last_modified
    etag = (metadata.etag or "").strip('"').lower()
    md5 = etag if len(etag) == 32 and "-" not in etag else ""
    return StoredObject(
        path, metadata.content_length, 0 if modified is None else round(modified.timestamp() * 1000), md5
    )
