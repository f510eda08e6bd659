"""Reading images in a store as if it were a registry."""

from __future__ import annotations

import threading
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, contextmanager
from typing import TypeVar

from reconciler.model.image import Descriptor, Digest
from reconciler.oci import manifest
from reconciler.oci.catalogue import ListedTags
from reconciler.oci.errors import DigestMismatch, NotFound, RegistryRefused
from reconciler.oci.manifest import MANIFEST_LIMIT, Manifest, ManifestUnreadable
from reconciler.oci.measured import Readable
from reconciler.oci.patience import Backoff, Patience, Retry
from reconciler.oci.referrers import fallback_tag, listed
from reconciler.oci.shelf import Shelf
from reconciler.oci.stores.layout import ImageLayout
from reconciler.oci.stores.objects import ObjectStore

_T = TypeVar("_T")

_SHELF_LIMIT = 16 * 1024 * 1024
_WORKERS = 16


class StoreReader:
    """An ImageSource and a Catalogue. `find` looks for the images in the store when they are first asked for."""

    def __init__(
        self,
        store: ObjectStore,
        find: Callable[[ObjectStore], ImageLayout],
        *,
        backoff: Backoff | None = None,
        sleep: Callable[[float], object] | None = None,
    ) -> None:
        self._store = store
        self._find = find
        self._lock = threading.Lock()
        self._layout: ImageLayout | None = None
        self._patience = (
            Patience(backoff or Backoff()) if sleep is None else Patience(backoff or Backoff(), sleep=sleep)
        )
        self._requests: Counter[str] = Counter()
        self._shelf = Shelf(_SHELF_LIMIT)
        self._referring: defaultdict[str, threading.Lock] = defaultdict(threading.Lock)
        self._referrers: dict[str, dict[Digest, list[Descriptor]]] = {}

    @property
    def host(self) -> str:
        return self._store.name

    @property
    def requests(self) -> Counter[str]:
        """Readings of manifests and blobs; listings are not among them."""
        return self._requests

    @property
    def retries(self) -> int:
        return self._patience.retries

    def observed(self, observer: Callable[[Retry], None]) -> AbstractContextManager[None]:
        return self._patience.observed(observer)

    def persist(self, action: Callable[[], _T]) -> _T:
        return self._patience.persist(action)

    def close(self) -> None:
        self._store.close()

    def repositories(self) -> Sequence[str]:
        return self.persist(lambda: self._images().repositories())

    def tags(self, repository: str, _timed: int | None = None, /) -> ListedTags:
        return self.persist(lambda: self._images().tags(repository))

    def few_tags(self, repository: str) -> frozenset[str] | None:
        try:
            return frozenset(tag.name for tag in self.tags(repository).tags)
        except NotFound:
            return frozenset()

    def manifest(self, repository: str, reference: str) -> Manifest:
        digest = Digest(reference) if ":" in reference else self.persist(lambda: self._resolve(repository, reference))
        known = self._shelf.get(repository, digest)
        if known is not None:
            return known
        found = self.persist(lambda: self._read_manifest(repository, digest))
        self._shelf.put(repository, found)
        return found

    @contextmanager
    def open_blob(self, repository: str, blob: Descriptor, offset: int = 0) -> Iterator[Readable]:
        """Raises RegistryRefused when the store has another number of bytes: they are at rest, so it stays so."""
        path = self._images().blob_path(repository, blob.digest)
        what = f"blob {repository}@{blob.digest}"
        self._count("blob")
        there = self._store.stat(path)
        if there is None:
            raise NotFound(self.host, f"{what} is not in the store: there is no {path}")
        if there.size != blob.size:
            raise RegistryRefused(
                self.host, f"{what} has {there.size} bytes in the store and {blob.size} in its manifest: {path}"
            )
        with self._store.open(path, blob.size, offset) as reader:
            yield reader

    def referrers(
        self, repository: str, digest: Digest, may_have: Callable[[str], bool] = lambda _tag: True
    ) -> tuple[Descriptor, ...]:
        """From the manifests of the repository that have no tag, and from the fallback tag."""
        with self._referring[repository]:
            if repository not in self._referrers:
                self._referrers[repository] = self._find_referrers(repository)
        found = {referrer.digest: referrer for referrer in self._referrers[repository].get(digest, ())}
        if may_have(fallback_tag(digest)):
            try:
                index = self.manifest(repository, fallback_tag(digest))
                found.update((referrer.digest, referrer) for referrer in listed(index.raw))
            except NotFound:
                pass
            except ManifestUnreadable as error:
                raise RegistryRefused(self.host, f"{repository}:{fallback_tag(digest)}: {error}") from error
        return tuple(found.values())

    def _find_referrers(self, repository: str) -> dict[Digest, list[Descriptor]]:
        by_subject: dict[Digest, list[Descriptor]] = {}
        untagged = self.persist(lambda: self._images().untagged(repository))
        with ThreadPoolExecutor(_WORKERS, thread_name_prefix="referrers") as pool:
            for found in pool.map(lambda digest: self._perhaps(repository, digest), untagged):
                if found is not None and found.content.subject is not None:
                    descriptor = Descriptor(found.digest, found.content.size, found.media_type)
                    by_subject.setdefault(found.content.subject, []).append(descriptor)
        return by_subject

    def _perhaps(self, repository: str, digest: Digest) -> Manifest | None:
        """A manifest that nobody asked for: one that cannot be read is nothing that anybody misses."""
        try:
            return self.manifest(repository, digest)
        except (NotFound, RegistryRefused, DigestMismatch):
            return None

    def _images(self) -> ImageLayout:
        with self._lock:
            if self._layout is None:
                self._layout = self._find(self._store)
            return self._layout

    def _resolve(self, repository: str, tag: str) -> Digest:
        return self._images().resolve(repository, tag)

    def _read_manifest(self, repository: str, digest: Digest) -> Manifest:
        layout = self._images()
        what = f"manifest {repository}@{digest}"
        self._count("manifest")
        try:
            raw = self._store.read(layout.blob_path(repository, digest), MANIFEST_LIMIT)
        except NotFound as error:
            raise NotFound(self.host, f"{what} is not in the store") from error
        algorithm = manifest.algorithm_of(digest)
        actual = manifest.digest_bytes(raw, algorithm)
        if actual != digest:
            mismatch = DigestMismatch(self.host, f"{what}: its bytes have the digest {actual}")
            mismatch.spent = True  # they are at rest: reading them again gives the same
            raise mismatch
        try:
            return manifest.parse(raw, layout.media_type(repository, digest), algorithm=algorithm)
        except ManifestUnreadable as error:
            raise RegistryRefused(self.host, f"{what}: {error}") from error

    def _count(self, kind: str) -> None:
        with self._lock:
            self._requests[kind] += 1
