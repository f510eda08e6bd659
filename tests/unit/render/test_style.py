from __future__ import annotations

import pytest

from reconciler.render.style import PLAIN, Style, Tone, cells, visible


def test_colour_is_only_there_when_wanted() -> None:
    assert Style(colour=True).paint("x", Tone.DELETE) == "\x1b[31mx\x1b[0m"
    assert Style().paint("x", Tone.DELETE) == "x"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain text", "plain text"),
        ("倉庫\u3000名", "倉庫\u3000名"),
        ("\x1b[2Jgone", "\\x1b[2Jgone"),
        ("a\r\nb\tc", "a\\r\\nb\\tc"),
        ("\u202ereversed", "\\u202ereversed"),
        ("\ud800", "\\ud800"),
    ],
)
def test_nothing_reaches_the_terminal_that_it_would_obey(text: str, shown: str) -> None:
    assert visible(text) == shown


def test_clipping_counts_cells() -> None:
    assert cells("倉庫") == 4
    assert PLAIN.clip("倉庫倉庫", 6) == "倉庫…"
    assert Style(unicode=False).clip("abcdefgh", 6) == "abc..."
    assert PLAIN.clip("abc", 3) == "abc"
    assert Style(unicode=False).clip("abcdef", 2) == ".."
