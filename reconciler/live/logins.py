"""Logins to the registries that a reading found: fetched when first needed, kept until shortly before they expire."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from typing import NoReturn

from reconciler.acr.cr import Cr
from reconciler.acr.cr_personal import CrPersonal
from reconciler.acr.errors import AcrError, Throttled, Unavailable, Unreachable
from reconciler.acr.token import RegistryToken
from reconciler.model.live import Live
from reconciler.oci.errors import LoginRefused, RegistryBusy, RegistryUnreachable
from reconciler.oci.login import Login, LoginSource

SPARE_SECONDS = 120.0
"""A login is renewed this long before it ends, so that it outlives the requests that were started with it."""


@dataclass(slots=True)
class _Known:
    fetch: Callable[[], RegistryToken]
    lock: threading.Lock = field(default_factory=threading.Lock)
    login: Login | None = None


class CloudLogins:
    """A LoginSource for the hosts of a live state; other hosts are asked of `fallback`. Thread-safe, one fetch at a
    time for each host. `clock` gives seconds since the epoch.

    Raises RegistryError when the service gives no login.
    """

    def __init__(
        self,
        cr: Cr,
        personal: CrPersonal,
        *,
        fallback: LoginSource | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._cr = cr
        self._personal = personal
        self._fallback = fallback
        self._clock = clock
        self._lock = threading.Lock()
        self._known: dict[str, _Known] = {}

    def learn(self, live: Live) -> None:
        """Take over the hosts of `live`; those that are known already keep their login."""
        with self._lock:
            for instance in live.instances:
                if instance.registry:
                    fetch = partial(self._cr.authorization_token, instance.region, instance.id)
                    self._known.setdefault(instance.registry, _Known(fetch))
            for origin in live.origins:
                if origin.region:
                    fetch = partial(self._personal.authorization_token, origin.region)
                    for host in {origin.registry, *origin.hosts.values()}:
                        self._known.setdefault(host, _Known(fetch))

    def __call__(self, host: str) -> Login | None:
        with self._lock:
            known = self._known.get(host)
        if known is None:
            return self._fallback(host) if self._fallback is not None else None
        with known.lock:
            if known.login is None or self._ended(known.login):
                known.login = _fetched(host, known.fetch)
            return known.login

    def _ended(self, login: Login) -> bool:
        return login.expires is not None and login.expires - SPARE_SECONDS <= self._clock()


def _fetched(host: str, fetch: Callable[[], RegistryToken]) -> Login:
    try:
        token = fetch()
    except AcrError as error:
        _refuse(host, error)
    return Login(token.username, token.password, token.expires)


def _refuse(host: str, error: AcrError) -> NoReturn:
    """What asks for logins only knows what can go wrong with registries."""
    match error:
        case Throttled() | Unavailable():
            raise RegistryBusy(host, str(error), error.retry_after) from error
        case Unreachable():
            raise RegistryUnreachable(host, str(error)) from error
        case _:
            raise LoginRefused(host, str(error)) from error
