"""Requests to one registry: authorized, redirected with care, and tried again where that is safe."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from urllib.parse import urljoin

from reconciler.oci.answer import Answer, failure
from reconciler.oci.auth import ROOT, Authorizer, Grant
from reconciler.oci.connection import Lease, Origin
from reconciler.oci.errors import (
    NotFound,
    RegistryDenied,
    RegistryError,
    RegistryRefused,
    RegistryUnreachable,
    UploadLost,
    WriteRefused,
)
from reconciler.oci.location import is_plain_path, place
from reconciler.oci.login import LoginSource
from reconciler.oci.patience import Patience
from reconciler.oci.tokens import Scopes, TokenRequest
from reconciler.oci.wire import Request, Stream, Wire

_REDIRECTS = (301, 302, 303, 307, 308)
_READS = ("GET", "HEAD")
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


class Sending:
    """A request whose head went out and whose body its user sends. Leaving the block before `done` breaks it off."""

    __slots__ = ("_exchange", "_grant", "_lease", "_request", "_scopes")

    def __init__(self, exchange: Exchange, scopes: Scopes, request: Request, lease: Lease, grant: Grant) -> None:
        self._exchange = exchange
        self._scopes = scopes
        self._request = request
        self._lease = lease
        self._grant = grant

    def send(self, data: memoryview) -> None:
        """Raises RegistryError, with the registry's own reason when it answered before the end."""
        if self._lease.answered():
            raise self._refusal(None)
        try:
            self._lease.connection.send(data)
        except OSError as error:
            raise self._refusal(error) from error

    def done(self, fine: tuple[int, ...]) -> Answer:
        """The answer, its status one of `fine`. Raises RegistryError."""
        answer = self._exchange.finish(self._request, self._lease)
        if answer.status in fine:
            return answer
        raise self._exchange.refused(self._request, self._scopes, self._grant, answer)

    def _refusal(self, error: OSError | None) -> RegistryError:
        """Why the registry stopped reading: its answer when there is one, else what the connection says."""
        self._lease.be_the_last()
        reason = "answered before the end" if error is None else str(error) or type(error).__name__
        lost = RegistryUnreachable(self._request.origin.host, f"{self._request.what}: {reason}")
        if isinstance(error, TimeoutError) and not self._lease.answered():
            return lost
        try:
            answer = self._exchange.finish(self._request, self._lease, _LAST_WORDS)
        except RegistryError:
            return lost
        if answer.status < 400:
            return lost
        return self._exchange.refused(self._request, self._scopes, self._grant, answer)

    def __enter__(self) -> Sending:
        return self

    def __exit__(self, *_: object) -> None:
        self._lease.discard()


