"""One HTTP request and its answer over a leased connection; the only place that touches the protocol."""

from __future__ import annotations

import ssl
import threading
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TypeAlias

from reconciler.oci.answer import Answer
from reconciler.oci.connection import Connections, Lease, Origin
from reconciler.oci.errors import ConnectionUnusable, RegistryError, RegistryRefused, RegistryUnreachable
from reconciler.oci.head import OutOfShape
from reconciler.oci.response import Response

# What a server says to a client certificate that is missing, or that it does not trust (OpenSSL's names of alerts).
_CERTIFICATE_ALERTS = (
    "TLSV13_ALERT_CERTIFICATE_REQUIRED",
    "TLSV1_ALERT_UNKNOWN_CA",
    "SSLV3_ALERT_BAD_CERTIFICATE",
    "SSLV3_ALERT_CERTIFICATE_UNKNOWN",
    "SSLV3_ALERT_HANDSHAKE_FAILURE",
)
_NO_HEADERS: Mapping[str, str] = MappingProxyType({})
_Header: TypeAlias = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Request:
    """`what` names it in messages (`manifest of a/b:v1`); `authorization` is meant for `origin`."""

    origin: Origin
    method: str
    path: str
    what: str
    headers: Mapping[str, str] = field(default_factory=lambda: _NO_HEADERS)
    authorization: str | None = field(default=None, repr=False)
    body: bytes | None = field(default=None, repr=False)


class Wire:
    """Thread-safe; counts what it sends."""

    def __init__(self, connections: Connections, user_agent: str) -> None:
        self._connections = connections
        # Without the second, a server may compress what it sends.
        self._always: Sequence[_Header] = (("User-Agent", user_agent), ("Accept-Encoding", "identity"))
        self._lock = threading.Lock()
        self._sent: Counter[str] = Counter()

    @property
    def sent(self) -> Counter[str]:
        with self._lock:
            return self._sent.copy()

    def count(self, kind: str) -> None:
        with self._lock:
            self._sent[kind] += 1

    def request(self, request: Request) -> Stream:
        """The answer with its body still to be read. Raises RegistryError when there is none."""
        for fresh in (False, True):
            lease = self._connections.lease(request.origin, fresh=fresh)
            try:
                self._send(lease, request, _length(request), request.body or b"")
                response = Response(lease.connection, request.method)
            except (OSError, OutOfShape) as error:
                lease.discard()
                # A kept connection that the other side closed in the same moment: it has not looked at the request.
                if fresh or not lease.reused or isinstance(error, TimeoutError):
                    raise lost(request, error) from error
            else:
                return Stream(request, lease, response)
        raise AssertionError("a fresh connection either answers or raises")

    def begin(self, request: Request, size: int, first: memoryview, *, fresh: bool = False) -> Lease:
        """Send the head of a request and the `first` of its `size` bytes of body; the caller sends the others.

        `fresh` asks for a connection that served nothing yet. Raises RegistryError.
        """
        for new in (True,) if fresh else (False, True):
            lease = self._connections.lease(request.origin, fresh=new)
            try:
                self._send(lease, request, (("Content-Length", str(size)),), first)
            except (OSError, OutOfShape) as error:
                lease.discard()
                if new or not lease.reused:
                    raise lost(request, error) from error
            else:
                return lease
        raise AssertionError("a fresh connection either works or raises")

    def finish(self, request: Request, lease: Lease, patience: float | None = None) -> Stream:
        """The answer to a request of `begin`, within `patience` seconds. Raises RegistryError."""
        lease.connection.allow_answer(self._connections.timeouts.commit if patience is None else patience)
        try:
            response = Response(lease.connection, request.method)
        except (OSError, OutOfShape) as error:
            lease.discard()
            raise lost(request, error) from error
        return Stream(request, lease, response)

    def _send(self, lease: Lease, request: Request, length: Sequence[_Header], body: bytes | memoryview) -> None:
        lease.ready()
        self.count(request.method)
        headers = [("Host", request.origin.host), *self._always, *request.headers.items(), *length]
        if request.authorization is not None:
            headers.append(("Authorization", request.authorization))
        lease.connection.ask(request.method, request.path, headers, body)


class Stream:
    """An answer whose body its user reads. Leaving the block before the end closes the connection."""

    __slots__ = ("_lease", "_request", "_response", "headers", "status")

    def __init__(self, request: Request, lease: Lease, response: Response) -> None:
        self._request = request
        self._lease = lease
        self._response = response
        self.status = response.head.status
        self.headers = response.head.headers

    def readinto(self, buffer: memoryview) -> int:
        """Bytes read, 0 at the end (which may come too early). Raises RegistryUnreachable when the line breaks."""
        try:
            count = self._response.readinto(buffer)
        except (OSError, OutOfShape) as error:
            self._lease.discard()
            raise lost(self._request, error) from error
        self._settle()
        return count

    def answer(self, limit: int, *, cut: bool = False) -> Answer:
        """The whole answer. Above `limit` bytes it raises RegistryRefused, or cuts the body there."""
        try:
            body = self._response.read(limit + 1)
        except (OSError, OutOfShape) as error:
            self._lease.discard()
            raise lost(self._request, error) from error
        if len(body) > limit and not cut:
            self._lease.discard()
            raise RegistryRefused(self._request.origin.host, f"{self._request.what}: more than {limit} bytes")
        self._settle()
        return Answer(self.status, self.headers, body)

    def _settle(self) -> None:
        if self._response.reusable:
            self._lease.release()
        elif self._response.finished:
            self._lease.discard()

    def __enter__(self) -> Stream:
        return self

    def __exit__(self, *_: object) -> None:
        self._lease.discard()


def lost(request: Request, error: OSError | OutOfShape) -> RegistryError:
    """The error of our own for a connection that failed."""
    host, what = request.origin.host, request.what
    if isinstance(error, ssl.SSLCertVerificationError):
        hint = f"set `SSL_CERT_FILE` to the authority that signed it, or keep that as `certs.d/{host}/ca.crt`"
        return ConnectionUnusable(host, f"{what}: certificate not trusted: {error.verify_message}; {hint}")
    if isinstance(error, ssl.SSLError) and error.reason in _CERTIFICATE_ALERTS:
        hint = f"keep one that it trusts as `certs.d/{host}/client.cert` and `client.key`"
        return ConnectionUnusable(host, f"{what}: the registry wants a client certificate ({error.reason}); {hint}")
    if isinstance(error, ssl.SSLError) and error.reason == "WRONG_VERSION_NUMBER":
        hint = "name it with `http://` if it is meant to have no TLS"
        return ConnectionUnusable(host, f"{what}: what answers there does not speak TLS; {hint}")
    return RegistryUnreachable(host, f"{what}: {str(error) or type(error).__name__}")


def _length(request: Request) -> Sequence[_Header]:
    if request.body is not None:
        return (("Content-Length", str(len(request.body))),)
    return (("Content-Length", "0"),) if request.method in ("POST", "PUT", "PATCH") else ()
