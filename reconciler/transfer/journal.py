"""What a run did, on disk: a later run asks the registry about it before it sends anything again."""

from __future__ import annotations

import errno
import json
import os
import threading
from contextlib import suppress
from io import FileIO
from pathlib import Path
from typing import TypeAlias

from reconciler.model.image import Digest, RepositoryName
from reconciler.model.json_value import Json
from reconciler.transfer.events import BlobDone, BlobMounted, Event, ImageDone, ManifestDone, UploadStarted

_SYNC_EVERY = 4 * 1024 * 1024
"""Bytes of finished blobs after which the file is forced to disk. After a power cut at most these are unknown."""

_Place: TypeAlias = tuple[str, str, str]


class Journal:
    """Append-only JSON lines, one per finished thing and one per upload that began. Thread-safe.

    It is a hint and never proof: any prefix of it is safe to go on from, because the registry is asked.
    Without a file it remembers only this run. Two runs may share a file, as every line is one appending write.
    """

    def __init__(self, file: FileIO | None = None, lines: tuple[bytes, ...] = ()) -> None:
        self._file = file
        self._lock = threading.Lock()
        self._unsynced = 0
        self._begun: set[_Place] = set()
        self._locations: dict[_Place, str] = {}
        for line in lines:
            self._remember(line)

    @classmethod
    def open(cls, path: Path) -> Journal:
        """Go on with the journal at `path`, or begin one. A last line that was cut off is dropped. Raises OSError."""
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o600)
        file = FileIO(descriptor, "r+")
        content = file.readall()
        whole = content[: content.rfind(b"\n") + 1]
        if len(whole) < len(content):
            file.truncate(len(whole))
        return cls(file, tuple(whole.splitlines()))

    def begun(self, target: RepositoryName, digest: Digest) -> bool:
        """Whether an earlier run, or this one, began to send this blob there: it may have arrived."""
        with self._lock:
            return (target.registry, target.path, digest) in self._begun

    def location(self, target: RepositoryName, digest: Digest) -> str:
        """Where the upload of this blob stood when it was last heard of; empty when there is nothing to go on with."""
        with self._lock:
            return self._locations.get((target.registry, target.path, digest), "")

    def record(self, event: Event) -> None:
        """Keep `event` when it is of a kind that matters to a later run.

        Raises OSError when the disk refuses it; nothing more is written then, but this run is still remembered.
        """
        line = _line(event)
        if line is None:
            return
        with self._lock:
            if isinstance(event, UploadStarted):
                self._start((event.target.registry, event.target.path, event.digest), event.location)
            if isinstance(event, BlobDone):
                self._locations.pop((event.target.registry, event.target.path, event.blob.digest), None)
            if self._file is None:
                return
            try:
                self._append(self._file, json.dumps(line, separators=(",", ":"), ensure_ascii=False).encode() + b"\n")
                if isinstance(event, BlobDone):
                    self._unsynced += event.blob.size
                if self._unsynced >= _SYNC_EVERY:
                    os.fsync(self._file.fileno())
                    self._unsynced = 0
            except OSError:
                self._file.close()
                self._file = None
                raise

    def close(self) -> None:
        with self._lock:
            if self._file is not None:
                with suppress(OSError):  # the run is over, and its outcome does not depend on a hint
                    os.fsync(self._file.fileno())
                self._file.close()
                self._file = None

    @staticmethod
    def _append(file: FileIO, line: bytes) -> None:
        if file.write(line) < len(line):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    def __enter__(self) -> Journal:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _remember(self, line: bytes) -> None:
        try:
            entry: object = json.loads(line)
        except ValueError:
            return  # a damaged line tells nothing; the registry is asked anyway where another line says so
        if not isinstance(entry, dict):
            return
        registry, path, digest = entry.get("registry"), entry.get("repository"), entry.get("digest")
        if not (isinstance(registry, str) and isinstance(path, str) and isinstance(digest, str)):
            return
        if entry.get("event") == "upload_started":
            location = entry.get("location")
            self._start((registry, path, digest), location if isinstance(location, str) else "")
        elif entry.get("event") == "blob_done":
            self._locations.pop((registry, path, digest), None)

    def _start(self, place: _Place, location: str) -> None:
        self._begun.add(place)
        self._locations[place] = _own(location)


def _line(event: Event) -> dict[str, Json] | None:
    match event:
        case UploadStarted():
            return _entry("upload_started", event.target, digest=event.digest, location=_own(event.location))
        case BlobDone():
            return _entry("blob_done", event.target, digest=event.blob.digest, size=event.blob.size, sent=event.sent)
        case BlobMounted():
            return _entry("blob_mounted", event.target, digest=event.blob.digest, origin=event.origin.path)
        case ManifestDone():
            return _entry("manifest_done", event.target, digest=event.manifest.digest)
        case ImageDone(outcome=outcome):
            target = RepositoryName(outcome.target.registry, outcome.target.repository)
            result = str(outcome.result)
            return _entry("image_done", target, tag=outcome.target.tag, digest=outcome.digest, result=result)
        case _:
            return None


def _own(location: str) -> str:
    """A path on the registry itself, which is worth nothing without a login; what it gave for elsewhere may be signed
    and let anybody in, so that is not kept."""
    return location if location.startswith("/") else ""


def _entry(name: str, target: RepositoryName, **fields: Json) -> dict[str, Json]:
    return {"event": name, "registry": target.registry, "repository": target.path, **fields}