class Exchange:
    """Thread-safe. The Authorization header goes to the registry's own origin and nowhere else.

    Without `writes`, every request but GET and HEAD is refused with WriteRefused before anything is sent; tokens are
    asked for all the same, which changes nothing.
    """

    def __init__(
        self, origin: Origin, login: LoginSource, wire: Wire, patience: Patience, *, writes: bool = True
    ) -> None:
        self.origin = origin
        self.writes = writes
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

    def begin(self, call: Call, size: int, first: memoryview, *, fresh: bool = False) -> Sending:
        """Start a request with the `first` of its `size` bytes of body; the caller sends the others. One attempt, on
        a connection that served nothing yet when it has to be `fresh`.

        Raises RegistryError; only what a kernel takes without waiting may go first, because a registry that refuses
        it early is not heard before.
        """
        self._permit(call)
        origin, path = self._place(call.where)
        grant = self._auth.grant(call.scopes) if origin == self.origin else Grant(None)
        self.patience.hold()
        request = Request(origin, call.method, path, call.what, call.headers, grant.header)
        return Sending(self, call.scopes, request, self.wire.begin(request, size, first, fresh=fresh), grant)

    def finish(self, request: Request, lease: Lease, seconds: float | None = None) -> Answer:
        """The answer to a request of `begin`, whatever its status, within `seconds`. Raises RegistryError."""
        with self.wire.finish(request, lease, seconds) as stream:
            return stream.answer(_ERROR_BODY_LIMIT, cut=True)

    def refused(self, request: Request, scopes: Scopes, grant: Grant, answer: Answer) -> RegistryError:
        """The error that an unwelcome answer to a request of `begin` stands for."""
        if answer.status == 401 and grant.header is not None:
            # The token ended on the way to the registry: the next attempt gets a new one, or is refused early.
            self._auth.forget(scopes, grant)
            return RegistryUnreachable(self.origin.host, f"{request.what}: the token ended meanwhile")
        if answer.status == 416:
            # It may come before the body was read, from a registry that still has to do with what a dead run sent.
            return UploadLost(self.origin.host, f"{request.what}: the registry is at another offset")
        error = self._failure(request.what, answer)
        # What a body is sent to was opened for it before: when it is not found, it is gone.
        return UploadLost(error.host, error.message) if isinstance(error, NotFound) else error

    def address(self, base: str, location: str) -> str:
        """`location`, given in answer to a request to `base`: a path on the registry itself, a URL elsewhere.

        Raises RegistryRefused when nothing may be sent there.
        """
        origin, path = place(self.origin, urljoin(str(self.origin), base), location)
        return path if origin == self.origin else f"{origin}{path}"

    def _place(self, where: str) -> tuple[Origin, str]:
        return (self.origin, where) if is_plain_path(where) else place(self.origin, str(self.origin), where)

    def _permit(self, call: Call) -> None:
        if not self.writes and call.method not in _READS:
            raise WriteRefused(self.origin.host, f"{call.what}: would write, and this run only reads")

    def _follow(self, call: Call) -> Stream:
        self._permit(call)
        origin, path = self._place(call.where)
        for _ in range(_REDIRECT_LIMIT):
            if origin == self.origin:
                stream = self._authorized(call, path)
            else:
                stream = self.wire.request(Request(origin, call.method, path, call.what, call.headers, None, call.body))
            if stream.status not in _REDIRECTS or call.method not in _READS:
                return stream
            with stream:
                location = stream.answer(_ERROR_BODY_LIMIT, cut=True).header("location")
            if not location:
                raise RegistryRefused(self.origin.host, f"{call.what}: a redirect without a location")
            origin, path = place(self.origin, f"{origin}{path}", location)
        raise RegistryRefused(self.origin.host, f"{call.what}: more than {_REDIRECT_LIMIT} redirects")

    def _authorized(self, call: Call, path: str) -> Stream:
        for _ in range(_AUTHORIZATION_LIMIT):
            grant = self._auth.grant(call.scopes)
            self.patience.hold()
            request = Request(self.origin, call.method, path, call.what, call.headers, grant.header, call.body)
            stream = self.wire.request(request)
            if stream.status != 401:
                if stream.status < 400:
                    self._auth.accepted(grant)
                return stream
            with stream:
                answer = stream.answer(_ERROR_BODY_LIMIT, cut=True)
            if not self._auth.challenged(answer.header("www-authenticate"), call.scopes, grant):
                raise self._failure(call.what, answer)
        raise RegistryDenied(self.origin.host, f"{call.what}: every token was refused")

    def _fetch_token(self, asked: TokenRequest) -> Answer:
        what = f"token for {self.origin.host}"
        headers = {} if asked.form is None else {"Content-Type": "application/x-www-form-urlencoded"}
        method = "GET" if asked.form is None else "POST"
        request = Request(asked.origin, method, asked.path, what, headers, asked.authorization, asked.form)
        with self.wire.request(request) as stream:
            return stream.answer(_ERROR_BODY_LIMIT, cut=True)

    def _failure(self, what: str, answer: Answer) -> RegistryError:
        error = failure(self.origin.host, what, answer, now=time.time())
        if isinstance(error, RegistryDenied) and self._auth.anonymous:
            return RegistryDenied(self.origin.host, f"{error.message}; no login is known for this registry")
        return error
