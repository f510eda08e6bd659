"""Where past runs are kept."""

from __future__ import annotations

from pathlib import Path

import pytest

from reconciler.cli import run
from reconciler.commands import runs
from reconciler.commands.exits import Refused
from reconciler.commands.runs import Runs
from reconciler.commands.saved import report_text
from reconciler.model.report import Report, Verdict

REPORT = Report((), (), (), 1.5)


def text(second: int) -> str:
    return report_text(REPORT, ["registry.yaml"], f"2026-11-26T07:00:{second:02d}Z")


def test_runs_are_listed_in_the_order_in_which_they_were_kept(tmp_path: Path) -> None:
    kept = Runs(tmp_path)
    names = [kept.keep(text(second)) for second in (7, 7, 8, *[9] * 11)]
    assert names[:4] == ["20261126T070007Z", "20261126T070007Z-2", "20261126T070008Z", "20261126T070009Z"]
    assert kept.ids() == tuple(names)
    assert [past.id for past in kept.summaries()] == names
    name, found = kept.find("last")
    assert (name, found.report.verdict, found.paths) == (names[-1], Verdict.DONE, ("registry.yaml",))


def test_the_oldest_go(tmp_path: Path) -> None:
    kept = Runs(tmp_path)
    names = [kept.keep(text(second)) for second in range(runs.KEPT + 3)]
    assert kept.ids() == tuple(names[3:])


def test_what_is_no_report_is_passed_over(tmp_path: Path) -> None:
    kept = Runs(tmp_path)
    name = kept.keep(text(1))
    (tmp_path / "runs" / "notes.json").write_text("{}")
    (tmp_path / "runs" / "other.txt").write_text("x")
    assert [past.id for past in kept.summaries()] == [name]
    with pytest.raises(Refused, match="not a report"):
        kept.find("notes")


@pytest.mark.parametrize("name", ["last", "20261126T070007Z", "../journal", "", "a\nb"])
def test_a_run_that_is_not_kept(name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["records", name, "--journal", str(tmp_path)]) == 1
    assert "no run" in capsys.readouterr().err


def test_a_folder_that_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "runs").write_text("a file")
    with pytest.raises(Refused, match="cannot write"):
        Runs(tmp_path).keep(text(1))


def test_a_yes_belongs_to_a_retry(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["records", "--auto-approve", "--journal", str(tmp_path)]) == 1
    assert "`--retry`" in capsys.readouterr().err


def test_a_request_log_belongs_to_what_makes_requests(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["records", "--log-file", str(tmp_path / "log"), "--journal", str(tmp_path)]) == 1
    assert "`--log-file` is for `--retry` and `--tasks`" in capsys.readouterr().err
    assert not (tmp_path / "log").exists()
