"""Canonical JSON: the same value always gives the same bytes, so digests of values mean something."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from typing import TypeAlias

from reconciler.model.image import Digest

Json: TypeAlias = "bool | int | float | str | Sequence[Json] | Mapping[str, Json] | None"

Parts: TypeAlias = "Json | Mapping[str, Parts] | Iterator[Parts]"
"""JSON whose long lists are made item by item while they are read: each can be read once."""


def canonical(value: Json) -> str:
    """Keys sorted, no spaces, Unicode kept."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)


def digest_of(value: Json) -> Digest:
    return Digest("sha256:" + hashlib.sha256(canonical(value).encode()).hexdigest())


def digest_of_parts(value: Parts) -> Digest:
    """As `digest_of` the whole, with one item of a long list in memory at a time."""
    hashed = hashlib.sha256()
    for text in _texts(value):
        hashed.update(text.encode())
    return Digest("sha256:" + hashed.hexdigest())


def whole(value: Parts) -> Json:
    if isinstance(value, Iterator):
        return [whole(item) for item in value]
    return {key: whole(item) for key, item in value.items()} if isinstance(value, Mapping) else value


def _texts(value: Parts) -> Iterator[str]:
    """What `canonical` writes, in pieces."""
    if isinstance(value, Iterator):
        yield "["
        for number, item in enumerate(value):
            if number:
                yield ","
            yield from _texts(item)
        yield "]"
    elif isinstance(value, Mapping) and any(isinstance(item, Iterator) for item in value.values()):
        yield "{"
        for number, key in enumerate(sorted(value)):
            yield f"{',' if number else ''}{canonical(key)}:"
            yield from _texts(value[key])
        yield "}"
    else:
        yield canonical(whole(value))


def pretty(value: Json) -> str:
    """Keys sorted, two spaces, one newline at the end: for files that people read and diff."""
    return json.dumps(value, sort_keys=True, indent=2, ensure_ascii=False, allow_nan=False) + "\n"
