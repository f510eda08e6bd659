"""The user's own folder, which a container does not always give its user."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path


def home(environment: Mapping[str, str]) -> Path | None:
    """`$HOME`, else what the system says of the user; None for a user that it does not know."""
    if environment.get("HOME"):
        return Path(environment["HOME"])
    try:
        return Path.home()
    except RuntimeError:
        return None
