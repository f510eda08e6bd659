"""What is painted over on stderr, and what is told beside it."""

from __future__ import annotations

import pytest

from reconciler.commands.console import Console
from reconciler.render.style import Style


@pytest.fixture
def console() -> Console:
    return Console(Style(), Style(), interactive=True)


def test_a_frame_goes_over_the_one_before(console: Console, capsys: pytest.CaptureFixture[str]) -> None:
    console.frame("one\ntwo\n")
    console.frame("three\n")
    console.frame("")
    console.frame("")
    assert capsys.readouterr().err == "one\ntwo\n\x1b[2F\x1b[Jthree\n\x1b[1F\x1b[J"


def test_a_note_stands_above_the_frame_and_is_not_painted_over(
    console: Console, capsys: pytest.CaptureFixture[str]
) -> None:
    console.frame("bar\n")
    console.note("stopping")
    console.frame("bar\n")
    assert capsys.readouterr().err == "bar\n\x1b[1F\x1b[Jstopping\nbar\n"


def test_notes_alone_hold_no_control(console: Console, capsys: pytest.CaptureFixture[str]) -> None:
    console.note("one")
    console.note("two")
    assert capsys.readouterr().err == "one\ntwo\n"
