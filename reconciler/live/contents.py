"""Putting together what several repositories say of the same images."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace

from reconciler.model.image import Descriptor, Digest, ManifestContent, RepositoryName


def merge(
    contents: dict[Digest, ManifestContent],
    repository: RepositoryName,
    roots: Iterable[Digest],
    read: Mapping[Digest, ManifestContent],
) -> None:
    """Add what was read of the images `roots` in `repository`.

    A manifest keeps the referrers that other repositories have for it. What was reached only as a referrer keeps the
    repository that it was first read from.
    """
    inside = _inside(roots, read)
    for digest, found in read.items():
        known = contents.get(digest)
        if known is None:
            contents[digest] = replace(found, origin=None if digest in inside else repository)
        else:
            origin = None if digest in inside else known.origin
            contents[digest] = replace(known, referrers=_union(known.referrers, found.referrers), origin=origin)


def _inside(roots: Iterable[Digest], read: Mapping[Digest, ManifestContent]) -> frozenset[Digest]:
    """Images and what their indexes hold: what every repository with such an image has."""
    seen: set[Digest] = set()
    pending = list(roots)
    while pending:
        digest = pending.pop()
        if digest not in seen:
            seen.add(digest)
            pending.extend(child.digest for child in read[digest].manifests)
    return frozenset(seen)


def _union(first: tuple[Descriptor, ...], second: tuple[Descriptor, ...]) -> tuple[Descriptor, ...]:
    found = {descriptor.digest: descriptor for descriptor in (*second, *first)}
    return tuple(found[digest] for digest in sorted(found))
