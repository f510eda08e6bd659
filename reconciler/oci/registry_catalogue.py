"""What a registry holds, as the distribution API tells it: names, digests, and no push times."""

from __future__ import annotations

import json
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import datetime

from reconciler.core.select import is_companion
from reconciler.model.image import Descriptor, Digest
from reconciler.oci.catalogue import BrokenTag, ListedTag, ListedTags
from reconciler.oci.client import Registry
from reconciler.oci.errors import DigestMismatch, NotFound, RegistryRefused
from reconciler.oci.manifest import Manifest

WORKERS = 16

_CONFIG_LIMIT = 4 * 1024 * 1024
_CREATED = "org.opencontainers.image.created"
_CONFIG_TYPES = ("application/vnd.oci.image.config.v1+json", "application/vnd.docker.container.image.v1+json")
_NO_PLATFORM = "unknown/unknown"


class RegistryCatalogue:
    """A Catalogue. The moment of a tag is when its image was created, as the image's configuration says."""

    def __init__(self, registry: Registry) -> None:
        self._registry = registry
        self._created: dict[Digest, int] = {}

    def repositories(self) -> Sequence[str]:
        return sorted(self._registry.repositories())

    def tags(self, repository: str, timed: int | None = None, /) -> ListedTags:
        names = sorted(self._registry.tags(repository))
        with ThreadPoolExecutor(WORKERS, thread_name_prefix="tags") as pool:
            told = list(pool.map(lambda name: self._told(repository, name), names))
            tags = [tag for tag in told if isinstance(tag, ListedTag)]
            if timed is not None and sum(not is_companion(tag.name) for tag in tags) > timed > 0:
                moments = pool.map(lambda tag: self._moment(repository, tag.digest), tags)
                tags = [replace(tag, moment=moment) for tag, moment in zip(tags, moments, strict=True)]
        return ListedTags(tuple(tags), tuple(tag for tag in told if isinstance(tag, BrokenTag)))

    def _told(self, repository: str, name: str) -> ListedTag | BrokenTag | None:
        """None for a tag that was deleted since the list was made."""
        try:
            found = self._registry.head_manifest(repository, name)
        except (DigestMismatch, RegistryRefused) as error:
            return BrokenTag(name, error.message)
        return None if found is None else ListedTag(name, found.digest)

    def _moment(self, repository: str, digest: Digest) -> int:
        """Epoch milliseconds; 0 for an image that does not say, or that cannot be read."""
        if digest not in self._created:
            try:
                self._created[digest] = self._read_moment(repository, digest)
            except (DigestMismatch, NotFound, RegistryRefused):
                self._created[digest] = 0
        return self._created[digest]

    def _read_moment(self, repository: str, digest: Digest) -> int:
        manifest = self._registry.manifest(repository, digest)
        said = manifest.annotations.get(_CREATED)
        while manifest.content.manifests:
            children = manifest.content.manifests
            child = next((child for child in children if child.platform != _NO_PLATFORM), children[0])
            manifest = self._registry.manifest(repository, child.digest)
        return _milliseconds(self._config_created(repository, manifest) or said)

    def _config_created(self, repository: str, manifest: Manifest) -> object:
        config = manifest.content.blobs[0] if manifest.content.blobs else None
        if config is None or config.size > _CONFIG_LIMIT or config.media_type not in _CONFIG_TYPES:
            return None
        try:
            document: object = json.loads(self._read(repository, config))
        except (ValueError, RecursionError):
            return None
        return document.get("created") if isinstance(document, dict) else None

    def _read(self, repository: str, blob: Descriptor) -> bytes:
        def attempt() -> bytes:
            content = bytearray(blob.size)
            rest = memoryview(content)
            with self._registry.open_blob(repository, blob) as stream:
                while rest and (count := stream.readinto(rest)):
                    rest = rest[count:]
            return bytes(content)

        return self._registry.persist(attempt)


def _milliseconds(said: object) -> int:
    try:
        return max(0, round(datetime.fromisoformat(str(said)).timestamp() * 1000))
    except (ValueError, OverflowError):
        return 0
