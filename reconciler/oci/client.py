"""A registry, as the OCI distribution specification 1.1 describes it; every method may be called from any thread."""

from __future__ import annotations

import io
import ssl
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from typing import TypeVar
from urllib.parse import quote, urlencode, urljoin

from reconciler import __version__
from reconciler.model.image import Descriptor, Digest, parse_digest
from reconciler.oci import auth, listing, manifest, referrers, upload
from reconciler.oci.connection import Connections, Origin, Timeouts, is_loopback
from reconciler.oci.errors import DigestMismatch, NotFound, RegistryError, RegistryRefused
from reconciler.oci.exchange import Call, Exchange
from reconciler.oci.login import LoginSource
from reconciler.oci.manifest import MANIFEST_LIMIT, MANIFEST_TYPES, Manifest, ManifestUnreadable
from reconciler.oci.patience import Backoff, Patience, Retry
from reconciler.oci.shelf import Shelf
from reconciler.oci.upload import BUFFER_SIZE, Progress, Readable, UploadSession
from reconciler.oci.wire import Stream, Wire

_T = TypeVar("_T")

_ACCEPT = {"Accept": ", ".join((*MANIFEST_TYPES, "*/*;q=0.1"))}
_TAGS_PER_PAGE = 1000
_LIST_LIMIT = 8 * 1024 * 1024
_SHELF_LIMIT = 16 * 1024 * 1024

# Docker Hub's name is not the address of its registry.
_ADDRESSES = {"docker.io": "registry-1.docker.io", "index.docker.io": "registry-1.docker.io"}


