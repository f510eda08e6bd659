"""Carrying single jobs out: what each kind asks of the registries, and in which order."""

from __future__ import annotations

import threading
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass

from reconciler.model.image import Contents, Descriptor, Digest, ManifestContent, RepositoryName
from reconciler.model.plan import TransferReason
from reconciler.oci.client import PutResult
from reconciler.oci.errors import ManifestBlobUnknown, NotFound
from reconciler.oci.manifest import OCI_INDEX, Manifest, ManifestUnreadable
from reconciler.oci.referrers import fallback_tag, with_referrer
from reconciler.oci.session import UploadSession
from reconciler.transfer.clients import Clients
from reconciler.transfer.events import BlobDone, BlobMounted, BlobProgress, Event, ManifestDone, UploadStarted
from reconciler.transfer.fan import Branch, Fan
from reconciler.transfer.journal import Journal
from reconciler.transfer.plan import Job, MountBlob, PutManifest, SendBlob, TransferPlan, WriteTag
from reconciler.transfer.presence import Presence, holds
from reconciler.transfer.rate import Rate
from reconciler.transfer.relay import SourceBlob, relay
from reconciler.transfer.tags import Tags


@dataclass(frozen=True, slots=True)
class Moved:
    """Payload bytes of one job. `skipped`: the tag was there already, with the right digest."""

    sent: int = 0
    mounted: int = 0
    skipped: bool = False

    def __add__(self, other: Moved) -> Moved:
        return Moved(self.sent + other.sent, self.mounted + other.mounted, self.skipped or other.skipped)


class ImageRefused(Exception):
    """This image cannot be written as planned; the text says why. Another try of the same plan will not help;
    `retryable` is whether another plan may."""

    def __init__(self, reason: str, *, retryable: bool = False) -> None:
        super().__init__(reason)
        self.retryable = retryable


