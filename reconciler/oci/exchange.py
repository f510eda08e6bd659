"""Requests to one registry: authorized, redirected with care, and tried again where that is safe."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from urllib.parse import SplitResult, urljoin, urlsplit

from reconciler.oci.answer import Answer, failure
from reconciler.oci.auth import ROOT, Authorizer, Grant, Scopes
from reconciler.oci.connection import Lease, Origin, is_loopback
from reconciler.oci.errors import RegistryDenied, RegistryError, RegistryRefused, RegistryUnreachable
from reconciler.oci.login import LoginSource
from reconciler.oci.patience import Patience
from reconciler.oci.wire import Request, Stream, Wire

_REDIRECTS = (301, 302, 303, 307, 308)
_REDIRECT_LIMIT = 5
_ERROR_BODY_LIMIT = 64 * 1024
# Without a token, with one that ended meanwhile, with a new one.
_AUTHORIZATION_LIMIT = 3
# Seconds to wait for the reason of a registry that stopped reading an upload.
_LAST_WORDS = 2.0


@dataclass(frozen=True, slots=True)
class Call:
    """One request. `where` is a path of the registry or a URL that it gave; `what` names it in messages."""

    method: str
    where: str
    what: str
    scopes: Scopes = ROOT
    headers: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    body: bytes | None = field(default=None, repr=False)
    fine: tuple[int, ...] = (200,)
    limit: int = _ERROR_BODY_LIMIT
    """Bytes of the answer's body that are accepted."""


class Put:
    """A PUT whose head went out and whose body its user sends. Leaving the block before `done` breaks it off."""

    __slots__ = ("_exchange", "_grant", "_lease", "_request", "_scopes")

    def __init__(self, exchange: Exchange, scopes: Scopes, request: Request, lease: Lease, grant: Grant) -> None:
        self._exchange = exchange
        self._scopes = scopes
        self._request = request
        self._lease = lease
        self._grant = grant

    def send(self, data: memoryview) -> None:
        """Raises RegistryError, with the registry's own reason when it answered before the end."""
        try:
            self._lease.connection.send(data)
        except OSError as error:
            raise self._exchange.cut_short(self._request, self._lease, error) from error

    def done(self, fine: tuple[int, ...]) -> Answer:
        return self._exchange.finish(self._request, self._lease, self._scopes, self._grant, fine)

    def __enter__(self) -> Put:
        return self

    def __exit__(self, *_: object) -> None:
        self._lease.discard()


