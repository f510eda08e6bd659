"""What planning asks of registries: what images consist of, and what of it is at a target already."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Set
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

from reconciler.model.image import Digest, ManifestContent
from reconciler.oci.client import Registry
from reconciler.oci.errors import NotFound
from reconciler.oci.source import ImageSource


def read_content(
    registry: ImageSource, repository: str, digest: Digest, *, workers: int = 8
) -> dict[Digest, ManifestContent]:
    """The manifest `digest`, everything under it and its referrers. Raises RegistryError."""
    return read_contents(registry, repository, (digest,), workers=workers)


def read_contents(
    registry: ImageSource, repository: str, digests: Iterable[Digest], *, workers: int = 8
) -> dict[Digest, ManifestContent]:
    """As `read_content` for several manifests of one repository; what they share is read once.

    A list of referrers may outlive what it names: a referrer that is not there any more is none.
    """
    tags = _Tags(registry, repository)
    contents: dict[Digest, ManifestContent] = {}
    gone: set[Digest] = set()
    wave = dict.fromkeys(digests, True)
    with ThreadPoolExecutor(workers, thread_name_prefix="read") as pool:
        while wave:
            found = list(pool.map(lambda entry: _read(registry, repository, tags.may_have, *entry), wave.items()))
            gone.update(digest for digest, content in zip(wave, found, strict=True) if content is None)
            there = [content for content in found if content is not None]
            contents.update((content.digest, content) for content in there)
            linked = {d.digest: False for content in there for d in content.referrers if d.digest not in gone}
            linked |= {d.digest: True for content in there for d in content.manifests}
            wave = {digest: needed for digest, needed in linked.items() if digest not in contents}
    return {digest: _without(content, gone) for digest, content in contents.items()} if gone else contents


def present(
    registry: Registry, repository: str, blobs: Iterable[Digest], manifests: Iterable[Digest] = (), *, workers: int = 8
) -> frozenset[Digest]:
    """Which of these the repository holds; a repository that does not exist holds none. Raises RegistryError."""

    def blob_there(digest: Digest) -> bool:
        return registry.head_blob(repository, digest) is not None

    def manifest_there(digest: Digest) -> bool:
        return registry.head_manifest(repository, digest) is not None

    wanted = [(blob_there, digest) for digest in dict.fromkeys(blobs)]
    wanted += [(manifest_there, digest) for digest in dict.fromkeys(manifests)]
    with ThreadPoolExecutor(workers, thread_name_prefix="presence") as pool:
        there = list(pool.map(lambda question: question[0](question[1]), wanted))
    return frozenset(digest for (_, digest), held in zip(wanted, there, strict=True) if held)


class _Tags:
    """The tags of a repository, listed at most once and only when the referrers API is missing there. Thread-safe."""

    def __init__(self, registry: ImageSource, repository: str) -> None:
        self._registry = registry
        self._repository = repository
        self._lock = threading.Lock()
        self._listed = False
        self._tags: frozenset[str] | None = None

    def may_have(self, tag: str) -> bool:
        with self._lock:
            if not self._listed:
                self._tags = self._registry.few_tags(self._repository)
                self._listed = True
        return self._tags is None or tag in self._tags


def _read(
    registry: ImageSource, repository: str, may_have: Callable[[str], bool], digest: Digest, needed: bool
) -> ManifestContent | None:
    try:
        content = registry.manifest(repository, digest).content
    except NotFound:
        if needed:
            raise
        return None
    return replace(content, referrers=registry.referrers(repository, digest, may_have))


def _without(content: ManifestContent, gone: Set[Digest]) -> ManifestContent:
    return replace(content, referrers=tuple(d for d in content.referrers if d.digest not in gone))
