"""A store of objects: a bucket or a folder. Paths are below its root and have `/` between their parts."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Protocol

from reconciler.oci.measured import Readable


@dataclass(frozen=True, slots=True)
class StoredObject:
    """`size` is in bytes, `modified` in epoch milliseconds. `md5` is lower-case hex, or empty where the store does not
    tell it: of an object that was sent in one piece it is the ETag of S3 and OSS."""

    path: str
    size: int
    modified: int
    md5: str = ""


class ObjectStore(Protocol):
    """Only reads. Every method may be called from any thread, makes one attempt and raises RegistryError."""

    @property
    def name(self) -> str:
        """What images call the store, a URL such as `oss://bucket/prefix`."""

    def folder(self, path: str) -> Sequence[str]:
        """What is directly in a folder, by name; the names of folders end with `/`. Empty when it is not there."""

    def below(self, path: str) -> Sequence[StoredObject]:
        """Every object below a folder, at any depth. Empty when it is not there."""

    def stat(self, path: str) -> StoredObject | None: ...

    def read(self, path: str, limit: int) -> bytes:
        """A small object. Raises NotFound; RegistryRefused when it has more than `limit` bytes."""

    def open(self, path: str, size: int, offset: int = 0) -> AbstractContextManager[Readable]:
        """An object of `size` bytes from `offset` on. Raises NotFound."""

    def close(self) -> None: ...
