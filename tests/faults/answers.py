"""What a registry answers, by the OCI distribution specification 1.1 and by its knobs."""

from __future__ import annotations

import base64
import json
import secrets
from dataclasses import dataclass, field
from enum import StrEnum

from reconciler.oci.manifest import OCI_INDEX, digest_bytes
from reconciler.oci.upload import PIECE
from tests.faults.faults import Ask, Kind
from tests.faults.store import Store


class Location(StrEnum):
    """How the addresses of upload sessions are written."""

    PATH = "path"
    ABSOLUTE = "absolute"
    OTHER_SCHEME = "other scheme"
    QUERY = "query"
    DOTS = "dots"
    NO_SCHEME = "no scheme"
    ELSEWHERE = "elsewhere"
    MISSING = "missing"
    NONSENSE = "nonsense"
    BAD_PORT = "bad port"


class Mounting(StrEnum):
    YES = "yes"
    NEVER = "never"
    LIES = "lies"


@dataclass
class Knobs:
    """`patience` and `piece` are the client's: seconds to wait for an answer, bytes of a request's body."""

    patience: float = 5.0
    piece: int = PIECE
    location: Location = Location.PATH
    elsewhere: str = ""
    mounting: Mounting = Mounting.YES
    keeps_partial: bool = True
    state_in_location: bool = False
    largest_body: int | None = None
    takes_puts_with_body: bool = True
    takes_patches: bool = True
    takes_single_posts: bool = False
    least_piece: int = 0
    answers_head: bool = True
    ranges: str = "yes"
    redirects: tuple[str, ...] = ()
    page: int = 0
    absolute_links: bool = False
    tokens: bool = False
    token_uses: int = 0
    forgets: set[str] = field(default_factory=set)


@dataclass(frozen=True)
class Reply:
    status: int
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""


