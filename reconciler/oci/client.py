"""A registry, as the OCI distribution specification 1.1 describes it; every method may be called from any thread."""

from __future__ import annotations

import io
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass, replace
from functools import partial
from typing import TypeVar
from urllib.parse import quote

from reconciler import __version__
from reconciler.model.image import Descriptor, Digest, parse_digest
from reconciler.oci import auth, listing, manifest, referrers, session
from reconciler.oci.connection import Connections, Dial, Origin, Timeouts, is_loopback
from reconciler.oci.dialing import Dialer
from reconciler.oci.errors import DigestMismatch, NotFound, RegistryError, RegistryRefused
from reconciler.oci.exchange import Call, Exchange
from reconciler.oci.login import LoginSource
from reconciler.oci.manifest import MANIFEST_LIMIT, MANIFEST_TYPES, Manifest, ManifestUnreadable
from reconciler.oci.patience import Backoff, Patience, Retry
from reconciler.oci.session import UploadSession
from reconciler.oci.shelf import Shelf
from reconciler.oci.upload import PIECE, Manner, OpenAt, Progress, Upload
from reconciler.oci.wire import Stream, Wire

_T = TypeVar("_T")

_ACCEPT = {"Accept": ", ".join((*MANIFEST_TYPES, "*/*;q=0.1"))}
_NAMES_PER_PAGE = 1000
_LIST_LIMIT = 8 * 1024 * 1024
_SHELF_LIMIT = 16 * 1024 * 1024

# Docker Hub's name is not the address of its registry.
_ADDRESSES = {"docker.io": "registry-1.docker.io", "index.docker.io": "registry-1.docker.io"}


@dataclass(frozen=True, slots=True)
class PutResult:
    """`subject_accepted`: the registry lists the manifest under its subject itself (`OCI-Subject` header). `confirmed`:
    it named the digest of what it stored, and that is ours."""

    digest: Digest
    subject_accepted: bool
    confirmed: bool = False


class BlobStream:
    """A blob's bytes from `offset` on."""

    def __init__(self, stream: Stream, skip: int) -> None:
        self._stream = stream
        self._skip = skip

    def readinto(self, buffer: memoryview) -> int:
        """Bytes read, 0 at the end. Raises RegistryUnreachable when the connection breaks."""
        while self._skip:
            count = self._stream.readinto(buffer[: min(len(buffer), self._skip)])
            if count == 0:
                return 0
            self._skip -= count
        return self._stream.readinto(buffer)


