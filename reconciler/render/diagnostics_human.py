"""Diagnostics for a terminal: what, where, the source line with a caret, why, and what to do."""

from __future__ import annotations

import textwrap
from collections.abc import Callable, Sequence
from typing import TypeAlias

from reconciler.model.diagnostic import Diagnostic, Severity, in_order
from reconciler.model.place import NOWHERE, Span
from reconciler.render import units
from reconciler.render.style import SEVERITIES, Style, Tone, cells, visible

SourceLine: TypeAlias = Callable[[str, int], str | None]
"""From a file and a line (from 1) to its text, or None when it cannot be had."""

_NARROWEST = 40


def render(diagnostics: Sequence[Diagnostic], style: Style, source_line: SourceLine | None = None) -> str:
    """One block each, by place, then how many there are; an empty text when there is none."""
    listed = in_order(diagnostics)
    if not listed:
        return ""
    return "\n\n".join([*blocks(listed, style, source_line), tally(listed)]) + "\n"


def blocks(diagnostics: Sequence[Diagnostic], style: Style, source_line: SourceLine | None = None) -> list[str]:
    """One text for each diagnostic, by place."""
    return [_block(diagnostic, style, source_line) for diagnostic in in_order(diagnostics)]


def tally(diagnostics: Sequence[Diagnostic]) -> str:
    """`2 errors, 1 warning`."""
    counts = [(severity, sum(d.severity is severity for d in diagnostics)) for severity in Severity]
    nouns = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.INFO: "note"}
    return ", ".join(units.count(number, nouns[severity]) for severity, number in counts if number) or "no findings"


def _block(diagnostic: Diagnostic, style: Style, source_line: SourceLine | None) -> str:
    tone = SEVERITIES[diagnostic.severity]
    head = style.paint(f"{diagnostic.severity.value}[{visible(diagnostic.rule)}]", tone)
    lines = [f"{head}: {style.paint(visible(diagnostic.summary), Tone.STRONG)}"]
    if diagnostic.span is not None and diagnostic.span != NOWHERE:
        lines += _excerpt(diagnostic.span, style, tone, source_line)
    if diagnostic.address:
        lines += _note("at", diagnostic.address, style)
    for related in diagnostic.related:
        place = "" if related.span == NOWHERE else f"{related.span}: "
        lines += _note("see", place + related.note, style)
    if diagnostic.detail:
        lines += _note("why", diagnostic.detail, style)
    if diagnostic.hint:
        lines += _note("hint", diagnostic.hint, style)
    return "\n".join(lines)


def _excerpt(span: Span, style: Style, tone: Tone, source_line: SourceLine | None) -> list[str]:
    lines = [f"  {style.paint('-->', Tone.FAINT)} {visible(str(span))}"]
    text = source_line(span.file, span.line) if source_line else None
    if text is None:
        return lines
    flat = text.rstrip("\r\n").replace("\t", " ")
    number = str(span.line)
    bar = style.paint("|", Tone.FAINT)
    shown, before = _window(flat, span.column, max(style.width, _NARROWEST) - len(number) - 3, style)
    return [
        *lines,
        f"{' ' * len(number)} {bar}",
        f"{style.paint(number, Tone.FAINT)} {bar} {shown}",
        f"{' ' * len(number)} {bar} {' ' * before}{style.paint('^', tone)}",
    ]


def _window(line: str, column: int, width: int, style: Style) -> tuple[str, int]:
    """As much of `line` around `column` as `width` cells hold, and how many of them stand before that column."""
    before, after = visible(line[: column - 1]), visible(line[column - 1 :])
    if cells(before) + cells(after) > width:
        before = style.clip(before[::-1], max(width // 2, width - cells(after)))[::-1]
    return before + style.clip(after, width - cells(before)), cells(before)


def _note(label: str, text: str, style: Style) -> list[str]:
    first = f"  = {label}: "
    folded = [
        line
        for paragraph in text.split("\n")
        for line in textwrap.wrap(
            visible(paragraph),
            max(style.width, _NARROWEST) - len(first),
            break_long_words=False,
            break_on_hyphens=False,
        )
    ]
    return [(first if i == 0 else " " * len(first)) + line for i, line in enumerate(folded)]
