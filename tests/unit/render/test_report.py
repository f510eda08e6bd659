from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace

import pytest
from syrupy.assertion import SnapshotAssertion

from reconciler.model.json_value import pretty
from reconciler.model.report import Report
from reconciler.render import report_human, report_json
from reconciler.render.style import PLAIN, Style


def saved(report: Report) -> str:
    return pretty(report_json.to_json(report, created="2026-11-22T01:02:03Z", tool_version="0.1.0"))


def test_a_report_reads_well(report: Report, snapshot: SnapshotAssertion) -> None:
    assert report_human.render(report, PLAIN) == snapshot


def test_json(report: Report, snapshot: SnapshotAssertion, follows: Callable[[str, str], None]) -> None:
    text = saved(report)
    follows("report.v1", text)
    assert text == snapshot


def test_every_image_is_in_exactly_one_count(report: Report) -> None:
    data = json.loads(saved(report))
    for tally in (data["totals"], *data["imports"], *data["imports"][0]["repositories"]):
        assert tally["selected"] == tally["imported"] + tally["skipped"] + tally["failed"]
    assert sum(r["selected"] for r in data["imports"][0]["repositories"]) == data["totals"]["selected"] == 4


def test_speed_is_bytes_moved_in_the_time_of_the_import(report: Report) -> None:
    entry = json.loads(saved(report))["imports"][0]
    assert (entry["seconds"], entry["mb_per_second"]) == (8.0, 6.25)
    web = entry["repositories"][1]
    assert (web["seconds"], web["mb_per_second"]) == (5.0, 10.0)


def test_what_nobody_measured_is_null_and_not_nothing(report: Report, follows: Callable[[str, str], None]) -> None:
    unmeasured = tuple(replace(image, began=0.0, ended=0.0) for image in report.images)
    text = saved(replace(report, steps=(), images=unmeasured, transfer_seconds=0.0))
    follows("report.v1", text)
    data = json.loads(text)
    assert (
        data["imports"][0]["seconds"] is data["imports"][0]["mb_per_second"] is data["totals"]["mb_per_second"] is None
    )


def test_an_empty_run(follows: Callable[[str, str], None]) -> None:
    nothing = Report((), (), (), 0.1)
    assert report_human.render(nothing, PLAIN) == "apply: nothing to do\n"
    follows("report.v1", saved(nothing))


def test_a_report_reads_back(report: Report) -> None:
    back = report_json.read(saved(report))
    assert (back.created, back.tool_version) == ("2026-11-22T01:02:03Z", "0.1.0")
    assert set(back.report.steps) == set(report.steps)
    assert set(back.report.images) == set(report.images)
    assert report_human.render(back.report, PLAIN) == report_human.render(report, PLAIN)
    assert saved(back.report) == saved(report)


@pytest.mark.parametrize("text", ["", "{}", '{"format_version": "1.0"}', '{"format_version": "2.0"}'])
def test_other_texts_are_refused(text: str) -> None:
    with pytest.raises(report_json.NotAReport, match="not a report"):
        report_json.read(text)


def test_colour_is_off_unless_wanted(report: Report) -> None:
    assert "\x1b" not in report_human.render(report, PLAIN)
    assert "\x1b[1;31mfailed" in report_human.render(report, Style(colour=True))
