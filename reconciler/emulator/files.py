"""The storage interface below a registry: files with slash-separated paths, on disk or in memory."""

from __future__ import annotations

import io
import shutil
import stat
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import IO, Protocol, TypeAlias

_Node: TypeAlias = "bytes | bytearray | _Folder"
_Folder: TypeAlias = "dict[str, _Node]"


class Sink(Protocol):
    def write(self, data: bytes, /) -> int: ...


class Files(Protocol):
    """Reading what is not there raises FileNotFoundError."""

    def read(self, path: str) -> bytes: ...

    def write(self, path: str, data: bytes) -> None:
        """All or nothing: a reader sees the old content or the new."""
        ...

    def open(self, path: str) -> IO[bytes]:
        """For reading, seekable."""
        ...

    def append(self, path: str) -> AbstractContextManager[Sink]:
        """For writing at the end; made when it is not there."""
        ...

    def size(self, path: str) -> int | None:
        """Bytes, or None when there is no such file."""
        ...

    def names(self, path: str) -> list[str]:
        """What a folder holds, sorted; empty when there is no such folder."""
        ...

    def move(self, source: str, target: str) -> None: ...

    def remove(self, path: str) -> None:
        """A file, or a folder with all in it, or nothing at all."""
        ...


class DiskFiles:
    def __init__(self, root: Path) -> None:
        self._root = root
        root.mkdir(parents=True, exist_ok=True)

    def read(self, path: str) -> bytes:
        return (self._root / path).read_bytes()

    def write(self, path: str, data: bytes) -> None:
        target = self._root / path
        target.parent.mkdir(parents=True, exist_ok=True)
        draft = target.with_name(target.name + ".draft")
        draft.write_bytes(data)
        draft.replace(target)

    def open(self, path: str) -> IO[bytes]:
        return (self._root / path).open("rb")

    def append(self, path: str) -> AbstractContextManager[Sink]:
        target = self._root / path
        target.parent.mkdir(parents=True, exist_ok=True)
        return target.open("ab")

    def size(self, path: str) -> int | None:
        try:
            found = (self._root / path).stat()
        except (FileNotFoundError, NotADirectoryError):
            return None
        return found.st_size if stat.S_ISREG(found.st_mode) else None

    def names(self, path: str) -> list[str]:
        try:
            return sorted(entry.name for entry in (self._root / path).iterdir())
        except (FileNotFoundError, NotADirectoryError):
            return []

    def move(self, source: str, target: str) -> None:
        place = self._root / target
        place.parent.mkdir(parents=True, exist_ok=True)
        (self._root / source).replace(place)

    def remove(self, path: str) -> None:
        target = self._root / path
        if target.is_dir():
            shutil.rmtree(target)
        else:
            target.unlink(missing_ok=True)


class MemoryFiles:
    """A tree of dicts with bytes as leaves."""

    def __init__(self) -> None:
        self._root: _Folder = {}

    def read(self, path: str) -> bytes:
        found = self._find(path)
        if not isinstance(found, (bytes, bytearray)):
            raise FileNotFoundError(path)
        return bytes(found)

    def write(self, path: str, data: bytes) -> None:
        folder, name = self._folder_of(path)
        folder[name] = data

    def open(self, path: str) -> IO[bytes]:
        return io.BytesIO(self.read(path))

    def append(self, path: str) -> AbstractContextManager[Sink]:
        folder, name = self._folder_of(path)
        found = folder.setdefault(name, bytearray())
        if not isinstance(found, bytearray):
            raise IsADirectoryError(path)
        return nullcontext(_Appender(found))

    def size(self, path: str) -> int | None:
        found = self._find(path)
        return len(found) if isinstance(found, (bytes, bytearray)) else None

    def names(self, path: str) -> list[str]:
        found = self._find(path)
        return sorted(found) if isinstance(found, dict) else []

    def move(self, source: str, target: str) -> None:
        found = self._find(source)
        if found is None:
            raise FileNotFoundError(source)
        self.remove(source)
        folder, name = self._folder_of(target)
        folder[name] = bytes(found) if isinstance(found, bytearray) else found

    def remove(self, path: str) -> None:
        parent, _, name = path.rpartition("/")
        folder = self._find(parent)
        if isinstance(folder, dict):
            folder.pop(name, None)

    def _find(self, path: str) -> _Node | None:
        node: _Node | None = self._root
        for part in path.split("/") if path else []:
            node = node.get(part) if isinstance(node, dict) else None
        return node

    def _folder_of(self, path: str) -> tuple[_Folder, str]:
        *parents, name = path.split("/")
        folder = self._root
        for part in parents:
            inner = folder.setdefault(part, {})
            if not isinstance(inner, dict):
                raise NotADirectoryError(path)
            folder = inner
        return folder, name


class _Appender:
    def __init__(self, buffer: bytearray) -> None:
        self._buffer = buffer

    def write(self, data: bytes, /) -> int:
        self._buffer += data
        return len(data)
