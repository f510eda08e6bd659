"""Numbers with their units, the same in every format that people read."""

from __future__ import annotations

from datetime import UTC, datetime

_STEPS = ("KiB", "MiB", "GiB", "TiB", "PiB")


def size(amount: int) -> str:
    """Bytes in binary units: `512 B`, `12.3 MiB`."""
    if amount < 1024:
        return f"{amount} B"
    scaled, step = amount / 1024, 0
    while round(scaled, 1) >= 1024 and step < len(_STEPS) - 1:
        scaled, step = scaled / 1024, step + 1
    return f"{scaled:,.1f} {_STEPS[step]}"


def megabytes_per_second(amount: int, seconds: float) -> float | None:
    """Millions of bytes per second to three decimals; None when no time was measured."""
    return round(amount / seconds / 1e6, 3) if seconds > 0 else None


def rate(amount: int, seconds: float) -> str:
    """`4.1 MB/s`, where MB is a million bytes; `-` when no time was measured."""
    value = megabytes_per_second(amount, seconds)
    return "-" if value is None else f"{value:,.1f} MB/s"


def duration(seconds: float) -> str:
    """`0.4s`, `12s`, `1m 02s`, `2h 03m`."""
    if seconds < 9.95:
        return f"{seconds:.1f}s"
    whole = round(seconds)
    if whole < 60:
        return f"{whole}s"
    minutes, rest = divmod(whole, 60)
    if minutes < 60:
        return f"{minutes}m {rest:02d}s"
    hours, minutes = divmod(minutes, 60)
    return f"{hours:,}h {minutes:02d}m"


def age(seconds: float) -> str:
    """`under a minute`, `12 minutes`, `3 hours`, `41 days`: as much as one wants to know of something that is late."""
    for unit, noun in ((86400, "day"), (3600, "hour"), (60, "minute")):
        if seconds >= unit:
            return count(int(seconds // unit), noun)
    return "under a minute"


def timestamp(milliseconds: int) -> str:
    """RFC 3339 in UTC, whole seconds, of epoch milliseconds."""
    return datetime.fromtimestamp(milliseconds / 1000, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def count(number: int, noun: str = "", plural: str = "") -> str:
    """`12,345`, or with a noun: `1 image`, `12,345 images`; `plural` is for nouns that do not simply add an s."""
    if not noun:
        return f"{number:,}"
    return f"{number:,} {noun if number == 1 else plural or noun + 's'}"
