"""Blob uploads: monolithic, chunked, streamed, resumed, and mounts instead of uploads."""

from __future__ import annotations

import hashlib
import re
import uuid
from dataclasses import dataclass, field

from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response

from reconciler.emulator.registry.access import PULL, Access
from reconciler.emulator.registry.answers import RegistryRefusal, empty
from reconciler.emulator.store import Store
from reconciler.model.image import Digest, parse_digest

_CONTENT_RANGE = re.compile(r"(?:bytes[ =])?(\d+)-(\d+)(?:/.*)?")


@dataclass(slots=True)
class _Upload:
    repository: str
    hasher: hashlib._Hash = field(default_factory=hashlib.sha256)
    offset: int = 0
    busy: bool = False


class Uploads:
    """The open uploads of one registry; a restart of the cloud ends them."""

    def __init__(self, store: Store, access: Access, base: str) -> None:
        self._store = store
        self._access = access
        self._base = base
        self._open: dict[str, _Upload] = {}

    async def start(self, request: Request, repository: str) -> Response:
        mount, origin = request.query_params.get("mount"), request.query_params.get("from")
        if mount and origin and self._access.allows(request, origin, PULL):
            digest = _digest(mount)
            if self._store.blob_size(origin, digest) is not None:
                self._store.link_blob(repository, digest)
                return self._created(repository, digest)
        identity = str(uuid.uuid4())
        upload = self._open[identity] = _Upload(repository)
        with self._store.append_upload(repository, identity):
            pass
        if "digest" in request.query_params:
            return await self._finish(request, repository, identity, upload)
        return empty(202, self._progress(repository, identity, upload))

    def status(self, repository: str, identity: str) -> Response:
        return empty(204, self._progress(repository, identity, self._find(repository, identity)))

    async def append(self, request: Request, repository: str, identity: str) -> Response:
        upload = self._find(repository, identity)
        await self._receive(request, repository, identity, upload)
        return empty(202, self._progress(repository, identity, upload))

    async def finish(self, request: Request, repository: str, identity: str) -> Response:
        return await self._finish(request, repository, identity, self._find(repository, identity))

    def cancel(self, repository: str, identity: str) -> Response:
        self._find(repository, identity)
        self._drop(repository, identity)
        return empty(204)

    async def _finish(self, request: Request, repository: str, identity: str, upload: _Upload) -> Response:
        digest = _digest(request.query_params.get("digest", ""))
        await self._receive(request, repository, identity, upload)
        actual = f"sha256:{upload.hasher.hexdigest()}"
        if actual != digest:
            self._drop(repository, identity)
            raise RegistryRefusal(400, "DIGEST_INVALID", "provided digest did not match uploaded content")
        del self._open[identity]
        self._store.finish_upload(repository, identity, digest)
        return self._created(repository, digest)

    async def _receive(self, request: Request, repository: str, identity: str, upload: _Upload) -> None:
        """Append the request's body. What came before a broken connection stays, so that the client can go on."""
        claimed = _CONTENT_RANGE.fullmatch(request.headers.get("content-range", ""))
        if upload.busy or (claimed and int(claimed[1]) != upload.offset):
            raise RegistryRefusal(
                416,
                "RANGE_INVALID",
                f"the upload continues at: {upload.offset}",
                headers=self._progress(repository, identity, upload),
            )
        upload.busy = True
        before = upload.offset
        try:
            with self._store.append_upload(repository, identity) as sink:
                async for chunk in request.stream():
                    sink.write(chunk)
                    upload.hasher.update(chunk)
                    upload.offset += len(chunk)
        except ClientDisconnect:
            raise RegistryRefusal(400, "BLOB_UPLOAD_INVALID", "the connection broke") from None
        finally:
            upload.busy = False
        if claimed and upload.offset - before != int(claimed[2]) - int(claimed[1]) + 1:
            self._drop(repository, identity)
            raise RegistryRefusal(400, "SIZE_INVALID", "the body is not as long as Content-Range says")

    def _find(self, repository: str, identity: str) -> _Upload:
        upload = self._open.get(identity)
        if upload is None or upload.repository != repository:
            raise RegistryRefusal(404, "BLOB_UPLOAD_UNKNOWN", "blob upload unknown to registry")
        return upload

    def _drop(self, repository: str, identity: str) -> None:
        self._open.pop(identity, None)
        self._store.discard_upload(repository, identity)

    def _progress(self, repository: str, identity: str, upload: _Upload) -> dict[str, str]:
        return {
            "Location": f"{self._base}/v2/{repository}/blobs/uploads/{identity}",
            "Range": f"0-{max(0, upload.offset - 1)}",
            "Docker-Upload-UUID": identity,
        }

    def _created(self, repository: str, digest: Digest) -> Response:
        return empty(
            201,
            {
                "Location": f"{self._base}/v2/{repository}/blobs/{digest}",
                "Docker-Content-Digest": digest,
            },
        )


def _digest(text: str) -> Digest:
    if not text.startswith("sha256:"):
        raise RegistryRefusal(400, "DIGEST_INVALID", f"not a sha256 digest: {text}")
    try:
        return parse_digest(text)
    except ValueError as failure:
        raise RegistryRefusal(400, "DIGEST_INVALID", str(failure)) from None
