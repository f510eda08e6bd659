"""Tag patterns: RE2 syntax, matched against the whole tag, so a pattern can neither backtrack nor match by accident."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache


@lru_cache(maxsize=256)
def matcher(pattern: str) -> Callable[[str], bool]:
    """Whether a whole tag matches. Raises ValueError for a pattern that does not compile."""
    if pattern in ("", ".*"):
        return lambda _: True
    import re2

    try:
        compiled = re2.compile(pattern)
    except re2.error as error:
        raise ValueError(f"not a regular expression: {pattern}") from error
    return lambda tag: compiled.fullmatch(tag) is not None
