"""Canonical JSON: the same value always gives the same bytes, so digests of values mean something."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from typing import TypeAlias

from reconciler.model.image import Digest

Json: TypeAlias = "bool | int | float | str | Sequence[Json] | Mapping[str, Json] | None"


def canonical(value: Json) -> str:
    """Keys sorted, no spaces, Unicode kept."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)


def digest_of(value: Json) -> Digest:
    return Digest("sha256:" + hashlib.sha256(canonical(value).encode()).hexdigest())


def pretty(value: Json) -> str:
    """Keys sorted, two spaces, one newline at the end: for files that people read and diff."""
    return json.dumps(value, sort_keys=True, indent=2, ensure_ascii=False, allow_nan=False) + "\n"
