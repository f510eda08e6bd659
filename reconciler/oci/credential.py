"""The login of one registry over time: asked for late, renewed when it ends, not sent again once it was refused."""

from __future__ import annotations

import threading
from collections.abc import Callable

from reconciler.oci.errors import RegistryDenied
from reconciler.oci.login import Login, LoginSource

_MARGIN = 30.0
"""Seconds before its end at which a login is replaced."""


class Credential:
    """Thread-safe. Repeating a wrong password for every image of a run would lock the account that it belongs to."""

    def __init__(self, host: str, source: LoginSource, now: Callable[[], float]) -> None:
        """`now` gives seconds since the epoch."""
        self._host = host
        self._source = source
        self._now = now
        self._lock = threading.Lock()
        self._known = False
        self._login: Login | None = None
        self._refused: Login | None = None
        self._proven = False

    @property
    def anonymous(self) -> bool:
        with self._lock:
            return self._current() is None

    @property
    def proven(self) -> bool:
        """Whether the login has worked once."""
        return self._proven

    def login(self) -> Login | None:
        """None for anonymous access. Raises RegistryDenied when this login was refused before, RegistryError from the
        source."""
        with self._lock:
            login = self._current()
            if login is not None and login == self._refused:
                raise RegistryDenied(
                    self._host,
                    f"the login of user `{login.username}` was refused before and is not sent again; log in anew",
                )
            return login

    def accepted(self) -> None:
        self._proven = True

    def refused(self, login: Login) -> bool:
        """`login` was turned down; whether there is another one to try by now. Raises RegistryError from the source."""
        with self._lock:
            if self._login != login:
                return True
            renewed = self._source(self._host)
            if renewed is not None and renewed != login:
                self._login = renewed
                self._proven = False
                return True
            # A login that works elsewhere in this registry is right, and only may not do everything.
            if not self._proven:
                self._refused = login
            return False

    def _current(self) -> Login | None:
        login = self._login
        ended = login is not None and login.expires is not None and self._now() > login.expires - _MARGIN
        if ended or not self._known:
            self._login = self._source(self._host)
            self._known = True
        return self._login
