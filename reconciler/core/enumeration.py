"""Names in a message, of which there may be thousands."""

from __future__ import annotations

from collections.abc import Sequence


def enumerated(names: Sequence[str], most: int) -> str:
    """The first `most`, and how many more there are."""
    shown = ", ".join(names[:most])
    return shown if len(names) <= most else f"{shown} and {len(names) - most} more"
