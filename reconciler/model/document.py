"""A spec as text that is yet to be written: its data and the comments that go with it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TypeAlias

from reconciler.model.json_value import Json

Path: TypeAlias = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Document:
    """`data` is what the YAML says, in the order in which it is written. `comments` are lines by the path of the key
    that they stand above, for example `("instances", "hub")`; those of the empty path stand at the top."""

    data: Mapping[str, Json]
    comments: Mapping[Path, tuple[str, ...]] = field(default_factory=dict)