class Carrier:
    """Thread-safe. `emit` is told of what was done; `check` raises when the run is to be broken off."""

    def __init__(
        self,
        plan: TransferPlan,
        clients: Clients,
        journal: Journal,
        emit: Callable[[Event], None],
        check: Callable[[], None],
        rate: Rate | None = None,
    ) -> None:
        self._contents: Contents = plan.contents
        self._sources = clients.sources
        self._registries = clients.registries
        self._journal = journal
        self._emit = emit
        self._check = check
        self._rate = rate
        self._lock = threading.Lock()
        self._holders: dict[tuple[str, Digest], str] = {}
        self._subjects: defaultdict[tuple[RepositoryName, Digest], threading.Lock] = defaultdict(threading.Lock)
        tags = [step.job for step in plan.steps if isinstance(step.job, WriteTag)]
        self._planned_tags = {(job.target, job.transfer.target.tag) for job in tags}
        self._tags = Tags(job.target for job in tags if job.transfer.reason is TransferReason.MISSING)
        blobs = (step.job for step in plan.steps if isinstance(step.job, SendBlob))
        self._presence = Presence(job.target.registry for job in blobs if not job.known_missing)

    def fan(self, job: SendBlob, branches: int) -> Fan:
        """One reading of the blob of `job` for as many uploads of it."""
        source = self._sources[job.source.registry]
        return Fan(lambda offset: SourceBlob(source, job.source.path, job.blob, offset), branches)

    def carry_out(self, job: Job, buffer: memoryview, branch: Branch | None = None) -> Moved:
        """`branch` is the part of a SendBlob in a reading that it shares. Raises RegistryError or ImageRefused."""
        match job:
            case SendBlob():
                return self._send_blob(job, buffer, branch)
            case MountBlob():
                return self._mount_blob(job, buffer)
            case PutManifest():
                return self._put_manifest(job, buffer)
            case WriteTag():
                return self._write_tag(job, buffer)

    def _send_blob(self, job: SendBlob, buffer: memoryview, branch: Branch | None) -> Moved:
        unsure = not job.known_missing or self._journal.begun(job.target, job.blob.digest)
        return self._bring_blob(job.blob, job.source, job.target, buffer, ask=unsure, branch=branch)

    def _mount_blob(self, job: MountBlob, buffer: memoryview) -> Moved:
        with self._lock:
            origin = self._holders.get((job.target.registry, job.blob.digest), job.origin)
        registry = self._registries[job.target.registry]
        session = registry.mount(job.target.path, job.blob.digest, origin)
        if session is not None:
            return self._bring_blob(job.blob, job.source, job.target, buffer, ask=True, session=session)
        self._emit(BlobMounted(job.target, job.blob, RepositoryName(job.target.registry, origin)))
        return Moved(mounted=job.blob.size)

    def _bring_blob(
        self,
        blob: Descriptor,
        source: RepositoryName,
        target: RepositoryName,
        buffer: memoryview,
        *,
        ask: bool,
        session: UploadSession | None = None,
        branch: Branch | None = None,
    ) -> Moved:
        """Send `blob` unless the registry, when asked, has it already."""
        registry = self._registries[target.registry]
        there = False
        if ask and session is None:
            found = self._presence.ask(registry, target.path, blob.digest)
            there, session = found is True, found if isinstance(found, UploadSession) else None
        elif ask and session is not None:
            there = holds(registry, target.path, blob.digest)
            if there:
                registry.cancel(session)
        moved = 0
        if not there:

            def progress(count: int) -> None:
                self._check()
                if self._rate is not None:
                    self._rate.spend(count, self._check)
                self._emit(BlobProgress(target, blob.digest, count))

            earlier = self._journal.location(target, blob.digest) if session is None else ""
            moved = relay(
                blob,
                (self._sources[source.registry], source.path),
                (registry, target.path),
                buffer=buffer,
                session=UploadSession(target.path, earlier) if earlier else session,
                continued=bool(earlier),
                moved=lambda upload: self._emit(UploadStarted(target, blob.digest, upload.location)),
                progress=progress,
                branch=branch,
            )
            if ask:
                self._presence.seen(registry, target.path, blob.digest)
        with self._lock:
            self._holders[target.registry, blob.digest] = target.path
        self._emit(BlobDone(target, blob, sent=not there))
        return Moved(sent=moved)

    def _put_manifest(self, job: PutManifest, buffer: memoryview) -> Moved:
        _, healed = self._write(job.manifest, job.source, job.target, job.manifest.digest, buffer)
        return healed + Moved(sent=job.manifest.size if job.fresh else 0)

    def _write_tag(self, job: WriteTag, buffer: memoryview) -> Moved:
        registry, tag = self._registries[job.target.registry], job.transfer.target.tag
        there = self._tags.find(registry, job.target, tag, job.transfer.replaces)
        if there == job.manifest.digest:
            return Moved(skipped=True)
        if there is not None and there != job.transfer.replaces:
            raise ImageRefused(
                f"the target got another image under this tag meanwhile: {there}; plan again", retryable=True
            )
        result, healed = self._write(job.manifest, job.source, job.target, tag, buffer)
        # A registry that names the digest of what it stored has been asked; one that does not is asked now.
        written = None if result.confirmed else registry.head_manifest(job.target.path, tag)
        if not result.confirmed and (written is None or written.digest != job.manifest.digest):
            found = "nothing" if written is None else written.digest
            raise ImageRefused(
                f"verification failed: the tag was written as {job.manifest.digest} and reads {found}", retryable=True
            )
        return healed + Moved(sent=job.manifest.size if job.fresh else 0)

    def _write(
        self,
        content: ManifestContent,
        source: RepositoryName,
        target: RepositoryName,
        reference: str,
        buffer: memoryview,
    ) -> tuple[PutResult, Moved]:
        """Write a manifest under a tag or digest; what the target turns out to lack is sent first, once."""
        registry = self._registries[target.registry]
        try:
            manifest = self._sources[source.registry].manifest(source.path, content.digest)
        except NotFound as error:
            raise NotFound(error.host, f"the source lacks a part of the image: {error.message}") from error
        healed = Moved()
        try:
            result = registry.put_manifest(target.path, reference, manifest.raw, manifest.media_type)
        except ManifestBlobUnknown:
            healed = self._heal(content, source, target, buffer)
            result = registry.put_manifest(target.path, reference, manifest.raw, manifest.media_type)
        self._list_referrer(target, manifest, result)
        self._emit(ManifestDone(target, Descriptor(content.digest, content.size, content.media_type)))
        return result, healed

    def _heal(
        self, content: ManifestContent, source: RepositoryName, target: RepositoryName, buffer: memoryview
    ) -> Moved:
        moved = Moved()
        for blob in content.blobs:
            moved += self._bring_blob(blob, source, target, buffer, ask=True)
        registry = self._registries[target.registry]
        for child in content.manifests:
            if registry.head_manifest(target.path, child.digest) is None:
                below = self._contents[child.digest]
                moved += self._write(below, source, target, child.digest, buffer)[1] + Moved(sent=below.size)
        return moved

    def _list_referrer(self, target: RepositoryName, manifest: Manifest, result: PutResult) -> None:
        """Keep the fallback tag of a registry that does not list referrers itself.

        A fallback tag that is itself one of the images to copy comes from the source as it is.
        """
        subject = manifest.content.subject
        if subject is None or result.subject_accepted or (target, fallback_tag(subject)) in self._planned_tags:
            return
        registry = self._registries[target.registry]
        with self._lock:
            only_one = self._subjects[target, subject]
        with only_one:
            index = registry.fallback_index(target.path, subject)
            try:
                extended = with_referrer(None if index is None else index.raw, manifest)
            except ManifestUnreadable as error:
                raise ImageRefused(
                    f"tag {fallback_tag(subject)} of {target} is no list of referrers: {error}"
                ) from error
            if extended is not None:
                registry.put_manifest(target.path, fallback_tag(subject), extended, OCI_INDEX)
