"""The executor's part of a copy between two plain registries: contents, transfer plan, journal, run."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path

from reconciler.core.blobs import account
from reconciler.model.address import import_rule
from reconciler.model.image import Digest, ImageName, ManifestContent, RepositoryName
from reconciler.model.plan import Transfer, TransferReason
from reconciler.model.report import ImageResult
from reconciler.oci.client import Registry
from reconciler.oci.read import read_contents
from reconciler.oci.side_by_side import side_by_side
from reconciler.transfer.engine import run
from reconciler.transfer.journal import Journal
from reconciler.transfer.plan import build

_REPOSITORIES = 8
"""Repositories that are read side by side, each with as many requests in flight, as by the live reader."""
_SHARE = 4


def carry(
    source: Registry,
    target: Registry,
    missing: Iterable[tuple[str, str, Digest, Digest | None]],
    tags: Mapping[str, tuple[str, ...]],
    new: Iterable[str],
    journal_file: Path,
) -> bool:
    """Copy images, given by repository, tag, digest and what it replaces; whether all of them are there.

    `tags` are all of the source's, and `new` the repositories that the target does not have.
    """
    transfers = [
        Transfer(
            import_rule("bench"),
            ImageName(source.host, path, tag),
            ImageName(target.host, path, tag),
            digest,
            TransferReason.MISSING if there is None else TransferReason.DIFFERENT,
            pushed=number,
            replaces=there,
        )
        for number, (path, tag, digest, there) in enumerate(missing, 1)
    ]
    contents = _contents(source, transfers, tags)
    absent = {RepositoryName(target.host, path): frozenset[Digest]() for path in new}
    clients = {source.host: source, target.host: target}
    with Journal.open(journal_file) as journal:
        result = run(
            build(account(transfers, contents, absent), contents, absent),
            registries=clients.__getitem__,
            sources=clients.__getitem__,
            journal=journal,
            listener=lambda _: None,
        )
    return all(outcome.result is ImageResult.IMPORTED for outcome in result.outcomes)


def _contents(
    source: Registry, transfers: Iterable[Transfer], tags: Mapping[str, tuple[str, ...]]
) -> dict[Digest, ManifestContent]:
    wanted: dict[str, list[Digest]] = {}
    for transfer in transfers:
        wanted.setdefault(transfer.source.repository, []).append(transfer.digest)

    def read(path: str) -> dict[Digest, ManifestContent]:
        found = read_contents(source, path, wanted[path], workers=_SHARE, tags=frozenset(tags[path]))
        for error in found.failed.values():
            raise error
        return found.read

    contents: dict[Digest, ManifestContent] = {}
    for found in side_by_side(read, wanted, _REPOSITORIES, "repository"):
        contents |= found
    return contents
