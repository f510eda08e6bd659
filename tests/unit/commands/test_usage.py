"""The command line itself: help, usage errors, colour."""

from __future__ import annotations

import io
import sys
from pathlib import Path

import pytest

from reconciler import __version__
from reconciler.cli import VERBS, run

NAMES = [verb.__name__ for verb in VERBS]


@pytest.mark.parametrize("verb", NAMES)
def test_help_shows_the_verb_in_use(verb: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run([verb, "--help"]) == 0
    told = capsys.readouterr().out
    assert "Examples:" in told
    assert f"  reconciler {verb}" in told.split("Examples:")[1]


def test_help_lists_every_verb(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["--help"]) == 0
    listed = capsys.readouterr().out.split("Commands:")[1]
    assert [line.split()[0] for line in listed.splitlines() if line[:3].strip()] == NAMES


def test_without_a_verb_there_is_help_and_no_success(capsys: pytest.CaptureFixture[str]) -> None:
    assert run([]) == 1
    told = capsys.readouterr()
    assert told.out == ""
    assert told.err.startswith("Usage: reconciler")


def test_version(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["--version"]) == 0
    assert capsys.readouterr().out == f"reconciler {__version__}\n"


@pytest.mark.parametrize(
    ("words", "complaint", "help_of"),
    [
        (["plann"], "plann", "reconciler"),
        (["--bogus"], "--bogus", "reconciler"),
        (["plan", "--bogus"], "--bogus", "reconciler plan"),
        (["plan", "--format", "xml"], "'--format'", "reconciler plan"),
        (["plan", "--parallelism", "0"], "'--parallelism'", "reconciler plan"),
        (["plan", "--parallelism", "many"], "'--parallelism'", "reconciler plan"),
        (
            ["plan", "--live", "x", "--allow-delete", "instances"],
            "`instances` are never deleted from here",
            "reconciler",
        ),
        (["plan", "--live", "x", "--allow-delete", "namespaces:-1"], "`namespaces:-1` is not KIND", "reconciler"),
        (["drift", "--live"], "--live", "reconciler"),
        (["show"], "argument", "reconciler show"),
        (["emulator", "--port", "99999"], "'--port'", "reconciler emulator"),
        (["emulator", "--access-key", "x"], "ID:SECRET", "reconciler"),
    ],
)
def test_usage_errors_are_one_line_and_a_hint(
    words: list[str],
    complaint: str,
    help_of: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("registry.yaml").write_text("version: 1\ninstances: {hub: {region: cn-hangzhou}}\n", encoding="utf-8")
    assert run(words) == 1
    told = capsys.readouterr()
    assert told.out == ""
    error, hint = told.err.splitlines()
    assert error.startswith("error: ")
    assert error[7] == error[7].lower()
    assert complaint in error
    assert hint.startswith(f"hint: `{help_of}")
    assert hint.endswith("--help` says what is accepted")


@pytest.mark.parametrize(
    ("words", "hint"),
    [
        (["explain", "R-TOPO-11"], "did you mean `R-TOPO-1`?"),
        (["explain", "\x1b[31m"], "`reconciler explain` lists them all"),
        (["schema", "../spec.v1"], "one of: drift.v1,"),
    ],
)
def test_unknown_names(words: list[str], hint: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(words) == 1
    told = capsys.readouterr()
    assert told.out == ""
    assert f"hint: {hint}" in told.err
    assert "\x1b" not in told.err


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize(
    ("words", "environment", "coloured"),
    [
        ([], {}, True),
        ([], {"NO_COLOR": ""}, True),  # no-color.org: only a value that is not empty counts
        (["--no-color"], {}, False),
        ([], {"NO_COLOR": "1"}, False),
        ([], {"TERM": "dumb"}, False),
    ],
)
def test_colour_is_for_terminals_and_can_be_refused(
    words: list[str], environment: dict[str, str], coloured: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("NO_COLOR", "TERM"):
        monkeypatch.delenv(name, raising=False)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    terminal = Terminal()
    monkeypatch.setattr(sys, "stdout", terminal)
    assert run(["validate", str(tmp_path / "missing.yaml"), *words]) == 1
    assert "path does not exist" in terminal.getvalue()
    assert ("\x1b[" in terminal.getvalue()) is coloured


def test_no_colour_outside_of_a_terminal(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["validate", str(tmp_path / "missing.yaml")]) == 1
    assert "\x1b" not in capsys.readouterr().out
