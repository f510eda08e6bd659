"""Diagnostics: collected values, sorted by place, never the first exception."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from reconciler.model.place import Span


class Severity(StrEnum):
    ERROR = "error"
    WARNING = "warning"
    INFO = "info"


@dataclass(frozen=True, slots=True)
class Related:
    """Another place that takes part in a problem, and what it does there."""

    span: Span
    note: str


@dataclass(frozen=True, slots=True)
class Diagnostic:
    """One finding: what is wrong (`summary`, one sentence), why (`detail`), and what to do (`hint`)."""

    rule: str
    severity: Severity
    summary: str
    detail: str = ""
    hint: str = ""
    span: Span | None = None
    address: str = ""
    related: tuple[Related, ...] = ()

    @property
    def sort_key(self) -> tuple[str, int, int, str, str, str, str]:
        place = self.span or Span("", 0, 0)
        # Down to the address: an entry with three targets is three rules at one place.
        return (place.file, place.line, place.column, self.rule, self.summary, self.address, self.detail)


def in_order(diagnostics: Iterable[Diagnostic]) -> tuple[Diagnostic, ...]:
    """Sorted by place and without repeats."""
    return tuple(sorted(set(diagnostics), key=lambda d: d.sort_key))


def has_errors(diagnostics: Iterable[Diagnostic]) -> bool:
    return any(d.severity is Severity.ERROR for d in diagnostics)