class Exchange:
    """Thread-safe. The Authorization header goes to the registry's own origin and nowhere else."""

    def __init__(self, origin: Origin, login: LoginSource, wire: Wire, patience: Patience) -> None:
        self.origin = origin
        self.patience = patience
        self.wire = wire
        self._auth = Authorizer(origin, login, self._fetch_token)

    def ask(self, call: Call) -> Answer:
        """The whole answer, its status one of `call.fine`; transient failures are tried again. Raises RegistryError."""
        return self.patience.persist(lambda: self.ask_once(call))

    def ask_once(self, call: Call) -> Answer:
        """As `ask`, with one attempt."""
        with self.open(call) as stream:
            return stream.answer(call.limit)

    def open(self, call: Call) -> Stream:
        """The answer with its body still to be read, one attempt. Raises RegistryError."""
        stream = self._follow(call)
        if stream.status in call.fine:
            return stream
        with stream:
            answer = stream.answer(_ERROR_BODY_LIMIT, cut=True)
        raise self._failure(call.what, answer)

    def begin_put(self, where: str, what: str, scopes: Scopes, size: int) -> Put:
        """Start to PUT `size` bytes, one attempt. Raises RegistryError."""
        origin, path = self._place(where)
        grant = self._auth.grant(scopes) if origin == self.origin else Grant(None)
        self.patience.hold()
        headers = {"Content-Type": "application/octet-stream"}
        request = Request(origin, "PUT", path, what, headers, grant.header)
        return Put(self, scopes, request, self.wire.begin(request, size), grant)

    def finish(self, request: Request, lease: Lease, scopes: Scopes, grant: Grant, fine: tuple[int, ...]) -> Answer:
        with self.wire.finish(request, lease) as stream:
            answer = stream.answer(_ERROR_BODY_LIMIT, cut=True)
        if answer.status in fine:
            return answer
        if answer.status == 401 and grant.header is not None:
            # The token ended on the way to the registry: the next attempt gets a new one, or is refused early.
            self._auth.forget(scopes, grant)
            raise RegistryUnreachable(self.origin.host, f"{request.what}: the token ended meanwhile")
        raise self._failure(request.what, answer)

    def cut_short(self, request: Request, lease: Lease, error: OSError) -> RegistryError:
        """Why the registry stopped reading: its answer when there is one, else what the connection says."""
        lost = RegistryUnreachable(self.origin.host, f"{request.what}: {error}")
        if isinstance(error, TimeoutError):
            return lost
        try:
            with self.wire.finish(request, lease, _LAST_WORDS) as stream:
                answer = stream.answer(_ERROR_BODY_LIMIT, cut=True)
        except RegistryError:
            return lost
        return self._failure(request.what, answer) if answer.status >= 400 else lost

    def _place(self, where: str) -> tuple[Origin, str]:
        """Origin and path of a URL that the registry gave. Its own host is always reached the way we reach it."""
        return self._resolve(urlsplit(urljoin(str(self.origin), where)))

    def _resolve(self, url: SplitResult) -> tuple[Origin, str]:
        path = (url.path or "/") + (f"?{url.query}" if url.query else "")
        if _plain_host(url.netloc) == _plain_host(self.origin.host):
            return self.origin, path
        plain_is_fine = self.origin.scheme == "http" or is_loopback(url.netloc)
        if url.netloc and "@" not in url.netloc and (url.scheme == "https" or (url.scheme == "http" and plain_is_fine)):
            return Origin(url.scheme, url.netloc), path
        raise RegistryRefused(
            self.origin.host, f"refers to an address that is not https: {url.scheme}://{url.hostname}"
        )

    def _follow(self, call: Call) -> Stream:
        origin, path = self._place(call.where)
        for _ in range(_REDIRECT_LIMIT):
            if origin == self.origin:
                stream = self._authorized(call, path)
            else:
                stream = self.wire.request(Request(origin, call.method, path, call.what, call.headers, None, call.body))
            if stream.status not in _REDIRECTS or call.method not in ("GET", "HEAD"):
                return stream
            with stream:
                location = stream.answer(_ERROR_BODY_LIMIT, cut=True).header("location")
            origin, path = self._resolve(urlsplit(urljoin(f"{origin}{path}", location)))
        raise RegistryRefused(self.origin.host, f"{call.what}: more than {_REDIRECT_LIMIT} redirects")

    def _authorized(self, call: Call, path: str) -> Stream:
        for _ in range(_AUTHORIZATION_LIMIT):
            grant = self._auth.grant(call.scopes)
            self.patience.hold()
            request = Request(self.origin, call.method, path, call.what, call.headers, grant.header, call.body)
            stream = self.wire.request(request)
            if stream.status != 401:
                return stream
            with stream:
                answer = stream.answer(_ERROR_BODY_LIMIT, cut=True)
            if not self._auth.challenged(answer.header("www-authenticate"), call.scopes, grant):
                raise self._failure(call.what, answer)
        raise RegistryDenied(self.origin.host, f"{call.what}: every token was refused")

    def _fetch_token(self, origin: Origin, path: str, authorization: str | None) -> Answer:
        what = f"token for {self.origin.host}"
        request = Request(origin, "GET", path, what, authorization=authorization)
        with self.wire.request(request) as stream:
            return stream.answer(_ERROR_BODY_LIMIT, cut=True)

    def _failure(self, what: str, answer: Answer) -> RegistryError:
        error = failure(self.origin.host, what, answer, now=time.time())
        if isinstance(error, RegistryDenied) and self._auth.anonymous:
            return RegistryDenied(self.origin.host, f"{error.message}; no login is known for this registry")
        return error


def _plain_host(netloc: str) -> str:
    """Some registries write the default port into the URLs that they give."""
    return netloc.lower().removesuffix(":443")
