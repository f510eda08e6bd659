"""Image values: digests, descriptors, and what an image consists of."""

from __future__ import annotations

import re
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from typing import NewType

Digest = NewType("Digest", str)
"""`algorithm:hex`, lower case, as the OCI image specification writes it."""

_DIGEST = re.compile(r"sha256:[0-9a-f]{64}|sha512:[0-9a-f]{128}")


def parse_digest(text: str) -> Digest:
    """A digest with its algorithm; bare sha256 hex gets its prefix (ACR's ListRepoTag leaves it out).

    Raises ValueError for anything else.
    """
    candidate = text if ":" in text else f"sha256:{text}"
    if not _DIGEST.fullmatch(candidate):
        raise ValueError(f"not a sha256 or sha512 digest: {text!r}")
    # An image is named many times, on both sides of a copy at least: each digest is in memory once.
    return Digest(sys.intern(candidate))


@dataclass(frozen=True, slots=True)
class Descriptor:
    """A typed pointer to bytes in a registry; `size` is in bytes.

    `platform` is what an index says of a child, `os/architecture` or `os/architecture/variant`; empty when it says
    nothing.
    """

    digest: Digest
    size: int
    media_type: str = ""
    platform: str = ""


@dataclass(frozen=True, slots=True)
class ManifestContent:
    """What one manifest or index points at, as far as copying it needs.

    `blobs` are config and layers that the registry distributes, in manifest order and without repeats. `manifests` are
    an index's children. `referrers` are manifests whose `subject` is this one, wherever in the plan's sources they lie:
    they go along with the image to every place that it goes to. `origin` is set for what came in as a referrer, and is
    the repository to read it from. `foreign` counts layers that live elsewhere by design and are left there.
    """

    digest: Digest
    size: int
    media_type: str
    blobs: tuple[Descriptor, ...] = ()
    manifests: tuple[Descriptor, ...] = ()
    referrers: tuple[Descriptor, ...] = ()
    subject: Digest | None = None
    foreign: int = 0
    origin: RepositoryName | None = None


@dataclass(frozen=True, slots=True, order=True)
class ImageName:
    """A tag in a repository of a registry; `registry` is `host[:port]`, `repository` holds the namespace."""

    registry: str
    repository: str
    tag: str

    def __str__(self) -> str:
        return f"{self.registry}/{self.repository}:{self.tag}"


@dataclass(frozen=True, slots=True, order=True)
class RepositoryName:
    """A repository of a registry; `registry` is `host[:port]`, `path` holds the namespace."""

    registry: str
    path: str

    def __str__(self) -> str:
        return f"{self.registry}/{self.path}"


Contents = Mapping[Digest, ManifestContent]


def closure(root: Digest, contents: Contents) -> tuple[Digest, ...]:
    """Every manifest that `root` needs, children before parents, its referrers after it; each once.

    Raises KeyError when `contents` lacks one of them.
    """
    order: list[Digest] = []
    seen: set[Digest] = set()
    stack: list[tuple[Digest, bool]] = [(root, False)]
    while stack:
        digest, expanded = stack.pop()
        if expanded:
            order.append(digest)
            stack.extend((r.digest, False) for r in reversed(contents[digest].referrers) if r.digest not in seen)
            continue
        if digest in seen:
            continue
        seen.add(digest)
        stack.append((digest, True))
        stack.extend((m.digest, False) for m in reversed(contents[digest].manifests) if m.digest not in seen)
    return tuple(order)
