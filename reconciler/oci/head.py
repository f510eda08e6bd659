"""Heads of HTTP/1.1 messages (RFC 9112): requests written, answers read. Bytes in, values out, no I/O."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

HEAD_LIMIT = 64 * 1024
"""Bytes of the largest head that is read; servers rarely send more than two."""

_STATUS_LINE = re.compile(r"HTTP/1\.([01]) ([1-9][0-9][0-9])(?: .*)?")
_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
# Nothing that ends a line or that some reader may take for the end of one.
_CONTROL = re.compile(r"[\x00-\x08\x0a-\x1f\x7f]")
# Headers that are lists (RFC 9110, 5.3): several lines mean the same as one with commas.
_LISTS = frozenset({"link", "www-authenticate"})
# What frames an answer is said in one way: who differs about it differs about where the next answer begins.
_SAID_ONCE = frozenset({"content-length", "transfer-encoding"})


class OutOfShape(Exception):
    """What came is no HTTP/1.1, or not what may stand there; the connection is of no more use."""


@dataclass(frozen=True, slots=True)
class Head:
    """Of an answer. `headers` are by lower-case name; of one that must not be repeated the first counts.

    `length` is the size of the body in bytes where it is known; a `chunked` one tells it piece by piece, and one with
    neither ends with the connection. `closes`: the connection ends after this answer.
    """

    status: int
    headers: Mapping[str, str] = field(repr=False)
    length: int | None
    chunked: bool
    closes: bool


def request_head(method: str, path: str, headers: Iterable[tuple[str, str]]) -> bytes:
    """Raises ValueError for what would not stay on its line."""
    lines = [f"{method} {path} HTTP/1.1", *[f"{name}: {value}" for name, value in headers]]
    for line in lines:
        if _CONTROL.search(line):
            raise ValueError(f"control character in a request: {line.split(':', 1)[0]!r}")
    return "\r\n".join((*lines, "\r\n")).encode("latin-1")


def end_of_head(data: bytes | bytearray) -> int:
    """Where the head in `data` is over, behind its empty line; 0 when more has to come."""
    long, short = data.find(b"\n\r\n"), data.find(b"\n\n")
    if long < 0 and short < 0:
        return 0
    return short + 2 if long < 0 or 0 <= short < long else long + 3


def parse_head(method: str, data: bytes) -> Head:
    """The head of an answer to `method`, with its empty line. Raises OutOfShape."""
    lines = [line.removesuffix("\r") for line in data.decode("latin-1").split("\n")]
    said = _STATUS_LINE.fullmatch(lines[0])
    if said is None:
        raise OutOfShape(f"not an HTTP/1.1 answer: {lines[0][:60]!r}")
    headers = _headers(lines[1:-2])
    status = int(said[2])
    connection = headers.get("connection", "").lower()
    closes = "close" in connection or (said[1] == "0" and "keep-alive" not in connection)
    if method == "HEAD" or status < 200 or status in (204, 304):
        return Head(status, headers, 0, chunked=False, closes=closes)
    coding = headers.get("transfer-encoding", "").lower()
    if coding:
        if coding != "chunked":
            raise OutOfShape(f"a transfer coding that was not asked for: {coding[:60]!r}")
        # With a length beside it, somebody on the way may have read it in another way (RFC 9112, 6.3).
        return Head(status, headers, None, chunked=True, closes=closes or "content-length" in headers)
    stated = headers.get("content-length")
    if stated is None:
        return Head(status, headers, None, chunked=False, closes=True)
    if not (stated.isascii() and stated.isdigit()):
        raise OutOfShape(f"a Content-Length that is no number: {stated[:60]!r}")
    return Head(status, headers, int(stated), chunked=False, closes=closes)


def _headers(lines: Iterable[str]) -> Mapping[str, str]:
    found: dict[str, str] = {}
    last = ""
    for line in lines:
        if line[:1] in (" ", "\t") and last:
            # A value that goes on in the next line, as old servers send it (RFC 9112, 5.2).
            found[last] += f" {line.strip()}"
            continue
        name, colon, value = line.partition(":")
        if not colon or _NAME.fullmatch(name) is None or _CONTROL.search(value):
            raise OutOfShape(f"not a header: {line[:60]!r}")
        last, value = name.lower(), value.strip(" \t")
        if last not in found:
            found[last] = value
        elif last in _LISTS:
            found[last] += f", {value}"
        elif last in _SAID_ONCE and found[last] != value:
            raise OutOfShape(f"two different {name} headers")
    return found
