"""Where a registry's user name and password come from. Secrets never show in a repr."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Login:
    """`expires` is seconds since the epoch, or None when the login does not expire."""

    username: str
    password: str = field(repr=False)
    expires: float | None = None


LoginSource = Callable[[str], Login | None]
"""From a registry's `host[:port]` to its login, or None for anonymous access. Called again when a login expired."""
