"""What a registry stores, seen from inside: manifests as exact bytes, blobs as streams, tags as names."""

from __future__ import annotations

import hashlib
import json
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from reconciler.model.image import Descriptor, Digest, parse_digest
from reconciler.model.json_value import Json

DOCKER_MANIFEST = "application/vnd.docker.distribution.manifest.v2+json"
DOCKER_LIST = "application/vnd.docker.distribution.manifest.list.v2+json"
OCI_MANIFEST = "application/vnd.oci.image.manifest.v1+json"
OCI_INDEX = "application/vnd.oci.image.index.v1+json"
MANIFEST_TYPES = (OCI_MANIFEST, OCI_INDEX, DOCKER_MANIFEST, DOCKER_LIST)
CHUNK = 256 * 1024


def sha256_digest(data: bytes) -> Digest:
    return Digest("sha256:" + hashlib.sha256(data).hexdigest())


@dataclass(frozen=True, slots=True)
class StoredManifest:
    """A manifest or index; `data` is kept byte for byte. `config` is empty for an index."""

    digest: Digest
    media_type: str
    data: bytes
    config: Descriptor | None
    layers: tuple[Descriptor, ...]
    children: tuple[Descriptor, ...]
    subject: Digest | None
    artifact_type: str
    annotations: Mapping[str, str]

    @property
    def blobs(self) -> tuple[Descriptor, ...]:
        return (self.config, *self.layers) if self.config else self.layers


def read_manifest(data: bytes, content_type: str = "") -> StoredManifest:
    """Raises ValueError when `data` is no image manifest or index of a known type."""
    try:
        document: Json = json.loads(data)
    except ValueError as failure:
        raise ValueError("manifest is not JSON") from failure
    if not isinstance(document, dict):
        raise ValueError("manifest is not an object")
    media_type = _text(document, "mediaType") or content_type.partition(";")[0].strip()
    if media_type not in MANIFEST_TYPES:
        if "mediaType" in document or document.get("schemaVersion") != 2:
            raise ValueError(f"manifest type is not supported: {media_type}")
        media_type = OCI_INDEX if "manifests" in document else OCI_MANIFEST
    is_index = media_type in (OCI_INDEX, DOCKER_LIST)
    if not is_index and "config" not in document:
        raise ValueError("manifest has no config")
    config = None if is_index else _descriptor(document["config"])
    layers = [] if is_index else _items(document, "layers")
    subject = document.get("subject")
    annotations = document.get("annotations")
    return StoredManifest(
        digest=sha256_digest(data),
        media_type=media_type,
        data=data,
        config=config,
        layers=tuple(_descriptor(layer) for layer in layers if not _foreign(layer)),
        children=tuple(_descriptor(child) for child in _items(document, "manifests")) if is_index else (),
        subject=_descriptor(subject).digest if subject is not None else None,
        artifact_type=_text(document, "artifactType") or (config.media_type if config else ""),
        annotations={str(k): str(v) for k, v in annotations.items()} if isinstance(annotations, dict) else {},
    )


def image_created(config: bytes) -> int | None:
    """Epoch milliseconds of the image config's `created`, or None without a usable one."""
    try:
        document = json.loads(config)
        return int(datetime.fromisoformat(document["created"]).timestamp() * 1000)
    except (ValueError, KeyError, TypeError):
        return None


def _foreign(layer: Json) -> bool:
    """Layers with addresses of their own are never sent to a registry."""
    return isinstance(layer, Mapping) and bool(layer.get("urls"))


def _descriptor(value: Json) -> Descriptor:
    if not isinstance(value, Mapping):
        raise ValueError("a descriptor is an object")
    digest, size = value.get("digest"), value.get("size")
    if not isinstance(digest, str) or ":" not in digest or not isinstance(size, int):
        raise ValueError("a descriptor has a digest and a size")
    return Descriptor(parse_digest(digest), size, _text(value, "mediaType"))


def _items(document: Mapping[str, Json], key: str) -> list[Json]:
    value = document.get(key, [])
    if not isinstance(value, list):
        raise ValueError(f"`{key}` is not a list")
    return value


def _text(document: Mapping[str, Json], key: str) -> str:
    value = document.get(key)
    return value if isinstance(value, str) else ""


class Content(Protocol):
    """The content of one registry, whether we store it or a real registry does.

    `repository` is always the whole path. Reading what is not there raises KeyError.
    """

    async def repositories(self) -> Sequence[str]: ...

    async def tags(self, repository: str) -> Sequence[str]:
        """Sorted; empty when the repository holds nothing."""
        ...

    async def resolve(self, repository: str, reference: str) -> Digest | None:
        """The digest of a manifest by tag or digest, or None."""
        ...

    async def manifest(self, repository: str, reference: str) -> StoredManifest: ...

    async def has_blob(self, repository: str, digest: Digest) -> bool: ...

    def read_blob(self, repository: str, digest: Digest) -> AsyncIterator[bytes]: ...

    async def write_blob(self, repository: str, blob: Descriptor, chunks: AsyncIterator[bytes]) -> None:
        """Raises ValueError when the bytes do not have the digest."""
        ...

    async def write_manifest(self, repository: str, manifest: StoredManifest, tag: str | None) -> None: ...

    async def delete_tag(self, repository: str, tag: str) -> None: ...

    async def delete_repository(self, repository: str) -> None: ...


async def read_whole(content: Content, repository: str, digest: Digest) -> bytes:
    """For configs, which are small."""
    return b"".join([chunk async for chunk in content.read_blob(repository, digest)])
