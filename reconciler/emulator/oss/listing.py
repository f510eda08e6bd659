"""One page of a bucket's keys, as GetBucketV2 (ListObjectsV2) makes it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field


@dataclass(slots=True)
class Page:
    """`last` is where the next page starts after, when there are `more`."""

    keys: list[str] = field(default_factory=list)
    folders: list[str] = field(default_factory=list)
    last: str = ""
    more: bool = False


def page(keys: Iterable[str], prefix: str, delimiter: str, after: str, limit: int) -> Page:
    """Keys that begin with `prefix`; what goes on after a `delimiter` counts as one folder."""
    found = Page()
    for key in sorted(keys):
        name = _folded(key, prefix, delimiter) if key.startswith(prefix) else ""
        if not name or name <= after or name == found.last:
            continue
        if len(found.keys) + len(found.folders) == limit:
            found.more = True
            break
        found.last = name
        (found.keys if name == key else found.folders).append(name)
    return found


def _folded(key: str, prefix: str, delimiter: str) -> str:
    """The key, or the folder that it is in below the prefix."""
    inside = key[len(prefix) :]
    if delimiter and delimiter in inside:
        return prefix + inside[: inside.index(delimiter) + len(delimiter)]
    return key
