"""Manifests that were read a moment ago, kept within a bound: what planning read, copying need not read again."""

from __future__ import annotations

import threading
from collections import OrderedDict

from reconciler.model.image import Digest
from reconciler.oci.manifest import Manifest


class Shelf:
    """By repository and digest, so never out of date; the least recently used ones go first. Thread-safe."""

    def __init__(self, limit: int) -> None:
        """`limit` is in bytes of manifests."""
        self._limit = limit
        self._size = 0
        self._lock = threading.Lock()
        self._manifests: OrderedDict[tuple[str, Digest], Manifest] = OrderedDict()

    def get(self, repository: str, digest: Digest) -> Manifest | None:
        with self._lock:
            manifest = self._manifests.get((repository, digest))
            if manifest is not None:
                self._manifests.move_to_end((repository, digest))
            return manifest

    def put(self, repository: str, manifest: Manifest) -> None:
        with self._lock:
            if (repository, manifest.digest) in self._manifests:
                return
            self._manifests[repository, manifest.digest] = manifest
            self._size += len(manifest.raw)
            while self._size > self._limit:
                _, oldest = self._manifests.popitem(last=False)
                self._size -= len(oldest.raw)
