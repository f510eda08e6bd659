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

    Images that the service moves itself move no byte of ours; the size of those that go by a task is the listing's,
    as nobody reads them. Raises KeyError when `contents` lacks a manifest.
    """
    needs: dict[str, dict[Digest, _Need]] = {}
    known_manifests: dict[RepositoryName, set[Digest]] = {}
    sources: dict[RepositoryName, RepositoryName] = {}
    counted: list[Transfer] = []
    holders = _holders(present)
    total_alone = 0
    for transfer in transfers:
        if transfer.via is Via.TASK:
            counted.append(transfer)
            continue
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
        source = sources.setdefault(source, source)
        held = present.get(target, frozenset())
        known = known_manifests.setdefault(target, set())
        moved = 0
        for digest in order:
            if digest not in held and digest not in known:
                moved += contents[digest].size
            known.add(digest)
        needed = needs.setdefault(target.registry, {})
        for blob, origin in blobs.values():
            need = needed.get(blob.digest)
            if need is None:
                holder = holders.get((target.registry, blob.digest))
                need = needed[blob.digest] = _Need(blob, origin or source, holder, target.path)
                moved += blob.size if holder is None else 0
            if blob.digest not in held:
                need.lack(target.path)
        total_alone += size
        counted.append(replace(transfer, bytes=moved, size=size))
    del known_manifests, holders
    routes = tuple(need.route(registry) for registry, needed in needs.items() for need in needed.values())
    total = sum(transfer.bytes for transfer in counted)
    return Account(tuple(counted), routes, total, total_alone - total)


class _Need:
    """One blob that one registry needs. Most are needed in one repository only, and there are many of them."""

    __slots__ = ("_blob", "_first", "_holder", "_others", "_source")

    def __init__(self, blob: Descriptor, source: RepositoryName, holder: str | None, first: str) -> None:
        """`holder` has the blob already; without one, the repository `first` lacks it."""
        self._blob = blob
        self._source = source
        self._holder = holder
        self._first = first
        self._others: dict[str, None] | None = None

    def lack(self, path: str) -> None:
        """Repository `path` does not hold the blob."""
        if path == self._first and self._holder is None:
            return
        if self._others is None:
            self._others = {}
        self._others[path] = None

    def route(self, registry: str) -> BlobRoute:
        others = tuple(self._others or ())
        if self._holder is not None:
            return BlobRoute(registry, self._blob, self._source, None, self._holder, others)
        return BlobRoute(registry, self._blob, self._source, self._first, self._first, others)


def _holders(present: Mapping[RepositoryName, frozenset[Digest]]) -> dict[tuple[str, Digest], str]:
    """The first repository, by name, that holds a blob in each registry."""
    return {
        (repository.registry, digest): repository.path
        for repository in sorted(present, reverse=True)
        for digest in present[repository]
    }
