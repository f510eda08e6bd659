"""Where a registry's user name and password come from. Secrets never show in a repr."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Login:
    """`expires` is seconds since the epoch, or None when the login does not expire.

    With a `refresh_token` (docker's `identitytoken`) that one is what the token server is shown, and not the password.
    """

    username: str
    password: str = field(repr=False)
    expires: float | None = None
    refresh_token: str = field(default="", repr=False)


LoginSource = Callable[[str], Login | None]
"""From a registry's `host[:port]` to its login, or None for anonymous access. Called again when a login expired, or was
refused, since there may be a new one. Raises RegistryError when it cannot tell."""
