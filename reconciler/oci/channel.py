"""One connection to a server: HTTP/1.1, one exchange at a time, in as few system calls as it takes.

A plain socket blocks and has its time-outs in the kernel (SO_RCVTIMEO, SO_SNDTIMEO): Python's own would ask the kernel
before every read and write whether it may. OpenSSL retries what the kernel timed out, so over TLS Python's are used.
"""

from __future__ import annotations

import select
import socket
import ssl
import struct
from collections.abc import Sequence
from dataclasses import dataclass, field

from reconciler.oci.head import HEAD_LIMIT, Head, OutOfShape, end_of_head, parse_head, request_head

_READ = 16 * 1024
_TOGETHER = 64 * 1024
"""Bytes of a body up to which it is sent with its head: what fits into the kernel's buffer is never waited for."""


class Ended(ConnectionResetError):
    """The other side closed the connection in the middle of an answer, or instead of one."""


@dataclass(frozen=True, slots=True)
class Proxy:
    """What leads to a server by a tunnel; `authorization` is the value of a Proxy-Authorization header, or None."""

    host: str
    port: int
    authorization: str | None = field(default=None, repr=False)


class Channel:
    """Not thread-safe. `sock` is None before `connect` and after `close`. Methods raise OSError and OutOfShape."""

    def __init__(
        self, host: str, port: int, *, seconds: float, tls: ssl.SSLContext | None = None, tunnel: Proxy | None = None
    ) -> None:
        """`seconds` to connect."""
        self._host = host
        self._port = port
        self._seconds = seconds
        self._tls = tls
        self._tunnel = tunnel
        self._allowed = [0.0, 0.0]
        self._poll = select.poll()
        self._data = b""
        self.sock: socket.socket | None = None

    @property
    def secured(self) -> bool:
        return self._tls is not None

    def connect(self) -> None:
        """Raises OSError, ssl.SSLError among them, and OutOfShape when the proxy does."""
        way = (self._host, self._port) if self._tunnel is None else (self._tunnel.host, self._tunnel.port)
        try:
            self._use(socket.create_connection(way, self._seconds))
        except OSError as error:
            if self._tunnel is None:
                raise
            raise OSError(f"the proxy {way[0]}:{way[1]} cannot be reached: {error.strerror or error}") from error
        try:
            if self._tunnel is not None:
                self._open_tunnel(self._tunnel)
            if self._tls is not None:
                self._open().settimeout(self._seconds)
                self._use(self._tls.wrap_socket(self._open(), server_hostname=self._host))
        # Raised again as it is. Ctrl-C, too, must not leave a socket that is open and not yet secured or tunnelled: the
        # next request would take it for ready.
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        if self.sock is not None:
            self.sock.close()
        self.sock = None

    def allow(self, seconds: float) -> None:
        """For each read and write that follows."""
        self._allow(seconds, seconds)

    def allow_answer(self, seconds: float) -> None:
        """For each read that follows."""
        self._allow(seconds, self._allowed[1])

    def news(self) -> bool:
        """Whether there is something to read: an answer, or its end. Over TLS it may be neither."""
        return self.sock is None or bool(self._poll.poll(0))

    def ask(self, method: str, path: str, headers: Sequence[tuple[str, str]], body: bytes | memoryview = b"") -> None:
        """Send a request, or its head and the beginning of its body."""
        head = request_head(method, path, headers)
        if len(body) > _TOGETHER:
            self.send(head)
            self.send(body)
        else:
            self.send(b"".join((head, body)))

    def send(self, data: bytes | memoryview) -> None:
        try:
            self._open().sendall(data)
        except BlockingIOError as error:
            raise TimeoutError("timed out") from error

    def answer(self, method: str) -> Head:
        """The head of the answer to a request by `method`; those that only announce it are passed over."""
        head = parse_head(method, self._head())
        while head.status < 200:
            if head.status == 101:
                raise OutOfShape("another protocol, which was not asked for")
            head = parse_head(method, self._head())
        return head

    def read_into(self, buffer: memoryview) -> int:
        """Bytes read, 0 at the end; the buffer is filled where the line allows it without waking up in between."""
        if self._data:
            count = min(len(self._data), len(buffer))
            buffer[:count] = self._data[:count]
            self._data = self._data[count:]
            return count
        sock = self._open()
        try:
            if self._tls is not None:
                return sock.recv_into(buffer)
            return sock.recv_into(buffer, 0, socket.MSG_WAITALL)
        except BlockingIOError as error:
            raise TimeoutError("timed out") from error

    def read_line(self) -> bytes:
        """With its line end. Raises Ended when there is none."""
        while (end := self._data.find(b"\n")) < 0:
            self._more()
        line, self._data = self._data[: end + 1], self._data[end + 1 :]
        return line

    def _head(self) -> bytes:
        while not (end := end_of_head(self._data)):
            self._more()
        head, self._data = self._data[:end], self._data[end:]
        return head

    def _more(self) -> None:
        if len(self._data) > HEAD_LIMIT:
            raise OutOfShape(f"more than {HEAD_LIMIT} bytes of headers")
        try:
            data = self._open().recv(_READ)
        except BlockingIOError as error:
            raise TimeoutError("timed out") from error
        if not data:
            raise Ended("the connection ended in the head of an answer")
        self._data = self._data + data if self._data else data

    def _open(self) -> socket.socket:
        if self.sock is None:
            raise Ended("the connection is closed")
        return self.sock

    def _use(self, sock: socket.socket) -> None:
        self.sock = sock
        self._poll = select.poll()
        self._poll.register(sock, select.POLLIN | select.POLLPRI)
        self._allowed = [0.0, 0.0]
        if not isinstance(sock, ssl.SSLSocket):
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            sock.settimeout(None)
        self.allow(self._seconds)

    def _allow(self, reading: float, writing: float) -> None:
        sock = self.sock
        if sock is None or [reading, writing] == self._allowed:
            return
        if isinstance(sock, ssl.SSLSocket):
            sock.settimeout(reading)
        else:
            for option, seconds, before in (
                (socket.SO_RCVTIMEO, reading, self._allowed[0]),
                (socket.SO_SNDTIMEO, writing, self._allowed[1]),
            ):
                if seconds != before:
                    # At least a moment: zero is for ever.
                    whole, part = divmod(max(int(seconds * 1_000_000), 1000), 1_000_000)
                    sock.setsockopt(socket.SOL_SOCKET, option, struct.pack("ll", whole, part))
        self._allowed = [reading, writing]

    def _open_tunnel(self, tunnel: Proxy) -> None:
        name = f"[{self._host}]" if ":" in self._host else self._host
        headers = [("Host", f"{name}:{self._port}")]
        if tunnel.authorization is not None:
            headers.append(("Proxy-Authorization", tunnel.authorization))
        self.ask("CONNECT", f"{name}:{self._port}", headers)
        # An answer to CONNECT has no body when it is a yes (RFC 9110, 9.3.6).
        head = self.answer("HEAD")
        if self._data:
            raise OutOfShape("the proxy speaks before the server is asked")
        if not 200 <= head.status < 300:
            raise OSError(f"the proxy answered {head.status} when asked for a tunnel to {name}:{self._port}")
