"""One registry address as an ASGI application: routing, rights, and who creates a repository."""

from __future__ import annotations

import math
import re

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.types import Receive, Scope, Send

from reconciler.emulator.account import Holder
from reconciler.emulator.catalogue import Repository, Status
from reconciler.emulator.cloud import Cloud
from reconciler.emulator.content import Content
from reconciler.emulator.refusal import Refused
from reconciler.emulator.registry.access import PULL, PUSH, TOKEN_PATH, Access
from reconciler.emulator.registry.answers import API_VERSION, RegistryRefusal
from reconciler.emulator.registry.backends import Backend, Kind, Place, ProxyBackend, StoreBackend
from reconciler.emulator.remote import RemoteRegistry
from reconciler.emulator.store import Store
from reconciler.emulator.tagging import TAG_NAME

_COMPONENT = r"[a-z0-9]+(?:[._-]+[a-z0-9]+)*"
_PATH = rf"/v2/({_COMPONENT}(?:/{_COMPONENT})*)"
_DIGEST = r"(sha256:[0-9a-f]{64})"
_ROUTES: tuple[tuple[Kind, re.Pattern[str]], ...] = (
    (Kind.UPLOAD_START, re.compile(rf"{_PATH}/blobs/uploads/?()")),
    (Kind.UPLOAD, re.compile(rf"{_PATH}/blobs/uploads/([A-Za-z0-9_=-]+)")),
    (Kind.BLOB, re.compile(rf"{_PATH}/blobs/{_DIGEST}")),
    (Kind.MANIFEST, re.compile(rf"{_PATH}/manifests/({TAG_NAME}|sha256:[0-9a-f]{{64}})")),
    (Kind.TAGS, re.compile(rf"{_PATH}/tags/list()")),
    (Kind.REFERRERS, re.compile(rf"{_PATH}/referrers/{_DIGEST}")),
)


class Registry:
    """`content` is ours or a real registry's; the address must be known to the cloud already."""

    def __init__(self, cloud: Cloud, holder: Holder, content: Content) -> None:
        self._cloud = cloud
        self._holder = holder
        self._access = Access(cloud, holder)
        self._backend: Backend
        if isinstance(content, RemoteRegistry):
            self._backend = ProxyBackend(cloud, holder, content)
        elif isinstance(content, Store):
            self._backend = StoreBackend(cloud, holder, content, self._access)
        else:
            raise TypeError(f"no backend for content: {type(content).__name__}")

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope, receive)
        try:
            response = await self._answer(request)
        except RegistryRefusal as refusal:
            response = refusal.response()
        await response(scope, receive, send)

    async def _answer(self, request: Request) -> Response:
        path = request.url.path
        if path == TOKEN_PATH:
            self._count("token", request)
            return self._access.issue_token(request)
        if path in ("/v2", "/v2/"):
            self._count("base", request)
            self._access.check(request, None, PULL)
            return JSONResponse({}, headers=API_VERSION)
        place = _place(path)
        if place is None:
            # A catalog is among them: the service has none.
            raise RegistryRefusal(404, "UNSUPPORTED", f"the operation is unsupported: {path}")
        self._count(place.kind, request)
        self._hold_back(place)
        reading = request.method in ("GET", "HEAD") and place.kind not in (Kind.UPLOAD, Kind.UPLOAD_START)
        self._access.check(request, place.path, PULL if reading else PUSH)
        return await self._backend.answer(request, place, self._repository(request, place))

    def _repository(self, request: Request, place: Place) -> Repository:
        found = self._holder.catalogue.repositories.get(place.path)
        if found is not None and found.status is Status.NORMAL:
            return found
        begins_push = (place.kind, request.method) in ((Kind.UPLOAD_START, "POST"), (Kind.MANIFEST, "PUT"))
        if not begins_push:
            raise RegistryRefusal(404, "NAME_UNKNOWN", f"repository name not known to registry: {place.path}")
        try:
            made, _ = self._cloud.account.repository_for_push(self._holder, place.path, self._cloud.clock.now())
        except Refused as refusal:
            raise RegistryRefusal(
                403, "DENIED", f"requested access to the resource is denied: {refusal.message}"
            ) from None
        self._cloud.changed()
        return made

    def _hold_back(self, place: Place) -> None:
        wait = self._cloud.rushes.wait(self._holder.label, begins_upload=place.kind is Kind.UPLOAD_START)
        if wait:
            headers = {"Retry-After": str(math.ceil(wait))}
            raise RegistryRefusal(429, "TOOMANYREQUESTS", "too many requests", headers=headers)

    def _count(self, kind: str, request: Request) -> None:
        self._cloud.requests[self._holder.label, f"{request.method} {kind}"] += 1


def _place(path: str) -> Place | None:
    for kind, pattern in _ROUTES:
        match = pattern.fullmatch(path)
        if match:
            return Place(kind, match[1], match[2])
    return None
