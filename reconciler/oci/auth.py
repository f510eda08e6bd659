"""Authorization for one registry: HTTP basic, or bearer tokens from the server that the registry names.

Alibaba Cloud Container Registry gives tokens that live for about a minute.
"""

from __future__ import annotations

import threading
import time
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field, replace

from reconciler.oci import challenge, tokens
from reconciler.oci.answer import Answer, failure
from reconciler.oci.connection import Origin
from reconciler.oci.credential import Credential
from reconciler.oci.errors import RegistryDenied, RegistryError
from reconciler.oci.login import Login, LoginSource
from reconciler.oci.tokens import Issued, Realm, Scopes, TokenRequest

ROOT: Scopes = ()


CATALOG: Scopes = ("registry:catalog:*",)


def pull(repository: str) -> Scopes:
    return (f"repository:{repository}:pull",)


def push(repository: str) -> Scopes:
    return (f"repository:{repository}:pull,push",)


def mount(repository: str, origin: str) -> Scopes:
    return push(repository) if repository == origin else push(repository) + pull(origin)


@dataclass(frozen=True, slots=True)
class Grant:
    """The value of an Authorization header, or None; `minted` when it was obtained for this very request.

    `login` is what it was made of; `ends`, on the authorizer's clock, is when a token is over.
    """

    header: str | None = field(repr=False)
    minted: bool = False
    login: Login | None = field(default=None, repr=False, compare=False)
    ends: float | None = field(default=None, repr=False, compare=False)


FetchToken = Callable[[TokenRequest], Answer]
"""Sends one request and follows no redirect: what it carries is for that server alone."""


@dataclass(frozen=True, slots=True)
class _Token:
    header: str = field(repr=False)
    renew_at: float
    ends: float


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
        self._credential = Credential(origin.host, login, now)
        self._fetch = fetch
        self._clock = clock
        self._now = now
        self._lock = threading.Lock()
        self._first_use = threading.Lock()
        self._basic = False
        self._realm: Realm | None = None
        self._newest_refresh: dict[str, str] = {}
        self._tokens: dict[Scopes, _Token] = {}
        self._asking: defaultdict[Scopes, threading.Lock] = defaultdict(threading.Lock)
        self._added: dict[Scopes, Scopes] = {}

    def grant(self, scopes: Scopes) -> Grant:
        """What to send with a request; nothing until the registry asked for something.

        Raises RegistryError when the token server refuses or cannot be reached, RegistryDenied when the login was
        refused before.
        """
        if self._basic:
            login = self._credential.login()
            # An identity token is for a token server; a registry without one can do nothing with it.
            if login is None or not login.password:
                return Grant(None)
            return Grant(tokens.basic(login), login=login)
        realm = self._realm
        if realm is None:
            return Grant(None)
        with self._lock:
            asking = self._asking[scopes]
        with asking:
            for known in (scopes, _wider(scopes)):
                held = self._tokens.get(known)
                if held is not None and self._clock() < held.renew_at:
                    return Grant(held.header, ends=held.ends)
            token = self._new_token(realm, scopes)
            self._tokens[scopes] = token
            return Grant(token.header, minted=True, ends=token.ends)

    def accepted(self, grant: Grant) -> None:
        """The registry did what was asked of it with `grant`."""
        if grant.login is not None and not self._credential.proven:
            self._credential.accepted()

    def challenged(self, header: str, scopes: Scopes, refused: Grant) -> bool:
        """Learn from a 401 that `refused` met; whether another try has something better to offer."""
        self.forget(scopes, refused)
        offered = challenge.parse(header)
        for asked in offered:
            if asked.scheme == "bearer" and "realm" in asked.parameters:
                service = asked.parameters.get("service", "")
                self._realm = tokens.trusted_realm(self._origin, asked.parameters["realm"], service)
                self._basic = False
                ended = refused.ends is not None and self._clock() >= refused.ends
                # A registry may want more than what its protocol says, such as `delete` to give back an upload.
                return self._add(scopes, asked.parameters.get("scope", "")) or ended or not refused.minted
        if any(asked.scheme == "basic" for asked in offered):
            if refused.login is not None:
                return self._credential.refused(refused.login)
            self._basic = True
            login = self._credential.login()
            return login is not None and bool(login.password)
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
        return self._credential.anonymous

    def _add(self, scopes: Scopes, asked: str) -> bool:
        """Ask for `asked` too from now on where `scopes` are needed; false when that is no news."""
        missing = tuple(scope for scope in asked.split() if not any(_covers(own, scope) for own in scopes))
        with self._lock:
            if not missing or self._added.get(scopes) == missing:
                return False
            self._added[scopes] = missing
        return True

    def _new_token(self, realm: Realm, scopes: Scopes) -> _Token:
        if self._credential.proven or self._credential.anonymous:
            return self._issued(realm, scopes)
        # Until the login has worked once, one thread alone tries it: a wrong one is sent a single time.
        with self._first_use:
            return self._issued(realm, scopes)

    def _issued(self, realm: Realm, scopes: Scopes) -> _Token:
        for last in (False, True):
            login = self._credential.login()
            asked_at = self._clock()
            sent = self._with_newest_refresh_token(login)
            answer = self._fetch(tokens.request(realm, scopes + self._added.get(scopes, ()), sent))
            if answer.status == 200:
                issued = tokens.read(realm.origin.host, answer.body)
                self._learn(login, issued)
                # A fifth of the lifetime, at most half a minute, so that a token never ends between check and use.
                ends = asked_at + issued.lifetime
                return _Token(f"Bearer {issued.value}", ends - min(30.0, issued.lifetime / 5), ends)
            turned_down = login is not None and answer.status in ((400, 401) if login.refresh_token else (401,))
            renewed = login is not None and turned_down and self._credential.refused(login)
            if last or not renewed:
                raise self._refusal(realm, tokens.without_secrets(answer, sent), turned_down)
        raise AssertionError("the last attempt returns or raises")

    def _learn(self, login: Login | None, issued: Issued) -> None:
        if login is None:
            return
        self._credential.accepted()
        if login.refresh_token and issued.refresh_token:
            self._newest_refresh = {login.refresh_token: issued.refresh_token}

    def _with_newest_refresh_token(self, login: Login | None) -> Login | None:
        """Servers may give a new refresh token each time that one is used."""
        newest = None if login is None else self._newest_refresh.get(login.refresh_token)
        return login if login is None or newest is None else replace(login, refresh_token=newest)

    def _refusal(self, realm: Realm, answer: Answer, turned_down: bool) -> RegistryError:
        error = failure(realm.origin.host, f"token for {self._origin.host}", answer, now=self._now())
        if turned_down and not isinstance(error, RegistryDenied):
            return RegistryDenied(realm.origin.host, f"{error.message}; the identity token was refused, log in anew")
        return error


def _wider(scopes: Scopes) -> Scopes:
    """Scopes whose token serves these as well: who may push to a repository may read it."""
    return tuple(f"{scope},push" if scope.endswith(":pull") else scope for scope in scopes)


def _covers(own: str, asked: str) -> bool:
    name, _, actions = own.rpartition(":")
    wanted_name, _, wanted = asked.rpartition(":")
    return name == wanted_name and set(wanted.split(",")) <= set(actions.split(","))
