"""Authorization for one registry: HTTP basic, or bearer tokens from the server that the registry names.

The flow is that of the distribution project's token specification (docs/spec/auth/token.md); Alibaba Cloud Container
Registry follows it with tokens that live for about a minute.
"""

from __future__ import annotations

import base64
import json
import threading
import time
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from urllib.parse import urlencode, urlsplit

from reconciler.oci import challenge
from reconciler.oci.answer import Answer, failure
from reconciler.oci.connection import Origin, is_loopback
from reconciler.oci.errors import RegistryDenied, RegistryRefused
from reconciler.oci.login import Login, LoginSource

Scopes = tuple[str, ...]
"""What a request needs, for example `("repository:apps/web:pull",)`."""

ROOT: Scopes = ()

_DEFAULT_LIFETIME = 60.0
_LOGIN_MARGIN = 30.0


def pull(repository: str) -> Scopes:
    return (f"repository:{repository}:pull",)


def push(repository: str) -> Scopes:
    return (f"repository:{repository}:pull,push",)


def mount(repository: str, origin: str) -> Scopes:
    return push(repository) if repository == origin else push(repository) + pull(origin)


@dataclass(frozen=True, slots=True)
class Grant:
    """The value of an Authorization header, or None; `minted` when it was obtained for this very request."""

    header: str | None = field(repr=False)
    minted: bool = False


FetchToken = Callable[[Origin, str, str | None], Answer]
"""Sends one GET: origin, path with query, value of the Authorization header."""


@dataclass(slots=True)
class _Token:
    header: str = field(repr=False)
    renew_at: float


@dataclass(frozen=True, slots=True)
class _Realm:
    origin: Origin
    path: str
    service: str


class Authorizer:
    """Thread-safe; for every set of scopes one thread asks for a token and the others wait for it."""

    def __init__(
        self,
        origin: Origin,
        login: LoginSource,
        fetch: FetchToken,
        *,
        clock: Callable[[], float] = time.monotonic,
        now: Callable[[], float] = time.time,
    ) -> None:
        self._origin = origin
        self._source = login
        self._fetch = fetch
        self._clock = clock
        self._now = now
        self._lock = threading.Lock()
        self._login_lock = threading.Lock()
        self._login: Login | None = None
        self._login_known = False
        self._basic = False
        self._realm: _Realm | None = None
        self._tokens: dict[Scopes, _Token] = {}
        self._asking: defaultdict[Scopes, threading.Lock] = defaultdict(threading.Lock)

    def grant(self, scopes: Scopes) -> Grant:
        """What to send with a request; nothing until the registry asked for something.

        Raises RegistryError when the token server refuses or cannot be reached.
        """
        if self._basic:
            return Grant(self._basic_header())
        realm = self._realm
        if realm is None:
            return Grant(None)
        with self._lock:
            asking = self._asking[scopes]
        with asking:
            for known in (scopes, _wider(scopes)):
                held = self._tokens.get(known)
                if held is not None and self._clock() < held.renew_at:
                    return Grant(held.header)
            token = self._new_token(realm, scopes)
            self._tokens[scopes] = token
            return Grant(token.header, minted=True)

    def challenged(self, header: str, scopes: Scopes, refused: Grant) -> bool:
        """Learn from a 401 that `refused` met; whether another try has something better to offer."""
        self.forget(scopes, refused)
        if refused.minted or (self._basic and refused.header is not None):
            return False
        for asked in challenge.parse(header):
            if asked.scheme == "bearer" and "realm" in asked.parameters:
                self._realm = self._trusted_realm(asked)
                return True
        if any(asked.scheme == "basic" for asked in challenge.parse(header)):
            self._basic = True
            return self._basic_header() is not None
        return False

    def forget(self, scopes: Scopes, refused: Grant) -> None:
        """Drop the token that was refused, unless another thread already has a new one."""
        with self._lock:
            for known in (scopes, _wider(scopes)):
                token = self._tokens.get(known)
                if token is not None and token.header == refused.header:
                    del self._tokens[known]

    @property
    def anonymous(self) -> bool:
        return self._login_now() is None

    def _trusted_realm(self, asked: challenge.Challenge) -> _Realm:
        url = urlsplit(asked.parameters["realm"])
        plain_is_fine = is_loopback(url.netloc) or (self._origin.scheme == "http" and url.netloc == self._origin.host)
        if (
            not url.netloc
            or "@" in url.netloc
            or not (url.scheme == "https" or (url.scheme == "http" and plain_is_fine))
        ):
            raise RegistryRefused(
                self._origin.host, f"token server is not an https address: {url.scheme}://{url.netloc}"
            )
        path = (url.path or "/") + (f"?{url.query}" if url.query else "")
        return _Realm(Origin(url.scheme, url.netloc), path, asked.parameters.get("service", ""))

    def _new_token(self, realm: _Realm, scopes: Scopes) -> _Token:
        query = urlencode(([("service", realm.service)] if realm.service else []) + [("scope", s) for s in scopes])
        asked_at = self._clock()
        joint = "&" if "?" in realm.path else "?"
        answer = self._fetch(realm.origin, f"{realm.path}{joint}{query}", self._basic_header())
        if answer.status != 200:
            raise failure(realm.origin.host, f"token for {self._origin.host}", answer, now=self._now())
        value, lifetime = _read_token(realm.origin.host, answer.body)
        # A fifth of the lifetime, at most half a minute, so that a token never ends between check and use.
        return _Token(f"Bearer {value}", asked_at + lifetime - min(30.0, lifetime / 5))

    def _basic_header(self) -> str | None:
        login = self._login_now()
        if login is None:
            return None
        return "Basic " + base64.b64encode(f"{login.username}:{login.password}".encode()).decode()

    def _login_now(self) -> Login | None:
        with self._login_lock:
            login = self._login
            expired = login is not None and login.expires is not None and self._now() > login.expires - _LOGIN_MARGIN
            if expired or not self._login_known:
                self._login = self._source(self._origin.host)
                self._login_known = True
            return self._login


def _wider(scopes: Scopes) -> Scopes:
    """Scopes whose token serves these as well: who may push to a repository may read it."""
    return tuple(f"{scope},push" if scope.endswith(":pull") else scope for scope in scopes)


def _read_token(host: str, body: bytes) -> tuple[str, float]:
    try:
        document: object = json.loads(body)
    except ValueError:
        document = None
    if isinstance(document, dict):
        token = document.get("token") or document.get("access_token")
        lifetime = document.get("expires_in")
        if isinstance(token, str) and token.isprintable() and token.isascii():
            if isinstance(lifetime, int | float) and lifetime >= 1:
                return token, float(lifetime)
            return token, _DEFAULT_LIFETIME
    raise RegistryDenied(host, "token server answered without a token")
