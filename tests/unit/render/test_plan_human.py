from __future__ import annotations

from dataclasses import replace

import pytest
from syrupy.assertion import SnapshotAssertion

from reconciler.model import address
from reconciler.model.diagnostic import Diagnostic, Severity
from reconciler.model.plan import Action, Change, FieldChange, Plan
from reconciler.render import plan_human
from reconciler.render.field_text import value_text
from reconciler.render.plan_groups import summary_line
from reconciler.render.style import PLAIN, Style


def test_a_plan_reads_well(plan: Plan, snapshot: SnapshotAssertion) -> None:
    assert plan_human.render(plan, PLAIN) == snapshot


def test_every_image_is_listed_when_asked_for(plan: Plan) -> None:
    text = plan_human.render(plan, PLAIN, verbose=True)
    assert all(f"{t.target.repository}:{t.target.tag} " in text for t in plan.transfers)
    assert "more image" not in text


def test_colours_change_nothing_but_colour(plan: Plan, snapshot: SnapshotAssertion) -> None:
    coloured = plan_human.render(plan, Style(colour=True))
    assert coloured.splitlines()[:4] == snapshot
    assert "\x1b" not in plan_human.render(plan, PLAIN)


def test_an_empty_plan_is_one_line(empty_plan: Plan) -> None:
    assert plan_human.render(empty_plan, PLAIN) == "nothing to do: 9 resources and 42 images are as declared\n"


def test_an_empty_plan_that_is_not_sure_does_not_say_so(empty_plan: Plan) -> None:
    assert "nothing to do:" not in summary_line(replace(empty_plan, complete=False))
    failed = replace(empty_plan, diagnostics=(Diagnostic("R-NAME-1", Severity.ERROR, "wrong"),))
    assert summary_line(failed) == "plan: nothing can be planned before the errors are solved"


def test_warnings_stand_before_errors_and_both_before_the_summary(plan: Plan) -> None:
    error = Diagnostic("R-NAME-1", Severity.ERROR, "wrong name")
    text = plan_human.render(replace(plan, diagnostics=(error, *plan.diagnostics)), PLAIN)
    assert text.index("warning[R-SAFE-2]") < text.index("error[R-NAME-1]") < text.index("plan: 1 to create")
    assert text.endswith("; not applyable before the errors are solved\n")


def test_images_whose_change_is_left_out_are_still_shown(plan: Plan) -> None:
    text = plan_human.render(replace(plan, changes=()), PLAIN)
    assert "imports.legacy: 12 images" in text


def test_what_the_cloud_says_cannot_drive_the_terminal(empty_plan: Plan) -> None:
    change = Change(
        address.repository("hub", "apps/web"), Action.UPDATE, "\x1b[2J", (FieldChange("summary", "\x1b[31m", "a\nb"),)
    )
    text = plan_human.render(replace(empty_plan, changes=(change,)), PLAIN)
    assert "\x1b" not in text
    assert "a\nb" not in text


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, "(none)"),
        ("private", "private"),
        (".*", ".*"),
        ("x", "x"),
        ("a -> b", '"a -> b"'),
        ("", '""'),
        ("true", '"true"'),
        (True, "true"),
        ("1.10", '"1.10"'),
        (3, "3"),
        (" x", '" x"'),
        ("x ", '"x "'),
        (["b", 1], '["b",1]'),
        ("(none)", '"(none)"'),
    ],
)
def test_values_cannot_be_taken_for_others(value: str | int | list[str | int] | None, text: str) -> None:
    assert value_text(value) == text
