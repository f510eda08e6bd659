"""One address for the OpenAPI and OSS: a request to OSS is known by how it is signed."""

from __future__ import annotations

from starlette.types import ASGIApp, Receive, Scope, Send

from reconciler.emulator.oss.signature import is_signed


class Front:
    """An ASGI application."""

    def __init__(self, openapi: ASGIApp, oss: ASGIApp) -> None:
        self._openapi = openapi
        self._oss = oss

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        authorization = next((value for name, value in scope.get("headers", ()) if name == b"authorization"), b"")
        app = self._oss if is_signed(authorization.decode("latin-1")) else self._openapi
        await app(scope, receive, send)
