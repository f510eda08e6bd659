"""Our client as `apply` calls it: `python -m tests.bench.copying SCHEME SOURCE TARGET JOURNAL REPOSITORY...`.

Two plain registries have no control plane that lists digests, so tags are listed and asked for one by one.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from reconciler.core.blobs import account
from reconciler.model.address import import_rule
from reconciler.model.image import Digest, ImageName, ManifestContent, RepositoryName
from reconciler.model.plan import Transfer, TransferReason
from reconciler.model.report import ImageResult
from reconciler.oci.client import Registry
from reconciler.oci.errors import NotFound
from reconciler.oci.read import read_contents
from reconciler.transfer.engine import run
from reconciler.transfer.journal import Journal
from reconciler.transfer.plan import build

_REGISTRY_REQUESTS = 32
"""Requests in flight at each registry while planning, as the live reader has it; taking it from there would load the
control plane, which this process has no use for."""

_REPOSITORIES = 8
"""Repositories that are read side by side, as by the live reader."""

_Tags = dict[str, dict[str, Digest]]
"""Repository to tag to digest; a repository that does not exist is not in it."""


def copy(source: Registry, target: Registry, repositories: Sequence[str], journal: Journal) -> bool:
    """Bring every tag of `repositories` to the same name at `target`; whether all of them are there."""
    with ThreadPoolExecutor(2) as sides:
        theirs, ours = sides.map(lambda registry: _listed(registry, repositories), (source, target))
    transfers = list(_missing(source.host, theirs, target.host, ours))
    if not transfers:
        return True
    contents = _contents(source, transfers)
    absent = {RepositoryName(target.host, path): frozenset[Digest]() for path in repositories if path not in ours}
    counted = account(transfers, contents, absent)
    clients = {source.host: source, target.host: target}
    result = run(
        build(counted, contents, absent),
        registries=clients.__getitem__,
        journal=journal,
        listener=lambda _: None,
    )
    return all(outcome.result is ImageResult.IMPORTED for outcome in result.outcomes)


def _listed(registry: Registry, repositories: Sequence[str]) -> _Tags:
    """One listing for each repository, one HEAD for each tag."""

    def tags(path: str) -> list[str] | None:
        try:
            return registry.tags(path)
        except NotFound:
            return None

    def digest(image: tuple[str, str]) -> Digest | None:
        found = registry.head_manifest(*image)
        return None if found is None else found.digest

    with ThreadPoolExecutor(_REGISTRY_REQUESTS) as pool:
        names = {path: found for path, found in zip(repositories, pool.map(tags, repositories), strict=True) if found}
        images = [(path, tag) for path, found in names.items() for tag in found]
        listed: _Tags = {path: {} for path in names}
        for (path, tag), found in zip(images, pool.map(digest, images), strict=True):
            if found is not None:
                listed[path][tag] = found
    return listed


def _missing(source: str, theirs: _Tags, target: str, ours: _Tags) -> Iterable[Transfer]:
    pushed = 0
    for path, tags in theirs.items():
        for tag, digest in tags.items():
            there = ours.get(path, {}).get(tag)
            pushed += 1
            if there != digest:
                yield Transfer(
                    import_rule("bench"),
                    ImageName(source, path, tag),
                    ImageName(target, path, tag),
                    digest,
                    TransferReason.MISSING if there is None else TransferReason.DIFFERENT,
                    pushed=pushed,
                    replaces=there,
                )


def _contents(source: Registry, transfers: Iterable[Transfer]) -> dict[Digest, ManifestContent]:
    """As the live reader does it: repositories side by side, each with its share of the requests in flight."""
    wanted: dict[str, list[Digest]] = {}
    for transfer in transfers:
        wanted.setdefault(transfer.source.repository, []).append(transfer.digest)
    share = _REGISTRY_REQUESTS // min(len(wanted), _REPOSITORIES)
    contents: dict[Digest, ManifestContent] = {}
    with ThreadPoolExecutor(_REPOSITORIES) as pool:
        for found in pool.map(lambda item: read_contents(source, *item, workers=share), wanted.items()):
            contents |= found.read
    return contents


def main(scheme: str, source_host: str, target_host: str, journal_file: str, *repositories: str) -> int:
    plain = scheme == "http"
    source = Registry(source_host, lambda _: None, plain_http=plain)
    target = Registry(target_host, lambda _: None, plain_http=plain)
    with Journal.open(Path(journal_file)) as journal:
        done = copy(source, target, repositories, journal)
    source.close()
    target.close()
    return 0 if done else 1


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
