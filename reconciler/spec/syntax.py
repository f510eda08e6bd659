"""The YAML parser's complaints in our words, with the place that they are about."""

from __future__ import annotations

import yaml

from reconciler.model.diagnostic import Diagnostic
from reconciler.model.place import Span
from reconciler.spec.files import lines_of
from reconciler.spec.problem import error, shown

_WORDS = {
    # The wording of libyaml's scanner.c and parser.c and of PyYAML, which mirrors them.
    "mapping values are not allowed": (
        "a `:` stands where no key can be",
        "quote the value if the `:` is part of it, or indent the line as its neighbours are",
    ),
    "could not find expected ':'": ("a key has no `:`", "write `key: value`"),
    "did not find expected key": ("a key is expected here", "indent the line as its neighbours are"),
    "did not find expected '-' indicator": (
        "a list item is expected here",
        "start the line with `- `, or indent it as its neighbours are",
    ),
    "did not find expected ',' or": ("a bracket is not closed", "close it, or put a `,` between the items"),
    "expected ',' or": ("a bracket is not closed", "close it, or put a `,` between the items"),
    "found unexpected end of stream": ("the file ends inside a value", "close the quote"),
}


_STARTED = ("could not find expected ':'", "found unexpected end of stream")
"""Complaints that are better shown where the key or the quote starts than where the parser gave up."""


def problem(failure: Exception, text: str, file: str) -> Diagnostic:
    """One R-SPEC-3 diagnostic for an exception of the parser."""
    if not isinstance(failure, yaml.MarkedYAMLError):
        summary, hint = _words(str(failure), "")
        return error("R-SPEC-3", summary, Span(file, 1, 1), hint)
    said = failure.problem or ""
    mark = (failure.context_mark if said.startswith(_STARTED) else None) or failure.problem_mark
    lines = lines_of(text)
    if mark is None:
        span = Span(file, 1, 1)
    elif mark.line < len(lines):
        span = Span(file, mark.line + 1, mark.column + 1)
    else:  # libyaml counts a line after a last line that has no end
        span = Span(file, len(lines), len(lines[-1]) + 1)
    summary, hint = _words(said, lines[span.line - 1][: span.column])
    return error("R-SPEC-3", summary, span, hint)


def _words(said: str, before: str) -> tuple[str, str]:
    """`before` is the line up to the place of the complaint, its character included."""
    if "cannot start any token" in said:
        if before.endswith("\t"):
            return "a tab is used for indentation", "indent with spaces"
        return f"a value cannot start with `{shown(before[-1:])}`", "quote the value"
    if before.endswith("${"):
        # In braces and brackets YAML ends an unquoted value at the next brace.
        return "an unquoted `${…}` stands inside braces or brackets", 'quote it: `"${ENV:NAME}"`'
    for start, words in _WORDS.items():
        if said.startswith(start):
            return words
    return f"this is not valid YAML: {shown(said)}", "check quotes, brackets and indentation around this line"
