"""Answers with their bodies: of a stated length, in chunks, or up to the end of the connection (RFC 9112, 6)."""

from __future__ import annotations

import re

from reconciler.oci.channel import Channel, Ended
from reconciler.oci.head import Head, OutOfShape

_CHUNK_SIZE = re.compile(rb"([0-9A-Fa-f]{1,15})[ \t]*(?:;[^\r\n]*)?\r?\n")
_TRAILER_LIMIT = 100
_READ = 64 * 1024


class Response:
    """`finished`: the body was read to its end, and where the server keeps the connection, it can be used again."""

    __slots__ = ("_channel", "_chunk", "_left", "finished", "head")

    def __init__(self, channel: Channel, method: str) -> None:
        """Reads the head. Raises OSError and OutOfShape."""
        self._channel = channel
        self.head: Head = channel.answer(method)
        self._left = self.head.length
        self._chunk = 0
        self.finished = self._left == 0

    @property
    def reusable(self) -> bool:
        return self.finished and not self.head.closes

    def readinto(self, buffer: memoryview) -> int:
        """Bytes read, 0 at the end; of a stated length it may come too early. Raises OSError and OutOfShape."""
        if self.finished or not buffer:
            return 0
        if self.head.chunked:
            return self._of_chunks(buffer)
        count = self._channel.read_into(buffer if self._left is None else buffer[: self._left])
        if self._left is None:
            self.finished = count == 0
        else:
            self._left -= count
            self.finished = self._left == 0
        return count

    def read(self, limit: int) -> bytes:
        """The body, at most `limit` bytes of it. Raises OSError, Ended when there are fewer than stated, OutOfShape."""
        if self.finished:
            return b""
        size = limit if self._left is None else min(self._left, limit)
        body = bytearray()
        while len(body) < size and not self.finished:
            piece = bytearray(min(size - len(body), _READ))
            count = self.readinto(memoryview(piece))
            if count == 0 and not self.finished:
                raise Ended("the answer ended early")
            body += piece[:count]
        return bytes(body)

    def _of_chunks(self, buffer: memoryview) -> int:
        if self._chunk == 0:
            said = _CHUNK_SIZE.fullmatch(self._channel.read_line())
            if said is None:
                raise OutOfShape("a chunk without its size")
            self._chunk = int(said[1], 16)
            if self._chunk == 0:
                self._skip_trailers()
                self.finished = True
                return 0
        count = self._channel.read_into(buffer[: self._chunk])
        if count == 0:
            raise Ended("the connection ended in a chunk")
        self._chunk -= count
        if self._chunk == 0 and self._channel.read_line() not in (b"\r\n", b"\n"):
            raise OutOfShape("a chunk longer than its size")
        return count

    def _skip_trailers(self) -> None:
        for _ in range(_TRAILER_LIMIT):
            if self._channel.read_line() in (b"\r\n", b"\n"):
                return
        raise OutOfShape("an answer whose trailers do not end")
