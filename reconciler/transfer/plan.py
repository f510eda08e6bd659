"""The transfer plan: what is sent, mounted and written, and what each of these steps waits for. A pure value."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

from reconciler.core.blobs import Account
from reconciler.model.image import Contents, Descriptor, Digest, ManifestContent, RepositoryName, closure
from reconciler.model.plan import Transfer, TransferReason, Via


@dataclass(frozen=True, slots=True)
class SendBlob:
    """Read `blob` from `source`, send it to `target`. `known_missing`: planning saw that the target lacks it."""

    blob: Descriptor
    source: RepositoryName
    target: RepositoryName
    known_missing: bool
    owner: int


@dataclass(frozen=True, slots=True)
class MountBlob:
    """Make `blob` of repository `origin` part of `target` in the same registry, or send it from `source`."""

    blob: Descriptor
    source: RepositoryName
    target: RepositoryName
    origin: str
    owner: int


@dataclass(frozen=True, slots=True)
class PutManifest:
    """Write a manifest by its digest, once all that it points at is there. `fresh`: it is new to the repository."""

    manifest: ManifestContent
    source: RepositoryName
    target: RepositoryName
    owner: int
    fresh: bool = True


@dataclass(frozen=True, slots=True)
class WriteTag:
    """Write the image `owner` under its tag, after all that it consists of. `fresh`: its manifest is new there."""

    manifest: ManifestContent
    transfer: Transfer
    owner: int
    fresh: bool

    @property
    def source(self) -> RepositoryName:
        return RepositoryName(self.transfer.source.registry, self.transfer.source.repository)

    @property
    def target(self) -> RepositoryName:
        return RepositoryName(self.transfer.target.registry, self.transfer.target.repository)


Job: TypeAlias = SendBlob | MountBlob | PutManifest | WriteTag


@dataclass(frozen=True, slots=True)
class Step:
    """A job and the numbers of the steps that come first: `needs` must succeed, `follows` must only be over."""

    job: Job
    needs: tuple[int, ...] = ()
    follows: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class TransferPlan:
    """`steps` are in order of importance; `images` are the transfers that this executor carries out, in plan order,
    and a job's `owner` is the place in `images` of the one that its bytes are counted for. `fans` are the numbers of
    steps that send the same blob from one registry to several others, so that one reading may serve them all."""

    images: tuple[Transfer, ...]
    steps: tuple[Step, ...]
    contents: Contents = field(repr=False)
    fans: tuple[tuple[int, ...], ...] = ()

    @property
    def blobs(self) -> int:
        return sum(isinstance(step.job, SendBlob) for step in self.steps)

    @property
    def mounts(self) -> int:
        return sum(isinstance(step.job, MountBlob) for step in self.steps)

    @property
    def bytes(self) -> int:
        """Payload that is sent: blobs, and manifests that are new to their repository."""
        total = 0
        for step in self.steps:
            match step.job:
                case SendBlob(blob=blob):
                    total += blob.size
                case PutManifest(manifest=manifest, fresh=True) | WriteTag(manifest=manifest, fresh=True):
                    total += manifest.size
                case MountBlob() | PutManifest() | WriteTag():
                    pass
        return total

    @property
    def requests(self) -> int:
        """What a run sends when all is as planned: no failures, no tokens, no registry that has to be tried out."""
        total = 0
        read: set[tuple[RepositoryName, Digest]] = set()
        looked_up: Counter[RepositoryName] = Counter()
        for step in self.steps:
            match step.job:
                case SendBlob(blob=blob, known_missing=known):
                    total += 2 + (not known) + (blob.size > 0)
                case MountBlob():
                    total += 1
                case PutManifest(manifest=manifest, source=source):
                    total += 1
                    read.add((source, manifest.digest))
                case WriteTag(manifest=manifest, transfer=transfer) as job:
                    missing = transfer.reason is TransferReason.MISSING
                    total += 1 if missing else 2
                    looked_up[job.target] += missing
                    read.add((job.source, manifest.digest))
        # One reading for several targets, one listing for several tags.
        shared = (self.steps[number].job for numbers in self.fans for number in numbers[1:])
        saved = sum(isinstance(job, SendBlob) and job.blob.size > 0 for job in shared)
        return total + len(read) + sum(min(tags, 1) for tags in looked_up.values()) - saved


def build(account: Account, contents: Contents, present: Mapping[RepositoryName, frozenset[Digest]]) -> TransferPlan:
    """The steps that carry `account` out. Raises KeyError when `contents` lacks a manifest."""
    return _Builder(account, contents, present).plan()


_NOBODY = -1


@dataclass(slots=True)
class _Place:
    """One target repository: what it `held` if it was `looked_at`, and by digest the steps and images that bring what
    it lacks. `inner` are manifests that something else points at; `last_tag` is a step and its image's time of push."""

    name: RepositoryName
    held: frozenset[Digest]
    looked_at: bool
    mounts: dict[Digest, int] = field(default_factory=dict)
    puts: dict[Digest, int] = field(default_factory=dict)
    mount_owner: dict[Digest, int] = field(default_factory=dict)
    manifest_owner: dict[Digest, int] = field(default_factory=dict)
    inner: set[Digest] = field(default_factory=set)
    last_tag: tuple[int, int] | None = None


