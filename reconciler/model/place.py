"""Where a value was written: file, line and column ride along with parsed data into every later message."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType


@dataclass(frozen=True, slots=True, order=True)
class Span:
    """A place in a source file; line and column count from 1."""

    file: str
    line: int
    column: int

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}"


NOWHERE = Span("", 0, 0)
"""The span of values that no file holds: defaults, and resources derived from live state."""


@dataclass(frozen=True, slots=True)
class Places:
    """The span of a resource and of the fields inside it, by path (`"targets[0]"`, `"images.tags"`)."""

    span: Span = NOWHERE
    fields: Mapping[str, Span] = field(default_factory=lambda: MappingProxyType({}))

    def at(self, path: str) -> Span:
        """The span of a field's value, or of the whole resource when the field was not written."""
        return self.fields.get(path, self.span)
