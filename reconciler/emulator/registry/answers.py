"""Answers of the distribution protocol: errors in its own format, and content as streams."""

from __future__ import annotations

from collections.abc import Mapping
from typing import IO

from starlette.responses import JSONResponse, Response
from starlette.types import Receive, Scope, Send

from reconciler.emulator.content import CHUNK
from reconciler.model.json_value import Json

API_VERSION = {"Docker-Distribution-Api-Version": "registry/2.0"}


class RegistryRefusal(Exception):
    """A request that the registry turns down; `code` is one of the protocol's error codes."""

    def __init__(
        self, status: int, code: str, message: str, *, detail: Json = None, headers: Mapping[str, str] | None = None
    ) -> None:
        super().__init__(f"{code}: {message}")
        self.status = status
        self.code = code
        self.message = message
        self.detail = detail
        self.headers = dict(headers or {})

    def response(self) -> Response:
        error: dict[str, Json] = {"code": self.code, "message": self.message, "detail": self.detail}
        return JSONResponse({"errors": [error]}, self.status, {**API_VERSION, **self.headers})


def empty(status: int, headers: Mapping[str, str] | None = None) -> Response:
    return Response(status_code=status, headers={**API_VERSION, **(headers or {}), "Content-Length": "0"})


class BlobAnswer(Response):
    """Streams `length` bytes of an open file from where it stands, and closes it."""

    def __init__(self, data: IO[bytes], length: int, status: int, headers: Mapping[str, str]) -> None:
        super().__init__(status_code=status, headers={**API_VERSION, **headers, "Content-Length": str(length)})
        self._data = data
        self._length = length

    async def __call__(self, _scope: Scope, _receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})
        with self._data as data:
            left = self._length
            while left:
                chunk = data.read(min(CHUNK, left))
                if not chunk:
                    raise EOFError("blob is shorter than its size")
                left -= len(chunk)
                await send({"type": "http.response.body", "body": chunk, "more_body": True})
        await send({"type": "http.response.body", "body": b"", "more_body": False})
