"""One HTTP request and its answer over a leased connection; the only place that touches the protocol."""

from __future__ import annotations

import ssl
import threading
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from http.client import HTTPException, HTTPResponse
from types import MappingProxyType

from reconciler.oci.answer import Answer
from reconciler.oci.connection import Connections, Lease, Origin
from reconciler.oci.errors import RegistryError, RegistryRefused, RegistryUnreachable
from reconciler.oci.response import headers_of

# What a server says to a client certificate that is missing, or that it does not trust (OpenSSL's names of alerts).
_CERTIFICATE_ALERTS = (
    "TLSV13_ALERT_CERTIFICATE_REQUIRED",
    "TLSV1_ALERT_UNKNOWN_CA",
    "SSLV3_ALERT_BAD_CERTIFICATE",
    "SSLV3_ALERT_CERTIFICATE_UNKNOWN",
    "SSLV3_ALERT_HANDSHAKE_FAILURE",
)
_NO_HEADERS: Mapping[str, str] = MappingProxyType({})


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
        self._user_agent = user_agent
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
                self._send_head(lease, request, _length(request))
                response = lease.connection.getresponse()
            except (OSError, HTTPException) as error:
                lease.discard()
                # A kept connection that the other side closed in the same moment: it has not looked at the request.
                if fresh or not lease.reused or isinstance(error, TimeoutError):
                    raise lost(request, error) from error
            else:
                return Stream(request, lease, response)
        raise AssertionError("a fresh connection either answers or raises")

    def begin(self, request: Request, size: int) -> Lease:
        """Send the head of a request whose `size` bytes of body the caller sends. Raises RegistryError."""
        for fresh in (False, True):
            lease = self._connections.lease(request.origin, fresh=fresh)
            try:
                self._send_head(lease, request, {"Content-Length": str(size)})
            except (OSError, HTTPException) as error:
                lease.discard()
                if fresh or not lease.reused:
                    raise lost(request, error) from error
            else:
                return lease
        raise AssertionError("a fresh connection either works or raises")

    def finish(self, request: Request, lease: Lease, patience: float | None = None) -> Stream:
        """The answer to a request of `begin`, within `patience` seconds. Raises RegistryError."""
        lease.allow(self._connections.timeouts.commit if patience is None else patience)
        try:
            response = lease.connection.getresponse()
        except (OSError, HTTPException) as error:
            lease.discard()
            raise lost(request, error) from error
        return Stream(request, lease, response)

    def _send_head(self, lease: Lease, request: Request, length: Mapping[str, str]) -> None:
        lease.ready()
        self.count(request.method)
        connection = lease.connection
        connection.putrequest(request.method, request.path)
        connection.putheader("User-Agent", self._user_agent)
        for name, value in (*request.headers.items(), *length.items()):
            connection.putheader(name, value)
        if request.authorization is not None:
            connection.putheader("Authorization", request.authorization)
        connection.endheaders(request.body)


class Stream:
    """An answer whose body its user reads. Leaving the block before the end closes the connection."""

    __slots__ = ("_lease", "_request", "_response", "headers", "status")

    def __init__(self, request: Request, lease: Lease, response: HTTPResponse) -> None:
        self._request = request
        self._lease = lease
        self._response = response
        self.status = response.status
        self.headers = headers_of(response.getheaders())

    def readinto(self, buffer: memoryview) -> int:
        """Bytes read, 0 at the end (which may come too early). Raises RegistryUnreachable when the line breaks."""
        try:
            count = self._response.readinto(buffer)
        except (OSError, HTTPException) as error:
            self._lease.discard()
            raise lost(self._request, error) from error
        self._settle()
        return count

    def answer(self, limit: int, *, cut: bool = False) -> Answer:
        """The whole answer. Above `limit` bytes it raises RegistryRefused, or cuts the body there."""
        try:
            body = self._response.read(limit + 1)
        except (OSError, HTTPException) as error:
            self._lease.discard()
            raise lost(self._request, error) from error
        stated = self.headers.get("content-length", "")
        if len(body) > limit:
            if not cut:
                self._lease.discard()
                raise RegistryRefused(self._request.origin.host, f"{self._request.what}: more than {limit} bytes")
        elif self._request.method != "HEAD" and stated.isdigit() and len(body) < int(stated):
            self._lease.discard()
            raise RegistryUnreachable(self._request.origin.host, f"{self._request.what}: the answer ended early")
        self._settle()
        return Answer(self.status, self.headers, body)

    def _settle(self) -> None:
        if self._response.isclosed():
            if self._response.will_close:
                self._lease.discard()
            else:
                self._lease.release()

    def __enter__(self) -> Stream:
        return self

    def __exit__(self, *_: object) -> None:
        # An answer that ends with its connection holds the socket itself.
        self._response.close()
        self._lease.discard()


def lost(request: Request, error: OSError | HTTPException) -> RegistryError:
    """The error of our own for a connection that failed."""
    host, what = request.origin.host, request.what
    if isinstance(error, ssl.SSLCertVerificationError):
        hint = f"set `SSL_CERT_FILE` to the authority that signed it, or keep that as `certs.d/{host}/ca.crt`"
        return RegistryRefused(host, f"{what}: certificate not trusted: {error.verify_message}; {hint}")
    if isinstance(error, ssl.SSLError) and error.reason in _CERTIFICATE_ALERTS:
        hint = f"keep one that it trusts as `certs.d/{host}/client.cert` and `client.key`"
        return RegistryRefused(host, f"{what}: the registry wants a client certificate ({error.reason}); {hint}")
    return RegistryUnreachable(host, f"{what}: {str(error) or type(error).__name__}")


def _length(request: Request) -> Mapping[str, str]:
    if request.body is not None:
        return {"Content-Length": str(len(request.body))}
    return {"Content-Length": "0"} if request.method in ("POST", "PUT", "PATCH") else _NO_HEADERS
