"""What can be measured."""

from __future__ import annotations

from enum import StrEnum


class Case(StrEnum):
    A = "A"
    TLS = "A-TLS"
    B = "B"
    C = "C"
    RTT = "RTT"
    LISTING = "LISTING"
    LARGE = "LARGE"
    START = "START"


class UnknownCase(ValueError):
    """The text names it and says what there is."""


def chosen(text: str) -> tuple[Case, ...]:
    """Cases by their names with commas between. Raises UnknownCase."""
    known = {case.value: case for case in Case}
    names = [name.strip().upper() for name in text.split(",")]
    for name in names:
        if name not in known:
            raise UnknownCase(f"no such case: {name}; there are {', '.join(known)}")
    return tuple(case for case in Case if case.value in names)
