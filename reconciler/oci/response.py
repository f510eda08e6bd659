"""Answers whose head arrived whole: `http.client` itself takes a head that breaks off for a complete one."""

from __future__ import annotations

import io
import socket
from collections.abc import Iterable, Mapping
from http.client import HTTPResponse, RemoteDisconnected

# Headers that are lists (RFC 9110, 5.3): several lines mean the same as one with commas.
_LISTS = frozenset({"link", "www-authenticate"})


class _WholeLines(io.BufferedReader):
    def readline(self, size: int | None = -1, /) -> bytes:
        line = super().readline(size)
        if not line.endswith(b"\n") and (size is None or size < 0 or len(line) < size):
            raise RemoteDisconnected("the connection ended in the head of an answer")
        return line


class WholeResponse(HTTPResponse):
    """Raises RemoteDisconnected when the connection ends before the head does."""

    def __init__(
        self, sock: socket.socket, debuglevel: int = 0, method: str | None = None, url: str | None = None
    ) -> None:
        super().__init__(sock, debuglevel, method, url)
        self.fp = _WholeLines(self.fp.detach())


def headers_of(pairs: Iterable[tuple[str, str]]) -> Mapping[str, str]:
    """Headers by lower-case name. Of a header that must not be repeated the first one counts, as for `http.client`."""
    found: dict[str, str] = {}
    for name, value in pairs:
        key = name.lower()
        if key not in found:
            found[key] = value
        elif key in _LISTS:
            found[key] += f", {value}"
    return found