class Answers:
    """`answer` does what a request asks for, and tells the outcome."""

    def __init__(self, host: str, store: Store, knobs: Knobs) -> None:
        self._host = host
        self._store = store
        self._knobs = knobs
        self._uses: dict[str, int] = {}

    def barred(self, ask: Ask) -> Reply | None:
        """The answer to a request that lacks a token that is good; each is good for a number of uses."""
        if not self._knobs.tokens or ask.kind is Kind.TOKEN:
            return None
        token = ask.headers.get("authorization", "").removeprefix("Bearer ")
        with self._store.lock:
            if self._uses.get(token, 0) > 0:
                self._uses[token] -= 1
                return None
        realm = f'Bearer realm="http://{self._host}/token",service="{self._host}"'
        return _refusal(401, "UNAUTHORIZED", {"WWW-Authenticate": realm})

    def answer(self, ask: Ask, body: bytes) -> Reply:
        match ask.kind:
            case Kind.PING:
                return Reply(200)
            case Kind.TOKEN:
                return self._token(ask)
            case Kind.TAGS:
                return self._tags(ask)
            case Kind.REFERRERS:
                index = {"schemaVersion": 2, "mediaType": OCI_INDEX, "manifests": []}
                return Reply(200, {"Content-Type": OCI_INDEX}, json.dumps(index).encode())
            case Kind.MANIFEST:
                return self._put_manifest(ask, body) if ask.method == "PUT" else self._manifest(ask)
            case Kind.BLOB:
                return self._blob(ask)
            case Kind.MOUNT:
                return self._mount(ask)
            case Kind.START:
                return self._start(ask, body)
            case Kind.PATCH | Kind.PUT | Kind.STATUS | Kind.CANCEL:
                return self._upload(ask, body)

    def opening(self, ask: Ask) -> Reply | None:
        """What is said against an upload before its body is looked at."""
        session = self._store.sessions.get(ask.reference)
        if session is None or session.repository != ask.repository:
            return _refusal(404, "BLOB_UPLOAD_UNKNOWN")
        if self._knobs.state_in_location and ask.query.get("_state") != str(len(session.content)):
            return _refusal(404, "BLOB_UPLOAD_INVALID")
        if ask.kind is Kind.PATCH and not self._knobs.takes_patches:
            return _refusal(405, "UNSUPPORTED")
        if ask.kind is Kind.PUT and ask.length and not self._knobs.takes_puts_with_body:
            return _refusal(411, "UNSUPPORTED")
        if self._knobs.largest_body is not None and ask.length > self._knobs.largest_body:
            return _refusal(413, "")
        if ask.kind is Kind.PATCH and ask.length < self._knobs.least_piece:
            self._store.violations.append(f"a piece of {ask.length} bytes")
            return _refusal(416, "SIZE_INVALID")
        claimed = ask.headers.get("content-range")
        if claimed and int(claimed.split("-")[0]) != len(session.content):
            self._store.violations.append(f"{ask.method} at {claimed}, the session has {len(session.content)} bytes")
            return _refusal(416, "RANGE_INVALID")
        return None

    def _token(self, ask: Ask) -> Reply:
        expected = "Basic " + base64.b64encode(b"user:secret").decode()
        if ask.headers.get("authorization") != expected:
            return _refusal(401, "UNAUTHORIZED")
        token = secrets.token_hex(8)
        with self._store.lock:
            self._uses[token] = self._knobs.token_uses or 1_000_000
        return Reply(200, {}, json.dumps({"token": token, "expires_in": 600}).encode())

    def _tags(self, ask: Ask) -> Reply:
        names = sorted(self._store.tags[ask.repository])
        if not names:
            return _refusal(404, "NAME_UNKNOWN")
        rest = [name for name in names if name > ask.query.get("last", "")]
        page = rest[: self._knobs.page or None]
        headers = {}
        if len(page) < len(rest):
            base = f"http://{self._host}" if self._knobs.absolute_links else ""
            headers["Link"] = f'<{base}{ask.path}?last={page[-1]}&n={self._knobs.page}>; rel="next"'
        return Reply(200, headers, json.dumps({"name": ask.repository, "tags": page}).encode())

    def _manifest(self, ask: Ask) -> Reply:
        if ask.method == "HEAD" and not self._knobs.answers_head:
            return _refusal(405, "UNSUPPORTED")
        found = self._store.manifest(ask.repository, ask.reference)
        if found is None:
            return _refusal(404, "MANIFEST_UNKNOWN")
        headers = {"Content-Type": found.media_type, "Docker-Content-Digest": digest_bytes(found.raw)}
        return Reply(200, headers, found.raw)

    def _put_manifest(self, ask: Ask, body: bytes) -> Reply:
        with self._store.lock:
            for digest in self._knobs.forgets:
                self._store.forget(ask.repository, digest)
            self._knobs.forgets.clear()
        missing = self._store.lacking(ask.repository, body)
        if missing:
            return _refusal(404, "MANIFEST_BLOB_UNKNOWN", message=f"blob unknown: {missing[0]}")
        if ":" in ask.reference and digest_bytes(body) != ask.reference:
            self._store.violations.append(f"manifest under the wrong digest: {ask.reference}")
            return _refusal(400, "DIGEST_INVALID")
        digest = self._store.put(ask.repository, ask.reference, ask.headers.get("content-type", ""), body)
        return Reply(201, {"Docker-Content-Digest": digest, "Location": ask.path})

    def _blob(self, ask: Ask) -> Reply:
        if ask.method == "HEAD" and not self._knobs.answers_head:
            return _refusal(405, "UNSUPPORTED")
        content = self._store.blobs[ask.repository].get(ask.reference)
        if content is None:
            return _refusal(404, "BLOB_UNKNOWN", message="blob unknown to registry")
        if self._knobs.redirects and ask.method == "GET":
            return Reply(307, {"Location": self._knobs.redirects[0] + ask.path})
        return ranged(ask, content, self._knobs.ranges)

    def _mount(self, ask: Ask) -> Reply:
        digest, origin = ask.query["mount"], ask.query.get("from", "")
        content = self._store.blobs[origin].get(digest)
        if self._knobs.mounting is Mounting.YES and content is not None:
            self._store.blobs[ask.repository][digest] = content
        if self._knobs.mounting is Mounting.LIES or (self._knobs.mounting is Mounting.YES and content is not None):
            return Reply(201, {"Location": f"/v2/{ask.repository}/blobs/{digest}", "Docker-Content-Digest": digest})
        return self._progress(ask.repository, self._store.start(ask.repository), 202)

    def _start(self, ask: Ask, body: bytes) -> Reply:
        name = self._store.start(ask.repository)
        if not (self._knobs.takes_single_posts and "digest" in ask.query):
            return self._progress(ask.repository, name, 202)
        self._store.append(name, body)
        return self._complete(ask, name)

    def _complete(self, ask: Ask, name: str) -> Reply:
        digest = ask.query["digest"]
        if not self._store.commit(name, digest):
            return _refusal(400, "DIGEST_INVALID")
        return Reply(201, {"Location": f"/v2/{ask.repository}/blobs/{digest}", "Docker-Content-Digest": digest})

    def _upload(self, ask: Ask, body: bytes) -> Reply:
        objection = self.opening(ask)
        if objection is not None:
            return objection
        if ask.kind is Kind.CANCEL:
            del self._store.sessions[ask.reference]
            return Reply(204)
        self._store.append(ask.reference, body)
        if ask.kind is Kind.PUT:
            return self._complete(ask, ask.reference)
        return self._progress(ask.repository, ask.reference, 204 if ask.kind is Kind.STATUS else 202)

    def _progress(self, repository: str, name: str, status: int) -> Reply:
        received = len(self._store.sessions[name].content)
        path = f"/v2/{repository}/blobs/uploads/{name}"
        if self._knobs.state_in_location:
            path = f"{path}?_state={received}"
        location = {
            Location.PATH: path,
            Location.ABSOLUTE: f"http://{self._host}{path}",
            Location.OTHER_SCHEME: f"https://{self._host}{path}",
            Location.QUERY: f"{path}?a=b%2Fc&d=",
            Location.DOTS: f"../uploads/{name}",
            Location.NO_SCHEME: f"//{self._host}{path}",
            Location.ELSEWHERE: f"http://{self._knobs.elsewhere}{path}",
            Location.MISSING: "",
            Location.NONSENSE: "http://[::1/é",
            Location.BAD_PORT: "http://localhost:port/",
        }[self._knobs.location]
        headers = {"Range": f"0-{max(received - 1, 0)}", **({"Location": location} if location else {})}
        if self._knobs.least_piece:
            headers["OCI-Chunk-Min-Length"] = str(self._knobs.least_piece)
        return Reply(status, headers)


def ranged(ask: Ask, content: bytes, ranges: str) -> Reply:
    """`content`, or the part of it that is asked for; `ranges` is yes, ignored or refused."""
    asked = ask.headers.get("range", "")
    if not asked or ranges == "ignored":
        return Reply(200, {}, content)
    start = int(asked.removeprefix("bytes=").split("-")[0])
    if ranges == "refused" or start >= len(content):
        return _refusal(416, "")
    return Reply(206, {"Content-Range": f"bytes {start}-{len(content) - 1}/{len(content)}"}, content[start:])


def _refusal(status: int, code: str, headers: dict[str, str] | None = None, message: str = "") -> Reply:
    body = json.dumps({"errors": [{"code": code, "message": message or code.lower()}]}).encode() if code else b""
    return Reply(status, headers or {}, body)
