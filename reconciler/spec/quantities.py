"""Shares and sizes as people write them: `10%`, `2TiB`."""

from __future__ import annotations

import re
from decimal import Decimal

_SIZE = re.compile(r"([0-9]+(?:\.[0-9]+)?) ?([KMGTP]?)(i?)B")
_POWERS = " KMGTP"


def share(text: str) -> float:
    """`10%` is 0.1. Raises ValueError."""
    if not re.fullmatch(r"[0-9]+(\.[0-9]+)?%", text):
        raise ValueError(f"not a share: {text}")
    return float(Decimal(text[:-1]) / 100)


def size(text: str) -> int:
    """Bytes; `KB` is 1000 and `KiB` 1024, fractions of a byte are dropped. Raises ValueError."""
    match = _SIZE.fullmatch(text)
    if match is None or (match[3] and not match[2]):
        raise ValueError(f"not a size: {text}")
    base = 1024 if match[3] else 1000
    return int(Decimal(match[1]) * base ** (_POWERS.index(match[2]) if match[2] else 0))
