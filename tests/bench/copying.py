"""Our client as `apply` calls it: `python -m tests.bench.copying SCHEME SOURCE TARGET JOURNAL REPOSITORY...`.

Two plain registries have no control plane that lists digests, so tags are listed, and what both sides have is asked for
one by one. The executor is loaded when there turns out to be work for it.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from importlib import import_module
from pathlib import Path
from threading import Thread

from reconciler.model.image import Digest
from reconciler.oci.client import Registry
from reconciler.oci.errors import NotFound
from reconciler.oci.side_by_side import side_by_side

REQUESTS = 32
"""Requests to registries in flight while planning, as the live reader has it."""

_EXECUTOR = "tests.bench.carrying"
_Tags = dict[str, tuple[str, ...]]
"""By repository; one that does not exist is not in it."""


def main(scheme: str, source_host: str, target_host: str, journal: str, *repositories: str) -> int:
    """Bring every tag of `repositories` to the same name at the target; 0 when all of them are there."""
    plain = scheme == "http"
    source = Registry(source_host, lambda _: None, plain_http=plain)
    target = Registry(target_host, lambda _: None, plain_http=plain)
    done = _copy(source, target, repositories, Path(journal))
    source.close()
    target.close()
    return 0 if done else 1


def _copy(source: Registry, target: Registry, repositories: Sequence[str], journal: Path) -> bool:
    theirs, ours = _listed((source, target), repositories)
    if any(set(tags) - set(ours.get(path, ())) for path, tags in theirs.items()):
        Thread(target=import_module, args=(_EXECUTOR,)).start()
    missing = tuple(_missing(source, target, theirs, ours))
    if not missing:
        return True
    from tests.bench.carrying import carry

    return carry(source, target, missing, theirs, frozenset(theirs) - frozenset(ours), journal)


def _listed(registries: tuple[Registry, Registry], repositories: Sequence[str]) -> tuple[_Tags, _Tags]:
    """The tags of both sides, one listing for each repository."""

    def tags(place: tuple[Registry, str]) -> tuple[str, ...] | None:
        registry, path = place
        try:
            return tuple(registry.tags(path))
        except NotFound:
            return None

    places = [(registry, path) for path in repositories for registry in registries]
    found = dict(zip(places, side_by_side(tags, places, REQUESTS, "list"), strict=True))
    source, target = (
        {path: there for path in repositories if (there := found[registry, path]) is not None}
        for registry in registries
    )
    return source, target


def _missing(
    source: Registry, target: Registry, theirs: _Tags, ours: _Tags
) -> Iterator[tuple[str, str, Digest, Digest | None]]:
    """Repository, tag and digest of what the target has not, or has as another image: then with that one's digest.

    What it has not is read at once: whoever copies it needs the manifest, which tells the digest.
    """
    known = {path: frozenset(tags) for path, tags in ours.items()}

    def compared(image: tuple[str, str]) -> tuple[Digest, Digest | None] | None:
        path, tag = image
        if tag not in known.get(path, ()):
            return source.manifest(path, tag).digest, None
        wanted = source.head_manifest(path, tag)
        if wanted is None:
            return None
        there = target.head_manifest(path, tag, expected=wanted.digest)
        return wanted.digest, None if there is None else there.digest

    images = [(path, tag) for path, tags in theirs.items() for tag in tags]
    for image, found in zip(images, side_by_side(compared, images, REQUESTS, "compare"), strict=True):
        if found is not None and found[0] != found[1]:
            yield (*image, *found)


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
