"""Which bytes move: every unique blob once per target registry, mounted wherever else it is needed there."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from reconciler.model.image import Contents, Descriptor, Digest, RepositoryName, closure
from reconciler.model.plan import Transfer, Via


@dataclass(frozen=True, slots=True)
class BlobRoute:
    """How one blob gets to one target registry.

    It is read from `source` and sent to `send_to`, or not sent at all (`send_to` is None) because `holder` has it
    already; then it is mounted from `holder` into `mount_into`. All are repository paths of `registry`.
    """

    registry: str
    blob: Descriptor
    source: RepositoryName
    send_to: str | None
    holder: str
    mount_into: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Account:
    """`transfers` have their bytes filled in. `bytes` are blobs sent plus manifests new to their repository;
    `bytes_shared` is what the same images would move one by one, less that."""

    transfers: tuple[Transfer, ...]
    routes: tuple[BlobRoute, ...]
    bytes: int
    bytes_shared: int

    @property
    def blobs(self) -> int:
        return sum(route.send_to is not None for route in self.routes)


def account(
    transfers: Sequence[Transfer], contents: Contents, present: Mapping[RepositoryName, frozenset[Digest]]
) -> Account:
    """Plan the bytes of `transfers`, first come first served.

    Images that the service moves itself (`Via.RULE`) get their size and move no byte of ours. Raises KeyError when
    `contents` lacks a manifest.
    """
    needs: dict[tuple[str, Digest], _Need] = {}
    known_manifests: set[tuple[RepositoryName, Digest]] = set()
    counted: list[Transfer] = []
    holders = _holders(present)
    total_alone = 0
    for transfer in transfers:
        order = closure(transfer.digest, contents)
        blobs: dict[Digest, tuple[Descriptor, RepositoryName | None]] = {}
        for digest in order:
            for blob in contents[digest].blobs:
                blobs.setdefault(blob.digest, (blob, contents[digest].origin))
        size = sum(blob.size for blob, _ in blobs.values()) + sum(contents[digest].size for digest in order)
        if transfer.via is not Via.EXECUTOR:
            counted.append(replace(transfer, bytes=0, size=size))
            continue
        target = RepositoryName(transfer.target.registry, transfer.target.repository)
        source = RepositoryName(transfer.source.registry, transfer.source.repository)
        held = present.get(target, frozenset())
        moved = 0
        for digest in order:
            if digest not in held and (target, digest) not in known_manifests:
                moved += contents[digest].size
            known_manifests.add((target, digest))
        for blob, origin in blobs.values():
            key = (target.registry, blob.digest)
            if key not in needs:
                needs[key] = _Need(blob, origin or source, holders.get(key), {})
                if holders.get(key) is None:
                    moved += blob.size
            needs[key].repositories.setdefault(target.path, blob.digest in held)
        total_alone += size
        counted.append(replace(transfer, bytes=moved, size=size))
    routes = tuple(_route(registry, need) for (registry, _), need in needs.items())
    total = sum(transfer.bytes for transfer in counted)
    return Account(tuple(counted), routes, total, total_alone - total)


@dataclass(slots=True)
class _Need:
    blob: Descriptor
    source: RepositoryName
    holder: str | None
    repositories: dict[str, bool]
    """Repository path to whether it holds the blob already, in the order in which images ask for it."""


def _holders(present: Mapping[RepositoryName, frozenset[Digest]]) -> dict[tuple[str, Digest], str]:
    """The first repository, by name, that holds a blob in each registry."""
    return {
        (repository.registry, digest): repository.path
        for repository in sorted(present, reverse=True)
        for digest in present[repository]
    }


def _route(registry: str, need: _Need) -> BlobRoute:
    lacking = [path for path, held in need.repositories.items() if not held]
    if need.holder is not None:
        return BlobRoute(registry, need.blob, need.source, None, need.holder, tuple(lacking))
    return BlobRoute(registry, need.blob, need.source, lacking[0], lacking[0], tuple(lacking[1:]))
