"""What serves a registry's requests once they are allowed: our own store, or a real registry behind us."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

import httpx
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from reconciler.emulator.account import Holder
from reconciler.emulator.catalogue import Repository
from reconciler.emulator.cloud import Cloud
from reconciler.emulator.content import CHUNK
from reconciler.emulator.registry import manifests, reads
from reconciler.emulator.registry.access import Access
from reconciler.emulator.registry.answers import RegistryRefusal, empty
from reconciler.emulator.registry.uploads import Uploads
from reconciler.emulator.remote import RemoteRegistry
from reconciler.emulator.store import Store
from reconciler.model.image import parse_digest


class Kind(StrEnum):
    """The protocol's endpoints below a repository."""

    UPLOAD_START = "upload start"
    UPLOAD = "upload"
    BLOB = "blob"
    MANIFEST = "manifest"
    TAGS = "tags"
    REFERRERS = "referrers"


@dataclass(frozen=True, slots=True)
class Place:
    """`reference` is an upload id, a digest or a tag, or empty."""

    kind: Kind
    path: str
    reference: str


class Backend(Protocol):
    async def answer(self, request: Request, place: Place, repository: Repository) -> Response:
        """Raises RegistryRefusal."""
        ...


class StoreBackend:
    def __init__(self, cloud: Cloud, holder: Holder, store: Store, access: Access) -> None:
        self._cloud = cloud
        self._holder = holder
        self._store = store
        self._base = cloud.base(holder)
        self._uploads = Uploads(store, access, self._base)

    async def answer(self, request: Request, place: Place, repository: Repository) -> Response:
        match place.kind, request.method:
            case Kind.UPLOAD_START, "POST":
                return await self._uploads.start(request, place.path)
            case Kind.UPLOAD, "PATCH":
                return await self._uploads.append(request, place.path, place.reference)
            case Kind.UPLOAD, "PUT":
                return await self._uploads.finish(request, place.path, place.reference)
            case Kind.UPLOAD, "GET":
                return self._uploads.status(place.path, place.reference)
            case Kind.UPLOAD, "DELETE":
                return self._uploads.cancel(place.path, place.reference)
            case Kind.BLOB, "GET" | "HEAD":
                return reads.blob(request, self._store, place.path, parse_digest(place.reference))
            case Kind.BLOB, "DELETE":
                digest = parse_digest(place.reference)
                if self._store.blob_size(place.path, digest) is None:
                    raise RegistryRefusal(404, "BLOB_UNKNOWN", "blob unknown to registry")
                self._store.unlink_blob(place.path, digest)
                return empty(202)
            case Kind.MANIFEST, "GET" | "HEAD":
                return manifests.read(request, self._store, place.path, place.reference)
            case Kind.MANIFEST, "PUT":
                manifest = await manifests.write(request, self._store, repository, place.reference)
                if ":" not in place.reference:
                    await self._cloud.pushed(self._holder, repository, place.reference, manifest)
                return manifests.created(self._base, place.path, manifest)
            case Kind.MANIFEST, "DELETE":
                return await manifests.delete(self._store, self._cloud, repository, place.reference)
            case Kind.TAGS, "GET":
                return reads.tag_list(request, place.path, self._store.tag_names(place.path))
            case Kind.REFERRERS, "GET":
                return reads.referrers(request, self._store, place.path, parse_digest(place.reference))
            case _:
                raise RegistryRefusal(405, "UNSUPPORTED", "the operation is unsupported")


_HOP_BY_HOP = frozenset({"connection", "keep-alive", "te", "trailer", "transfer-encoding", "upgrade"})
_OURS = _HOP_BY_HOP | {"host", "authorization"}
_WITH_BODY = ("POST", "PUT", "PATCH")


class ProxyBackend:
    """Passes requests on to a real registry; our login stays here, its login stays there."""

    def __init__(self, cloud: Cloud, holder: Holder, remote: RemoteRegistry) -> None:
        self._cloud = cloud
        self._holder = holder
        self._remote = remote
        self._base = cloud.base(holder)

    async def answer(self, request: Request, place: Place, repository: Repository) -> Response:
        if place.kind is not Kind.MANIFEST or request.method != "PUT":
            return await self._forward(request, request.stream() if request.method in _WITH_BODY else None)
        manifest = await manifests.received(request, place.reference)
        tag = None if ":" in place.reference else place.reference
        if tag is not None and repository.tag_immutability:
            existing = await self._remote.resolve(place.path, tag)
            manifests.check_tag(repository, tag, existing, manifest)
        answer = await self._forward(request, manifest.data)
        if tag is not None and answer.status_code == httpx.codes.CREATED:
            await self._cloud.pushed(self._holder, repository, tag, manifest)
        return answer

    async def _forward(self, request: Request, content: AsyncIterator[bytes] | bytes | None) -> Response:
        sent = [(name, value) for name, value in request.headers.items() if name not in _OURS]
        query = f"?{request.url.query}" if request.url.query else ""
        onward = self._remote.client.build_request(
            request.method, f"{request.url.path}{query}", headers=sent, content=content
        )
        try:
            answer = await self._remote.client.send(onward, stream=True)
        except (httpx.HTTPError, ClientDisconnect):
            raise RegistryRefusal(502, "UNAVAILABLE", "the registry behind this address does not answer") from None
        headers = {name: value for name, value in answer.headers.items() if name not in _HOP_BY_HOP}
        location = headers.get("location", "")
        if location.startswith(f"{self._remote.base}/"):
            headers["location"] = f"{self._base}{location[len(self._remote.base) :]}"
        return _Relayed(answer, headers)


class _Relayed(Response):
    def __init__(self, answer: httpx.Response, headers: Mapping[str, str]) -> None:
        super().__init__(status_code=answer.status_code)
        self.raw_headers = [(k.encode("latin-1"), v.encode("latin-1")) for k, v in headers.items()]
        self._answer = answer

    async def __call__(self, _scope: Scope, _receive: Receive, send: Send) -> None:
        try:
            await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})
            async for chunk in self._answer.aiter_raw(CHUNK):
                await send({"type": "http.response.body", "body": chunk, "more_body": True})
            await send({"type": "http.response.body", "body": b"", "more_body": False})
        finally:
            await self._answer.aclose()
