"""Who may use a registry: temporary logins from GetAuthorizationToken, the access key pair, and bearer tokens."""

from __future__ import annotations

import hmac
import secrets
import time
from collections.abc import Iterable
from dataclasses import dataclass, field

TEMPORARY_USER = "cr_temp_user"


@dataclass(frozen=True, slots=True)
class Grant:
    """What a bearer token opens: actions by repository path."""

    registry: str
    repositories: dict[str, frozenset[str]]
    expires: float


@dataclass(slots=True)
class Logins:
    """`registry` is a label such as `instances.hub`. Times are seconds of the monotonic clock."""

    access_key: tuple[str, str]
    token_seconds: float
    _passwords: dict[tuple[str, str], float] = field(default_factory=dict, repr=False)
    _grants: dict[str, Grant] = field(default_factory=dict, repr=False)

    def new_password(self, registry: str, seconds: float) -> str:
        """The password that goes with `TEMPORARY_USER`."""
        password = secrets.token_urlsafe(48)
        self._passwords[(registry, password)] = time.monotonic() + seconds
        return password

    def accepts(self, registry: str, user: str, password: str) -> bool:
        if user == TEMPORARY_USER:
            return self._passwords.get((registry, password), 0.0) > time.monotonic()
        return user == self.access_key[0] and hmac.compare_digest(password.encode(), self.access_key[1].encode())

    def new_token(self, registry: str, scopes: Iterable[tuple[str, frozenset[str]]]) -> str:
        """A bearer token for (repository, actions) pairs."""
        repositories: dict[str, frozenset[str]] = {}
        for repository, actions in scopes:
            repositories[repository] = repositories.get(repository, frozenset()) | actions
        now = time.monotonic()
        for expired in [token for token, grant in self._grants.items() if grant.expires < now]:
            del self._grants[expired]
        token = secrets.token_urlsafe(32)
        self._grants[token] = Grant(registry, repositories, now + self.token_seconds)
        return token

    def grant(self, registry: str, token: str) -> Grant | None:
        """None for a token that is unknown, of another registry, or expired."""
        found = self._grants.get(token)
        if found is None or found.registry != registry or found.expires < time.monotonic():
            return None
        return found
