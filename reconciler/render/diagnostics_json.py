"""Diagnostics as JSON: the list that every machine-readable output has, and what `validate` prints."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from reconciler.model.diagnostic import Diagnostic, Related, Severity, in_order
from reconciler.model.json_value import Json
from reconciler.model.place import NOWHERE, Span
from reconciler.render.record import Record

FORMAT_VERSION = "1.0"


def to_json(diagnostics: Sequence[Diagnostic]) -> Json:
    """The output of `validate`, as schemas/validate.v1.json describes it."""
    listed = in_order(diagnostics)
    return {
        "format_version": FORMAT_VERSION,
        "diagnostics": listing(listed),
        "summary": {
            "errors": sum(d.severity is Severity.ERROR for d in listed),
            "warnings": sum(d.severity is Severity.WARNING for d in listed),
        },
    }


def listing(diagnostics: Iterable[Diagnostic]) -> list[Json]:
    """By place and without repeats; the place is null for what no file holds."""
    return [
        {
            "rule": d.rule,
            "severity": d.severity.value,
            "summary": d.summary,
            "detail": d.detail,
            "hint": d.hint,
            "address": d.address,
            "related": [{"note": r.note, **place(r.span)} for r in d.related],
            **place(d.span),
        }
        for d in in_order(diagnostics)
    ]


def read(record: Record) -> Diagnostic:
    """One entry of `listing`. Raises NotOurs."""
    return Diagnostic(
        rule=record.text("rule"),
        severity=Severity(record.text("severity")),
        summary=record.text("summary"),
        detail=record.text("detail"),
        hint=record.text("hint"),
        span=_span(record),
        address=record.text("address"),
        related=tuple(Related(_span(r) or NOWHERE, r.text("note")) for r in record.records("related")),
    )


def place(span: Span | None) -> dict[str, Json]:
    """The fields that say where; all null for what no file holds."""
    if span is None or span == NOWHERE:
        return {"file": None, "line": None, "column": None}
    return {"file": span.file, "line": span.line, "column": span.column}


def _span(record: Record) -> Span | None:
    file = record.text_or_none("file")
    return None if file is None else Span(file, record.integer("line"), record.integer("column"))
