from __future__ import annotations

import re
from dataclasses import replace

import pytest
from syrupy.assertion import SnapshotAssertion

from reconciler.model import address
from reconciler.model.diagnostic import Diagnostic, Severity
from reconciler.model.plan import Action, Change, FieldChange, Plan
from reconciler.render import plan_markdown
from reconciler.render.markdown import LIMIT, code, prose


def test_a_comment_reads_well(plan: Plan, snapshot: SnapshotAssertion) -> None:
    few = replace(plan, transfers=(plan.transfers[0], plan.transfers[-1]))
    assert plan_markdown.render(few) == snapshot


def test_an_empty_plan_is_a_heading_and_a_line(empty_plan: Plan) -> None:
    text = plan_markdown.render(empty_plan)
    assert text == "## Registry plan\n\nnothing to do: 9 resources and 42 images are as declared\n"


@pytest.mark.parametrize(
    "hostile",
    [
        "a|b",
        "`x`",
        "</code><script>",
        "![x](http://x)",
        "@team",
        "#12",
        "**b**",
        "x\ny",
        "$x$",
        "\x1b[1m",
        "</details>",
    ],
)
def test_values_stay_inside_their_cell(empty_plan: Plan, hostile: str) -> None:
    change = Change(
        address.repository("hub", "apps/web"), Action.UPDATE, hostile, (FieldChange("summary", hostile, hostile),)
    )
    error = Diagnostic("R-NAME-1", Severity.ERROR, hostile, hint=hostile)
    text = plan_markdown.render(replace(empty_plan, changes=(change,), diagnostics=(error,)))
    rows = [line for line in text.splitlines() if line.startswith("| ")]
    assert [row.count("|") for row in rows] == [5] * 6
    assert text.count("</details>") == 2
    markup = re.sub(r"</?(?:code|details|summary)(?: open)?>|<br>|\| -+ .*", "", text)
    assert not re.search(r"[<>`*_$@]|!\[|\x1b|www\.|://", markup)


def test_quoted_words_are_code_and_mentions_are_broken() -> None:
    assert prose("set `a|b` for @team, see #12") == (
        "set <code>a&#124;b</code> for &#64;&#8203;team, see &#35;&#8203;12"
    )
    assert code("a_b") == "<code>a&#95;b</code>"


def test_a_long_plan_is_cut_and_says_so(plan: Plan) -> None:
    transfers = tuple(
        replace(plan.transfers[0], target=replace(plan.transfers[0].target, tag=f"v{n}")) for n in range(5000)
    )
    text = plan_markdown.render(replace(plan, transfers=transfers))
    assert len(text) < LIMIT
    assert text.startswith("## Registry plan\n\nplan: 1 to create")
    shown = text.count("apps-prod/web&#58;v")
    assert f"Left out for length: images ({5000 - shown:,}). " in text
    assert text.count("<details") == text.count("</details>")


def test_one_long_value_leaves_room_for_the_others(empty_plan: Plan) -> None:
    changes = tuple(
        Change(
            address.repository("hub", f"apps/r{n}"),
            Action.UPDATE,
            "r" * 100_000,
            (FieldChange("summary", "x" * 100_000, "|" * 100_000),),
        )
        for n in range(10)
    )
    text = plan_markdown.render(replace(empty_plan, changes=changes))
    assert all(f"apps/r{n}" in text for n in range(10))


def test_a_small_limit_still_keeps_the_summary(plan: Plan) -> None:
    text = plan_markdown.render(plan, limit=900)
    assert len(text) < 900
    assert "Left out for length: warnings (1), changes (6), images (13). " in text
