"""What the service remembers about a tag when an image is pushed."""

from __future__ import annotations

import re
from dataclasses import dataclass

from reconciler.emulator.catalogue import Repository, Tag
from reconciler.emulator.content import Content, StoredManifest, image_created, read_whole
from reconciler.emulator.refusal import Refused
from reconciler.model.image import Digest

_CONFIG_LIMIT = 4 * 1024 * 1024
TAG_NAME = r"[A-Za-z0-9_][A-Za-z0-9._-]{0,127}"
"""As the OCI distribution specification has it."""
MUTABLE_TAG = "latest"
"""The one tag that immutability leaves alone ("Enable image version immutability", 2026-03)."""


@dataclass(frozen=True, slots=True)
class _Facts:
    image_id: Digest
    size: int
    created: int | None


async def describe(content: Content, path: str, name: str, manifest: StoredManifest, pushed: int | None) -> Tag:
    """`pushed` is epoch milliseconds; without it the image's own creation time stands in. Raises KeyError when the
    image is not complete."""
    facts = await _facts(content, path, manifest)
    created = facts.created if facts.created is not None else (pushed or 0)
    return Tag(name, manifest.digest, facts.image_id, facts.size, created, created if pushed is None else pushed)


def check_name(parameter: str, tag: str) -> str:
    """`tag` itself. Raises Refused when no tag can be called so."""
    if not re.fullmatch(TAG_NAME, tag):
        raise Refused(f"Invalid{parameter}", f"not the name of a tag: {tag}", 400)
    return tag


def check_overwrite(repository: Repository, tag: str, existing: Digest | None, digest: Digest) -> None:
    """Raises Refused when the repository's immutability keeps `tag` where it is."""
    if repository.tag_immutability and tag != MUTABLE_TAG and existing not in (None, digest):
        raise Refused("TAG_IMMUTABLE", "The requested tag already exists and cannot be overwritten.")


async def _facts(content: Content, path: str, manifest: StoredManifest) -> _Facts:
    size = len(manifest.data) + sum(blob.size for blob in manifest.blobs)
    if manifest.config is not None:
        created = None
        if manifest.config.size <= _CONFIG_LIMIT:
            created = image_created(await read_whole(content, path, manifest.config.digest))
        return _Facts(manifest.config.digest, size, created)
    created = None
    for child in manifest.children:
        facts = await _facts(content, path, await content.manifest(path, child.digest))
        size += facts.size
        created = facts.created if created is None else created
    return _Facts(manifest.digest, size, created)
