"""The transfer plan: what is sent, mounted and written, and what each of these steps waits for. A pure value."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

from reconciler.core.blobs import Account, BlobRoute
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
                    total += 1
                    looked_up[job.target] += transfer.reason is TransferReason.MISSING
                    read.add((job.source, manifest.digest))
        # One reading for several targets, one listing for several tags.
        shared = (self.steps[number].job for numbers in self.fans for number in numbers[1:])
        saved = sum(isinstance(job, SendBlob) and job.blob.size > 0 for job in shared)
        return total + len(read) + sum(min(tags, 1) for tags in looked_up.values()) - saved


def build(account: Account, contents: Contents, present: Mapping[RepositoryName, frozenset[Digest]]) -> TransferPlan:
    """The steps that carry `account` out. Raises KeyError when `contents` lacks a manifest."""
    return _Builder(account, contents, present).plan()


class _Builder:
    def __init__(
        self, account: Account, contents: Contents, present: Mapping[RepositoryName, frozenset[Digest]]
    ) -> None:
        self._contents = contents
        self._present = present
        self._images = tuple(transfer for transfer in account.transfers if transfer.via is Via.EXECUTOR)
        self._routes = {(route.registry, route.blob.digest): route for route in account.routes}
        self._closures = {t.digest: closure(t.digest, contents) for t in self._images}
        self._steps: list[Step] = []
        self._blob_steps: dict[tuple[RepositoryName, Digest], int] = {}
        self._manifest_steps: dict[tuple[RepositoryName, Digest], int] = {}
        self._last_tag: dict[RepositoryName, tuple[int, int]] = {}
        self._blob_owner: dict[tuple[str, Digest], int] = {}
        self._mount_owner: dict[tuple[RepositoryName, Digest], int] = {}
        self._manifest_owner: dict[tuple[RepositoryName, Digest], int] = {}
        self._inner: set[tuple[RepositoryName, Digest]] = set()

    def plan(self) -> TransferPlan:
        self._assign_owners()
        oldest_first = sorted(range(len(self._images)), key=lambda i: (self._images[i].pushed, i))
        for owner in oldest_first:
            self._add_image(owner, self._images[owner])
        return TransferPlan(self._images, tuple(self._steps), self._contents, self._fans())

    def _fans(self) -> tuple[tuple[int, ...], ...]:
        if len({transfer.target.registry for transfer in self._images}) < 2:
            return ()
        readings: dict[tuple[str, Digest], list[int]] = {}
        for number, step in enumerate(self._steps):
            if isinstance(step.job, SendBlob):
                readings.setdefault((step.job.source.registry, step.job.blob.digest), []).append(number)
        return tuple(tuple(numbers) for numbers in readings.values() if len(numbers) > 1)

    def _assign_owners(self) -> None:
        """Whom bytes are counted for: the first image in plan order that needs them, as `core.blobs` counts."""
        for owner, transfer in enumerate(self._images):
            target = _target(transfer)
            order = self._closures[transfer.digest]
            for digest in order:
                self._manifest_owner.setdefault((target, digest), owner)
                for blob in self._contents[digest].blobs:
                    self._blob_owner.setdefault((target.registry, blob.digest), owner)
                    self._mount_owner.setdefault((target, blob.digest), owner)
            # The tag's own PUT writes the root, unless something else needs it to be there before.
            self._inner.update((target, digest) for digest in order if digest != transfer.digest)
            if order[-1] != transfer.digest:
                self._inner.add((target, transfer.digest))

    def _add_image(self, owner: int, transfer: Transfer) -> None:
        target, source = _target(transfer), _source(transfer)
        held = self._present.get(target, frozenset())
        manifests: dict[Digest, int] = {}
        root_needs: Sequence[int] = ()
        for digest in self._closures[transfer.digest]:
            content = self._contents[digest]
            needs = self._needs(content, target, manifests)
            if digest == transfer.digest:
                root_needs = needs
            if (target, digest) in self._inner and digest not in held:
                manifests[digest] = self._manifest_step(content, content.origin or source, target, needs)
        root = self._contents[transfer.digest]
        fresh = (
            transfer.digest not in held
            and (target, transfer.digest) not in self._inner
            and self._manifest_owner[target, transfer.digest] == owner
        )
        follows: tuple[int, ...] = ()
        previous = self._last_tag.get(target)
        if previous is not None and previous[1] < transfer.pushed:
            follows = (previous[0],)
        number = self._append(
            WriteTag(root, transfer, owner, fresh), dict.fromkeys((*root_needs, *manifests.values())), follows
        )
        if previous is None or previous[1] <= transfer.pushed:
            self._last_tag[target] = (number, transfer.pushed)

    def _needs(
        self, content: ManifestContent, target: RepositoryName, manifests: Mapping[Digest, int]
    ) -> tuple[int, ...]:
        blobs = sorted(content.blobs, key=lambda blob: -blob.size)
        steps = [self._blob_step(blob, target) for blob in blobs]
        steps += [manifests.get(child.digest) for child in content.manifests]
        if content.subject is not None:
            steps.append(manifests.get(content.subject))
        return tuple(dict.fromkeys(step for step in steps if step is not None))

    def _blob_step(self, blob: Descriptor, target: RepositoryName) -> int | None:
        key = (target, blob.digest)
        if key not in self._blob_steps:
            route = self._routes[target.registry, blob.digest]
            if target.path == route.send_to:
                self._add_send(route, target)
            elif target.path in route.mount_into:
                self._add_mount(route, target)
        return self._blob_steps.get(key)

    def _add_send(self, route: BlobRoute, target: RepositoryName) -> int:
        owner = self._blob_owner[route.registry, route.blob.digest]
        job: Job = SendBlob(route.blob, route.source, target, target in self._present, owner)
        if route.source.registry == route.registry:
            job = MountBlob(route.blob, route.source, target, route.source.path, owner)
        number = self._append(job)
        self._blob_steps[target, route.blob.digest] = number
        return number

    def _add_mount(self, route: BlobRoute, target: RepositoryName) -> None:
        follows: tuple[int, ...] = ()
        if route.send_to is not None:
            first = RepositoryName(route.registry, route.send_to)
            sent = self._blob_steps.get((first, route.blob.digest))
            follows = (self._add_send(route, first) if sent is None else sent,)
        owner = self._mount_owner[target, route.blob.digest]
        job = MountBlob(route.blob, route.source, target, route.holder, owner)
        self._blob_steps[target, route.blob.digest] = self._append(job, (), follows)

    def _manifest_step(
        self, content: ManifestContent, source: RepositoryName, target: RepositoryName, needs: Iterable[int]
    ) -> int:
        key = (target, content.digest)
        if key not in self._manifest_steps:
            job = PutManifest(content, source, target, self._manifest_owner[key])
            self._manifest_steps[key] = self._append(job, needs)
        return self._manifest_steps[key]

    def _append(self, job: Job, needs: Iterable[int] = (), follows: tuple[int, ...] = ()) -> int:
        self._steps.append(Step(job, tuple(needs), follows))
        return len(self._steps) - 1


def _target(transfer: Transfer) -> RepositoryName:
    return RepositoryName(transfer.target.registry, transfer.target.repository)


def _source(transfer: Transfer) -> RepositoryName:
    return RepositoryName(transfer.source.registry, transfer.source.repository)