class Registry:
    """One registry, `host[:port]`; `login` is asked for its user name and password when it wants one.

    Plain HTTP is spoken to this machine itself unless `plain_http` says otherwise. `sleep` waits between attempts; a
    caller that wants to end early passes one that returns early. Blobs of more than `piece` bytes are sent in pieces.
    Without `writes` nothing is ever written: such requests raise WriteRefused and are not sent.
    """

    def __init__(
        self,
        host: str,
        login: LoginSource,
        *,
        plain_http: bool | None = None,
        dial: Dial | None = None,
        timeouts: Timeouts | None = None,
        backoff: Backoff | None = None,
        idle_connections: int = 64,
        piece: int = PIECE,
        user_agent: str = f"acr-reconciler/{__version__}",
        sleep: Callable[[float], object] | None = None,
        writes: bool = True,
    ) -> None:
        self.host = host
        plain = is_loopback(host) if plain_http is None else plain_http
        origin = Origin("http" if plain else "https", _ADDRESSES.get(host, host))
        self._connections = Connections(timeouts=timeouts or Timeouts(), idle=idle_connections, dial=dial or Dialer())
        patience = Patience(backoff or Backoff()) if sleep is None else Patience(backoff or Backoff(), sleep=sleep)
        wire = Wire(self._connections, user_agent)
        self._exchange = Exchange(origin, lambda _: login(host), wire, patience, writes=writes)
        self._shelf = Shelf(_SHELF_LIMIT)
        self._manner = Manner(piece)
        self._lists_referrers = True

    @property
    def requests(self) -> Counter[str]:
        """How many requests were sent so far, by method."""
        return self._exchange.wire.sent

    @property
    def retries(self) -> int:
        return self._exchange.patience.retries

    def observed(self, observer: Callable[[Retry], None]) -> AbstractContextManager[None]:
        """`observer` hears of every retry while the block runs, from the thread that retries."""
        return self._exchange.patience.observed(observer)

    def persist(self, action: Callable[[], _T]) -> _T:
        """`action`'s result; it is run again while it fails in ways that may pass, as single requests are."""
        return self._exchange.patience.persist(action)

    def close(self) -> None:
        self._connections.close()

    def manifest(self, repository: str, reference: str) -> Manifest:
        """A manifest by tag or digest, its bytes checked against the digest.

        Raises RegistryError; RegistryRefused when it is of a kind that cannot be copied.
        """
        digest = Digest(reference) if ":" in reference else None
        known = None if digest is None else self._shelf.get(repository, digest)
        if known is not None:
            return known
        what = _named("manifest", repository, reference)
        where = _path(repository, "manifests", reference)
        call = Call("GET", where, what, auth.pull(repository), _ACCEPT, limit=MANIFEST_LIMIT)
        found = self.persist(lambda: self._read_manifest(call, digest))
        self._shelf.put(repository, found)
        return found

    def _read_manifest(self, call: Call, digest: Digest | None) -> Manifest:
        answer = self._exchange.ask_once(call)
        try:
            expected = digest or _stated_digest(answer.header("docker-content-digest"))
            algorithm = manifest.algorithm_of(expected) if expected else "sha256"
            # What has not the right digest may be anything.
            if expected is not None and (actual := manifest.digest_bytes(answer.body, algorithm)) != expected:
                raise DigestMismatch(self.host, f"{call.what}: its bytes have the digest {actual}, not {expected}")
            return manifest.parse(answer.body, answer.header("content-type"), algorithm=algorithm)
        except ManifestUnreadable as error:
            raise RegistryRefused(self.host, f"{call.what}: {error}") from error

    def head_manifest(self, repository: str, reference: str, expected: Digest | None = None) -> Descriptor | None:
        """What a tag or digest stands for; None when it is not there. Raises RegistryError.

        A registry whose entity tags are digests (docker-registry's are) looks no further when it is as `expected`; size
        and type are unknown then.
        """
        where = _path(repository, "manifests", reference)
        what = _named("manifest", repository, reference)
        headers = _ACCEPT if expected is None else {**_ACCEPT, "If-None-Match": f'"{expected}"'}
        fine = (200, 404, 405) if expected is None else (200, 304, 404, 405)
        answer = self._exchange.ask(Call("HEAD", where, what, auth.pull(repository), headers, fine=fine))
        if answer.status == 404:
            return None
        if answer.status == 304 and expected is not None:
            return Descriptor(expected, 0)
        digest = _stated_digest(answer.header("docker-content-digest"))
        if digest is None or answer.status == 405:
            try:
                content = self.manifest(repository, reference).content
            except NotFound:
                return None
            return Descriptor(content.digest, content.size, content.media_type)
        return Descriptor(digest, _number(answer.header("content-length")), answer.header("content-type"))

    def put_manifest(self, repository: str, reference: str, raw: bytes, media_type: str) -> PutResult:
        """Write `raw` under a tag or digest. Raises ManifestBlobUnknown when the registry misses its content."""
        headers = {"Content-Type": media_type}
        where = _path(repository, "manifests", reference)
        what = _named("manifest", repository, reference)
        answer = self._exchange.ask(Call("PUT", where, what, auth.push(repository), headers, raw, fine=(200, 201, 202)))
        stated = _stated_digest(answer.header("docker-content-digest"))
        algorithm = manifest.algorithm_of(stated or Digest(reference)) if stated or ":" in reference else "sha256"
        digest = manifest.digest_bytes(raw, algorithm)
        if stated is not None and stated != digest:
            raise DigestMismatch(self.host, f"{what}: the registry stored {stated}, not {digest}")
        return PutResult(digest, bool(answer.header("oci-subject")), confirmed=stated is not None)

    def head_blob(self, repository: str, digest: Digest) -> int | None:
        """A blob's size in bytes; None when the repository does not have it. Raises RegistryError.

        Of a registry that does not answer HEAD nothing is known, as if it did not have the blob.
        """
        what = _named("blob", repository, digest)
        call = Call("HEAD", _path(repository, "blobs", digest), what, auth.pull(repository), fine=(200, 404, 405))
        answer = self._exchange.ask(call)
        return _number(answer.header("content-length")) if answer.status == 200 else None

    @contextmanager
    def open_blob(self, repository: str, blob: Descriptor, offset: int = 0) -> Iterator[BlobStream]:
        """A blob's bytes from `offset` on, one attempt. Where Range is not honoured the first bytes are skipped."""
        what = _named("blob", repository, blob.digest)
        call = Call("GET", _path(repository, "blobs", blob.digest), what, auth.pull(repository))
        with ExitStack() as opened:
            if offset:
                ranged = replace(call, headers={"Range": f"bytes={offset}-"}, fine=(200, 206, 416))
                stream = opened.enter_context(self._exchange.open(ranged))
            if not offset or stream.status == 416:
                stream = opened.enter_context(self._exchange.open(call))
            start = stream.headers.get("content-range", "")
            if stream.status == 206 and not start.startswith(f"bytes {offset}-"):
                raise RegistryRefused(self.host, f"{what}: asked for bytes from {offset}, got {start or 'no range'}")
            yield BlobStream(stream, offset if stream.status == 200 else 0)

    def mount(self, repository: str, digest: Digest, origin: str) -> UploadSession | None:
        """None when `repository` now has the blob of repository `origin`; else an upload session to send it to.

        A registry that knows no mount, or may not read `origin`, opens a session like any other.
        """
        return session.mount(self._exchange, repository, digest, origin)

    def cancel(self, upload: UploadSession) -> None:
        """Give back a session that is not needed. Raises RegistryError."""
        session.cancel(self._exchange, upload)

    def upload(
        self,
        repository: str,
        blob: Descriptor,
        open_at: OpenAt,
        *,
        session: UploadSession | None = None,
        continued: bool = False,
        buffer: memoryview | None = None,
        progress: Progress = lambda _: None,
        moved: Callable[[UploadSession], None] = lambda _: None,
    ) -> Upload:
        """The way of `blob` to `repository`; its attempts send it. `open_at` reads the blob from an offset on."""
        return Upload(
            self._exchange,
            self._manner,
            repository,
            blob,
            open_at,
            session=session,
            continued=continued,
            buffer=buffer,
            progress=progress,
            moved=moved,
        )

    def put_blob_bytes(self, repository: str, content: bytes) -> Descriptor:
        """Send a small blob. Raises RegistryError."""
        blob = Descriptor(manifest.digest_bytes(content), len(content))
        upload = self.upload(repository, blob, lambda offset: io.BytesIO(content[offset:]))
        self.persist(upload.attempt)
        return blob

    def tags(self, repository: str) -> list[str]:
        """Every tag, in the registry's order. Raises NotFound for a repository that does not exist."""
        where = f"{_path(repository, 'tags', 'list')}?n={_NAMES_PER_PAGE}"
        call = Call("GET", where, f"tags of {repository}", auth.pull(repository), limit=_LIST_LIMIT)
        return self._all_pages(call, "tags")

    def repositories(self) -> list[str]:
        """Every repository that the registry's catalogue shows us, in its order. Raises RegistryError: many registries
        show it to nobody."""
        where = f"/v2/_catalog?n={_NAMES_PER_PAGE}"
        call = Call("GET", where, "list of repositories", auth.CATALOG, limit=_LIST_LIMIT)
        return self._all_pages(call, "repositories")

    def _all_pages(self, call: Call, field: str) -> list[str]:
        found: dict[str, None] = {}
        seen: set[str] = set()
        where = call.where
        while where and where not in seen:
            seen.add(where)
            names, where = self.persist(partial(self._page, replace(call, where=where), field))
            found.update(dict.fromkeys(names))
        return list(found)

    def few_tags(self, repository: str) -> frozenset[str] | None:
        """Every tag when one answer holds them all, none for a repository that does not exist; else None.

        None as well where a registry lets nobody list. Raises RegistryError.
        """
        where = f"{_path(repository, 'tags', 'list')}?n={_NAMES_PER_PAGE}"
        call = Call("GET", where, f"tags of {repository}", auth.pull(repository), limit=_LIST_LIMIT)
        try:
            names, following = self.persist(partial(self._page, call, "tags"))
        except NotFound:
            return frozenset()
        except RegistryError as error:
            if error.transient:
                raise
            return None
        return None if following else frozenset(names)

    def _page(self, call: Call, field: str) -> tuple[list[str], str]:
        """The names of one page, and where the next one is."""
        answer = self._exchange.ask_once(call)
        return listing.names(self.host, answer.body, field), listing.next_page(call.where, answer)

    def referrers(
        self, repository: str, digest: Digest, may_have: Callable[[str], bool] = lambda _tag: True
    ) -> tuple[Descriptor, ...]:
        """Manifests whose subject is `digest`, from the referrers API or the fallback tag. Raises RegistryError.

        `may_have` says whether the repository may have a tag, so that one which it does not have is not asked for.
        """
        if self._lists_referrers:
            listed = self._listed_referrers(repository, digest)
            if listed is not None:
                return listed
        if not may_have(referrers.fallback_tag(digest)):
            return ()
        index = self.fallback_index(repository, digest)
        return () if index is None else index.content.manifests + index.content.blobs

    def _listed_referrers(self, repository: str, digest: Digest) -> tuple[Descriptor, ...] | None:
        """What the referrers API says; None from a registry that does not have it."""
        found: dict[Digest, Descriptor] = {}
        where = _path(repository, "referrers", digest)
        what = _named("referrers", repository, digest)
        headers = {"Accept": manifest.OCI_INDEX}
        seen: set[str] = set()
        while where and where not in seen:
            seen.add(where)
            call = Call("GET", where, what, auth.pull(repository), headers, fine=(200, 404, 405), limit=_LIST_LIMIT)
            try:
                answer = self._exchange.ask(call)
            except RegistryError as error:
                if error.transient:
                    raise
                # Old registries refuse a path that they do not know in many ways; what matters is at the fallback tag.
                return None
            if answer.status != 200:
                # An unknown repository says nothing about the API.
                self._lists_referrers = b"_UNKNOWN" in answer.body
                return None
            try:
                found.update((descriptor.digest, descriptor) for descriptor in referrers.listed(answer.body))
            except ManifestUnreadable as error:
                raise RegistryRefused(self.host, f"{what}: {error}") from error
            where = listing.next_page(where, answer)
        return tuple(found.values())

    def fallback_index(self, repository: str, subject: Digest) -> Manifest | None:
        """The index under the fallback tag of `subject`, read anew; None when there is none. Raises RegistryError."""
        try:
            return self.manifest(repository, referrers.fallback_tag(subject))
        except NotFound:
            return None


def _path(repository: str, *parts: str) -> str:
    return "/".join(("/v2", repository, *(quote(part, safe=":") for part in parts)))


def _named(kind: str, repository: str, reference: str) -> str:
    return f"{kind} {repository}{'@' if ':' in reference else ':'}{reference}"


def _stated_digest(header: str) -> Digest | None:
    try:
        return parse_digest(header) if header else None
    except ValueError:
        return None


def _number(header: str) -> int:
    return int(header) if header.isascii() and header.isdigit() else 0