@dataclass(frozen=True, slots=True)
class PutResult:
    """`subject_accepted`: the registry lists the manifest under its subject itself (`OCI-Subject` header)."""

    digest: Digest
    subject_accepted: bool


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
    caller that wants to end early passes one that returns early.
    """

    def __init__(
        self,
        host: str,
        login: LoginSource,
        *,
        plain_http: bool | None = None,
        tls: ssl.SSLContext | None = None,
        timeouts: Timeouts | None = None,
        backoff: Backoff | None = None,
        idle_connections: int = 32,
        user_agent: str = f"acr-reconciler/{__version__}",
        sleep: Callable[[float], object] | None = None,
    ) -> None:
        self.host = host
        plain = is_loopback(host) if plain_http is None else plain_http
        origin = Origin("http" if plain else "https", _ADDRESSES.get(host, host))
        self._connections = Connections(timeouts=timeouts or Timeouts(), idle=idle_connections, tls=tls)
        patience = Patience(backoff or Backoff()) if sleep is None else Patience(backoff or Backoff(), sleep=sleep)
        self._exchange = Exchange(origin, lambda _: login(host), Wire(self._connections, user_agent), patience)
        self._shelf = Shelf(_SHELF_LIMIT)
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
        answer = self._exchange.ask(Call("GET", where, what, auth.pull(repository), _ACCEPT, limit=MANIFEST_LIMIT))
        try:
            expected = digest or _stated_digest(answer.header("docker-content-digest"))
            algorithm = manifest.algorithm_of(expected) if expected else "sha256"
            found = manifest.parse(answer.body, answer.header("content-type"), algorithm=algorithm)
        except ManifestUnreadable as error:
            raise RegistryRefused(self.host, f"{what}: {error}") from error
        if expected is not None and found.digest != expected:
            raise DigestMismatch(self.host, f"{what}: its bytes have the digest {found.digest}, not {expected}")
        self._shelf.put(repository, found)
        return found

    def head_manifest(self, repository: str, reference: str) -> Descriptor | None:
        """What a tag or digest stands for; None when it is not there. Raises RegistryError."""
        where = _path(repository, "manifests", reference)
        what = _named("manifest", repository, reference)
        answer = self._exchange.ask(Call("HEAD", where, what, auth.pull(repository), _ACCEPT, fine=(200, 404)))
        if answer.status == 404:
            return None
        digest = _stated_digest(answer.header("docker-content-digest"))
        if digest is None:
            content = self.manifest(repository, reference).content
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
        return PutResult(digest, bool(answer.header("oci-subject")))

    def head_blob(self, repository: str, digest: Digest) -> int | None:
        """A blob's size in bytes; None when the repository does not have it. Raises RegistryError."""
        what = _named("blob", repository, digest)
        call = Call("HEAD", _path(repository, "blobs", digest), what, auth.pull(repository), fine=(200, 404))
        answer = self._exchange.ask(call)
        return None if answer.status == 404 else _number(answer.header("content-length"))

    @contextmanager
    def open_blob(self, repository: str, digest: Digest, offset: int = 0) -> Iterator[BlobStream]:
        """A blob's bytes from `offset` on, one attempt; a registry that ignores Range is read past the first ones."""
        headers = {"Range": f"bytes={offset}-"} if offset else {}
        what = _named("blob", repository, digest)
        call = Call("GET", _path(repository, "blobs", digest), what, auth.pull(repository), headers, fine=(200, 206))
        with self._exchange.open(call) as stream:
            start = stream.headers.get("content-range", "")
            if stream.status == 206 and not start.startswith(f"bytes {offset}-"):
                raise RegistryRefused(self.host, f"{what}: asked for bytes from {offset}, got {start or 'no range'}")
            yield BlobStream(stream, offset if stream.status == 200 else 0)

    def mount(self, repository: str, digest: Digest, origin: str) -> UploadSession | None:
        """None when `repository` now has the blob of repository `origin`; else an upload session to send it to.

        A registry that knows no mount, or may not read `origin`, opens a session like any other.
        """
        query = urlencode({"mount": digest, "from": origin})
        what = f"mount of {repository}@{digest} from {origin}"
        where = f"{_path(repository, 'blobs', 'uploads')}/?{query}"
        try:
            answer = self._exchange.ask(Call("POST", where, what, auth.mount(repository, origin), fine=(201, 202)))
        except RegistryError as error:
            if error.transient:
                raise
            return self.begin_upload(repository)
        return None if answer.status == 201 else self._session(repository, where, answer.header("location"))

    def begin_upload(self, repository: str) -> UploadSession:
        """Raises RegistryError."""
        where = f"{_path(repository, 'blobs', 'uploads')}/"
        call = Call("POST", where, f"upload to {repository}", auth.push(repository), fine=(202,))
        answer = self._exchange.ask(call)
        return self._session(repository, where, answer.header("location"))

    def cancel(self, session: UploadSession) -> None:
        """Give back a session that is not needed. Raises RegistryError."""
        what = f"upload to {session.repository}"
        self._exchange.ask(
            Call("DELETE", session.location, what, auth.push(session.repository), fine=(200, 202, 204, 404, 405))
        )

    def upload(
        self,
        repository: str,
        blob: Descriptor,
        reader: Readable,
        *,
        session: Callable[[], UploadSession] | None = None,
        buffer: memoryview | None = None,
        progress: Progress = lambda _: None,
    ) -> None:
        """Send `blob` from `reader`, one attempt, verified before it is completed.

        `session` gives an upload session that is open already; `buffer` is reused between calls. Raises RegistryError.
        """
        room = memoryview(bytearray(min(BUFFER_SIZE, max(blob.size, 1)))) if buffer is None else buffer
        begin = session or (lambda: self.begin_upload(repository))
        upload.send(self._exchange, begin, blob, reader, room, progress)

    def put_blob_bytes(self, repository: str, content: bytes) -> Descriptor:
        """Send a small blob. Raises RegistryError."""
        blob = Descriptor(manifest.digest_bytes(content), len(content))

        def attempt() -> None:
            self.upload(repository, blob, io.BytesIO(content))

        self.persist(attempt)
        return blob

    def tags(self, repository: str) -> list[str]:
        """Every tag, in the registry's order. Raises NotFound for a repository that does not exist."""
        where = f"{_path(repository, 'tags', 'list')}?n={_TAGS_PER_PAGE}"
        tags: dict[str, None] = {}
        seen: set[str] = set()
        while where and where not in seen:
            seen.add(where)
            call = Call("GET", where, f"tags of {repository}", auth.pull(repository), limit=_LIST_LIMIT)
            answer = self._exchange.ask(call)
            tags.update(dict.fromkeys(listing.tag_names(self.host, answer.body)))
            where = listing.next_page(where, answer)
        return list(tags)

    def referrers(self, repository: str, digest: Digest) -> tuple[Descriptor, ...]:
        """Manifests whose subject is `digest`, from the referrers API or the fallback tag. Raises RegistryError."""
        if self._lists_referrers:
            listed = self._listed_referrers(repository, digest)
            if listed is not None:
                return listed
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
            answer = self._exchange.ask(call)
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

    def _session(self, repository: str, asked: str, location: str) -> UploadSession:
        if not location:
            raise RegistryRefused(self.host, f"upload to {repository}: the registry gave no location")
        return UploadSession(repository, urljoin(asked, location))


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
