from __future__ import annotations

import json
from collections.abc import Callable

import pytest
from syrupy.assertion import SnapshotAssertion

from reconciler.model.diagnostic import Diagnostic, Severity
from reconciler.model.json_value import pretty
from reconciler.model.place import Span
from reconciler.render import diagnostics_human, diagnostics_json
from reconciler.render.style import PLAIN, Style

LINES = {
    ("acr.yaml", 12): "      visiblity: private\n",
    ("acr.yaml", 31): "  apps-everywhere:",
    ("tabs.yaml", 1): "倉\tx: \x1b[31m",
}


def source_line(file: str, line: int) -> str | None:
    return LINES.get((file, line))


def test_findings_read_well(diagnostics: tuple[Diagnostic, ...], snapshot: SnapshotAssertion) -> None:
    assert diagnostics_human.render(diagnostics, PLAIN, source_line) == snapshot


def test_without_sources_the_place_still_stands(diagnostics: tuple[Diagnostic, ...]) -> None:
    text = diagnostics_human.render(diagnostics, PLAIN)
    assert "  --> acr.yaml:12:7\n" in text
    assert "^" not in text


def test_long_text_is_folded_to_the_width() -> None:
    finding = Diagnostic("R-X-1", Severity.INFO, "short", detail="word " * 60)
    folded = diagnostics_human.render([finding], Style(width=60)).split("\n\n")[0].splitlines()
    assert len(folded) > 3
    assert all(len(line) <= 60 for line in folded)


def test_the_caret_stands_under_its_cell() -> None:
    finding = Diagnostic("R-X-1", Severity.ERROR, "wrong", span=Span("tabs.yaml", 1, 3))
    lines = diagnostics_human.render([finding], PLAIN, source_line).splitlines()
    assert lines[3:5] == ["1 | 倉 x: \\x1b[31m", "  |    ^"]


@pytest.mark.parametrize("column", [1, 60, 500, 900, 999, 1000])
def test_of_a_long_line_the_part_around_the_place_is_shown(column: int) -> None:
    line = "." * (column - 1) + "X" + "." * (1000 - column)
    found = Diagnostic("R-SPEC-1", Severity.ERROR, "long", span=Span("a.yaml", 3, column))
    text = diagnostics_human.render([found], Style(width=80), lambda *_: line).splitlines()
    shown, caret = text[3], text[4]
    assert len(shown) == 80
    assert shown[caret.index("^")] == "X"


def test_nothing_found_is_nothing_said() -> None:
    assert diagnostics_human.render([], PLAIN) == ""
    assert diagnostics_human.tally([]) == "no findings"


def test_repeats_are_folded_and_order_does_not_matter(diagnostics: tuple[Diagnostic, ...]) -> None:
    once = diagnostics_human.render(diagnostics, PLAIN)
    assert diagnostics_human.render(diagnostics[::-1] * 2, PLAIN) == once
    assert diagnostics_json.to_json(diagnostics[::-1] * 2) == diagnostics_json.to_json(diagnostics)


def test_json(
    diagnostics: tuple[Diagnostic, ...], snapshot: SnapshotAssertion, follows: Callable[[str, str], None]
) -> None:
    text = pretty(diagnostics_json.to_json(diagnostics))
    follows("validate.v1", text)
    assert text == snapshot
    assert json.loads(text)["summary"] == {"errors": 2, "warnings": 1}
