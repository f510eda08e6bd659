"""A registry in memory that takes anything by its digest: what stricter ones refuse can be kept and copied here."""

from __future__ import annotations

import contextlib
import hashlib
import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

from reconciler.model.image import Digest
from reconciler.oci.manifest import OCI_INDEX


class OpenRegistry(ThreadingHTTPServer):
    """With `lists_referrers` it has the referrers API of the distribution specification 1.1, else none."""

    daemon_threads = True

    def __init__(self, *, lists_referrers: bool) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.lists_referrers = lists_referrers
        self.host = f"127.0.0.1:{self.server_port}"
        self.log: list[tuple[str, str]] = []
        self.blobs: dict[tuple[str, str], bytes] = {}
        self.manifests: dict[tuple[str, str], tuple[bytes, str]] = {}
        """By repository and tag or digest."""

    def store(self, repository: str, tag: str, raw: bytes, media_type: str) -> Digest:
        """Puts a manifest there without a request."""
        digest = Digest(f"sha256:{hashlib.sha256(raw).hexdigest()}")
        for reference in (tag, digest):
            self.manifests[repository, reference] = (raw, media_type)
        return digest

    def tags(self, repository: str) -> bytes:
        names = sorted(name for path, name in self.manifests if path == repository and ":" not in name)
        return json.dumps({"name": repository, "tags": names}).encode()

    def referrers(self, repository: str, subject: str) -> bytes:
        rows = []
        for (path, reference), (raw, media_type) in self.manifests.items():
            document = json.loads(raw)
            if path == repository and ":" in reference and document.get("subject", {}).get("digest") == subject:
                rows.append({"mediaType": media_type, "digest": reference, "size": len(raw)})
        return json.dumps({"schemaVersion": 2, "mediaType": OCI_INDEX, "manifests": rows}).encode()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: OpenRegistry

    def handle_any(self) -> None:
        self.server.log.append((self.command, self.path))
        url = urlsplit(self.path)
        body = self.rfile.read(int(self.headers.get("Content-Length", "0")))
        parts = url.path.removeprefix("/v2/").split("/")
        repository, kind, reference = "/".join(parts[:-2]), parts[-2], parts[-1]
        query = {name: values[0] for name, values in parse_qs(url.query).items()}
        match kind, self.command:
            case "uploads", "POST":
                self._begin(repository.removesuffix("/blobs"), query)
            case "uploads", "PUT":
                self._finish(repository.removesuffix("/blobs"), query["digest"], body)
            case "manifests", "PUT":
                self._put_manifest(repository, reference, body)
            case "blobs", "GET" | "HEAD":
                self._serve(self.server.blobs.get((repository, reference)), "application/octet-stream", reference)
            case "manifests", "GET" | "HEAD":
                raw, media_type = self.server.manifests.get((repository, reference), (None, ""))
                digest = reference if ":" in reference or raw is None else _digest("sha256", raw)
                self._serve(raw, media_type, digest)
            case "tags", "GET":
                self._serve(self.server.tags(repository), "application/json", "")
            case "referrers", "GET" if self.server.lists_referrers:
                self._serve(self.server.referrers(repository, reference), OCI_INDEX, "")
            case _:
                self._answer(404, {}, b"404 page not found")

    do_GET = do_HEAD = do_POST = do_PUT = handle_any  # noqa: N815

    def _begin(self, repository: str, query: dict[str, str]) -> None:
        held = self.server.blobs.get((query.get("from", ""), query.get("mount", "")))
        if held is not None:
            self.server.blobs[repository, query["mount"]] = held
            self._answer(201, {"Docker-Content-Digest": query["mount"]})
        else:
            self._answer(202, {"Location": f"/v2/{repository}/blobs/uploads/1"})

    def _finish(self, repository: str, digest: str, body: bytes) -> None:
        if digest != _digest(digest.partition(":")[0], body):
            self._answer(400, {}, b'{"errors": [{"code": "DIGEST_INVALID"}]}')
            return
        self.server.blobs[repository, digest] = body
        self._answer(201, {"Docker-Content-Digest": digest})

    def _put_manifest(self, repository: str, reference: str, body: bytes) -> None:
        digest = _digest(reference.partition(":")[0] if ":" in reference else "sha256", body)
        if ":" in reference and reference != digest:
            self._answer(400, {}, b'{"errors": [{"code": "DIGEST_INVALID"}]}')
            return
        for name in (reference, digest):
            self.server.manifests[repository, name] = (body, self.headers["Content-Type"])
        subject = json.loads(body).get("subject", {}).get("digest", "")
        listed = {"OCI-Subject": subject} if subject and self.server.lists_referrers else {}
        self._answer(201, {"Docker-Content-Digest": digest, **listed})

    def _serve(self, content: bytes | None, media_type: str, digest: str) -> None:
        if content is None:
            self._answer(404, {}, b'{"errors": [{"code": "MANIFEST_UNKNOWN"}]}')
        else:
            self._answer(200, {"Content-Type": media_type, "Docker-Content-Digest": digest}, content)

    def _answer(self, status: int, headers: dict[str, str], body: bytes = b"") -> None:
        self.send_response(status)
        for name, value in {"Content-Length": str(len(body)), **headers}.items():
            self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        pass


def _digest(algorithm: str, data: bytes) -> str:
    return f"{algorithm}:{hashlib.new(algorithm, data).hexdigest()}"


@contextlib.contextmanager
def opened(*, lists_referrers: bool = True) -> Iterator[OpenRegistry]:
    with OpenRegistry(lists_referrers=lists_referrers) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join()