class _Builder:
    """Whom bytes are counted for: the first image in plan order that needs them, as `core.blobs` counts."""

    def __init__(
        self, account: Account, contents: Contents, present: Mapping[RepositoryName, frozenset[Digest]]
    ) -> None:
        self._contents = contents
        self._present = present
        self._images = tuple(transfer for transfer in account.transfers if transfer.via is Via.EXECUTOR)
        self._routes = account.routes
        self._route_of: dict[str, dict[Digest, int]] = {}
        for number, route in enumerate(account.routes):
            self._route_of.setdefault(route.registry, {})[route.blob.digest] = number
        # By route. Lists, because what they hold goes into many tuples: an array would make each a number of its own.
        self._sent: list[int | None] = [None] * len(account.routes)
        self._blob_owner: list[int] = [_NOBODY] * len(account.routes)
        self._steps: list[Step] = []
        self._places: dict[RepositoryName, _Place] = {}

    def plan(self) -> TransferPlan:
        self._assign_owners()
        for owner in self._most_awaited_first():
            self._add_image(owner, self._images[owner])
        return TransferPlan(self._images, tuple(self._steps), self._contents, self._fans())

    def _most_awaited_first(self) -> list[int]:
        """Of each repository the oldest push first, since its tags are written in that order, one after the other; and
        of all repositories the image that most others wait for, so that no long row of tags is left for the end."""
        images = self._images
        oldest_first = sorted(range(len(images)), key=lambda i: (images[i].pushed, i))
        behind: Counter[RepositoryName] = Counter()
        waiting = [0] * len(images)
        for number in reversed(oldest_first):
            waiting[number] = behind[_target(images[number])]
            behind[_target(images[number])] += 1
        return sorted(oldest_first, key=lambda i: -waiting[i])

    def _fans(self) -> tuple[tuple[int, ...], ...]:
        if len({transfer.target.registry for transfer in self._images}) < 2:
            return ()
        readings: dict[tuple[str, Digest], list[int]] = {}
        for number, step in enumerate(self._steps):
            if isinstance(step.job, SendBlob):
                readings.setdefault((step.job.source.registry, step.job.blob.digest), []).append(number)
        return tuple(tuple(numbers) for numbers in readings.values() if len(numbers) > 1)

    def _place(self, target: RepositoryName) -> _Place:
        if target not in self._places:
            self._places[target] = _Place(target, self._present.get(target, frozenset()), target in self._present)
        return self._places[target]

    def _assign_owners(self) -> None:
        for owner, transfer in enumerate(self._images):
            place = self._place(_target(transfer))
            routes = self._route_of.get(place.name.registry, {})
            order = closure(transfer.digest, self._contents)
            for digest in order:
                place.manifest_owner.setdefault(digest, owner)
                for blob in self._contents[digest].blobs:
                    number = routes[blob.digest]
                    if self._blob_owner[number] == _NOBODY:
                        self._blob_owner[number] = owner
                    if self._routes[number].mount_into:
                        place.mount_owner.setdefault(blob.digest, owner)
            # The tag's own PUT writes the root, unless something else needs it to be there before.
            place.inner.update(digest for digest in order if digest != transfer.digest)
            if order[-1] != transfer.digest:
                place.inner.add(transfer.digest)

    def _add_image(self, owner: int, transfer: Transfer) -> None:
        place, source = self._place(_target(transfer)), _source(transfer)
        manifests: dict[Digest, int] = {}
        root_needs: Sequence[int] = ()
        for digest in closure(transfer.digest, self._contents):
            content = self._contents[digest]
            needs = self._needs(content, place, manifests)
            if digest == transfer.digest:
                root_needs = needs
            if digest in place.inner and digest not in place.held:
                manifests[digest] = self._manifest_step(content, content.origin or source, place, needs)
        fresh = (
            transfer.digest not in place.held
            and transfer.digest not in place.inner
            and place.manifest_owner[transfer.digest] == owner
        )
        follows: tuple[int, ...] = ()
        if place.last_tag is not None and place.last_tag[1] < transfer.pushed:
            follows = (place.last_tag[0],)
        job = WriteTag(self._contents[transfer.digest], transfer, owner, fresh)
        number = self._append(job, dict.fromkeys((*root_needs, *manifests.values())), follows)
        if place.last_tag is None or place.last_tag[1] <= transfer.pushed:
            place.last_tag = (number, transfer.pushed)

    def _needs(self, content: ManifestContent, place: _Place, manifests: Mapping[Digest, int]) -> tuple[int, ...]:
        blobs = sorted(content.blobs, key=lambda blob: -blob.size)
        steps = dict.fromkeys(self._blob_step(blob, place) for blob in blobs if blob.digest not in place.held)
        below = [child.digest for child in content.manifests]
        if content.subject is not None:
            below.append(content.subject)
        steps.update(dict.fromkeys(manifests[digest] for digest in below if digest in manifests))
        return tuple(steps)

    def _blob_step(self, blob: Descriptor, place: _Place) -> int:
        number = self._route_of[place.name.registry][blob.digest]
        if place.name.path == self._routes[number].send_to:
            return self._send_step(number, place)
        if blob.digest not in place.mounts:
            place.mounts[blob.digest] = self._add_mount(number, place)
        return place.mounts[blob.digest]

    def _send_step(self, number: int, place: _Place) -> int:
        step = self._sent[number]
        if step is None:
            route, owner, target = self._routes[number], self._blob_owner[number], place.name
            job: Job = SendBlob(route.blob, route.source, target, place.looked_at, owner)
            if route.source.registry == route.registry:
                job = MountBlob(route.blob, route.source, target, route.source.path, owner)
            step = self._sent[number] = self._append(job)
        return step

    def _add_mount(self, number: int, place: _Place) -> int:
        route = self._routes[number]
        follows: tuple[int, ...] = ()
        if route.send_to is not None:
            follows = (self._send_step(number, self._place(RepositoryName(route.registry, route.send_to))),)
        owner = place.mount_owner[route.blob.digest]
        job = MountBlob(route.blob, route.source, place.name, route.holder, owner)
        return self._append(job, (), follows)

    def _manifest_step(
        self, content: ManifestContent, source: RepositoryName, place: _Place, needs: Iterable[int]
    ) -> int:
        if content.digest not in place.puts:
            job = PutManifest(content, source, place.name, place.manifest_owner[content.digest])
            place.puts[content.digest] = self._append(job, needs)
        return place.puts[content.digest]

    def _append(self, job: Job, needs: Iterable[int] = (), follows: tuple[int, ...] = ()) -> int:
        self._steps.append(Step(job, tuple(needs), follows))
        return len(self._steps) - 1


def _target(transfer: Transfer) -> RepositoryName:
    return RepositoryName(transfer.target.registry, transfer.target.repository)


def _source(transfer: Transfer) -> RepositoryName:
    return RepositoryName(transfer.source.registry, transfer.source.repository)
