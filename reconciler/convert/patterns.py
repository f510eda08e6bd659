"""Tag selections of other tools as one RE2 pattern that matches the whole tag."""

from __future__ import annotations

import re
from collections.abc import Sequence

_PLAIN = re.compile(r"(\^?)((?:[^|^$\\()\[\]]|\\.|\[[^\]\\]*\])*)(\$?)")
"""A pattern without alternatives and groups: its anchors can be taken off without changing what it means."""


def exactly(tags: Sequence[str]) -> str:
    """These tags and no others."""
    return any_of([tag.replace(".", r"\.") for tag in tags])


def any_of(patterns: Sequence[str]) -> str:
    """What one of `patterns` matches as a whole."""
    if len(patterns) == 1:
        return patterns[0]
    return "|".join(f"(?:{pattern})" if "|" in pattern else pattern for pattern in patterns)


def found_in(pattern: str) -> str:
    """A pattern that may match anywhere in a tag, as one that matches the whole tag."""
    plain = _PLAIN.fullmatch(pattern)
    if plain is None:
        return f".*(?:{pattern}).*"
    begin, middle, end = plain.groups()
    return f"{'' if begin else '.*'}{middle}{'' if end else '.*'}"
