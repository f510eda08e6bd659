"""Buckets and their objects, kept in files: one file for each object, a line about it before its bytes."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from reconciler.emulator.files import Files
from reconciler.emulator.refusal import Refused


@dataclass(frozen=True, slots=True)
class StoredObject:
    """`modified` is in epoch milliseconds, `skip` how many bytes of the file come before the object's."""

    key: str
    size: int
    modified: int
    md5: str
    skip: int


@dataclass(slots=True)
class Bucket:
    name: str
    objects: dict[str, StoredObject] = field(default_factory=dict)


class Buckets:
    """One event loop uses it. Objects that an earlier run kept are there again."""

    def __init__(self, files: Files) -> None:
        self._files = files
        self._buckets = {name: self._read(name) for name in files.names("")}

    def create(self, name: str) -> None:
        if name not in self._buckets:
            self._files.write(f"{name}/bucket", b"{}")
            self._buckets[name] = Bucket(name)

    def bucket(self, name: str) -> Bucket:
        """Raises Refused."""
        if name not in self._buckets:
            raise Refused("NoSuchBucket", "The specified bucket does not exist.", 404)
        return self._buckets[name]

    def object(self, bucket: str, key: str) -> StoredObject:
        """Raises Refused."""
        found = self.bucket(bucket).objects.get(key)
        if found is None:
            raise Refused("NoSuchKey", "The specified key does not exist.", 404)
        return found

    def put(self, bucket: str, key: str, content: bytes, modified: int) -> StoredObject:
        """Raises Refused."""
        objects = self.bucket(bucket).objects
        # MD5 is what OSS gives as an ETag.
        md5 = hashlib.md5(content, usedforsecurity=False).hexdigest()
        about = json.dumps({"key": key, "modified": modified, "md5": md5}).encode() + b"\n"
        self._files.write(_path(bucket, key), about + content)
        objects[key] = StoredObject(key, len(content), modified, md5, len(about))
        return objects[key]

    def delete(self, bucket: str, key: str) -> None:
        """Raises Refused; an object that is not there is no error."""
        if self.bucket(bucket).objects.pop(key, None) is not None:
            self._files.remove(_path(bucket, key))

    def read(self, bucket: str, stored: StoredObject, start: int, end: int) -> bytes:
        """The bytes from `start` up to `end`."""
        with self._files.open(_path(bucket, stored.key)) as file:
            file.seek(stored.skip + start)
            return file.read(end - start)

    def fill(self, bucket: str, folder: Path) -> None:
        """Copy every file below `folder`, with its time. Raises ValueError when it is no folder."""
        if not folder.is_dir():
            raise ValueError(f"no such folder for the bucket {bucket}: {folder}")
        self.create(bucket)
        for path in sorted(folder.rglob("*")):
            if path.is_file():
                modified = path.stat().st_mtime_ns // 1_000_000
                self.put(bucket, path.relative_to(folder).as_posix(), path.read_bytes(), modified)

    def _read(self, name: str) -> Bucket:
        return Bucket(name, {stored.key: stored for stored in self._objects(name)})

    def _objects(self, name: str) -> Iterator[StoredObject]:
        for file in self._files.names(f"{name}/objects"):
            path = f"{name}/objects/{file}"
            with self._files.open(path) as content:
                line = content.readline()
            about = json.loads(line)
            size = (self._files.size(path) or 0) - len(line)
            yield StoredObject(about["key"], size, about["modified"], about["md5"], len(line))


def _path(bucket: str, key: str) -> str:
    return f"{bucket}/objects/{hashlib.sha256(key.encode()).hexdigest()}"
