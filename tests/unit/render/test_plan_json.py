from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace

import pytest
from syrupy.assertion import SnapshotAssertion

from reconciler.model.json_value import Json, pretty
from reconciler.model.plan import Plan, Unmovable
from reconciler.render import plan_human, plan_json, plan_markdown
from reconciler.render.style import PLAIN


def saved(plan: Plan) -> str:
    return pretty(plan_json.to_json(plan, created="2026-11-22T01:02:03Z", tool_version="0.1.0", paths=["acr.yaml"]))


def test_the_file_is_stable(plan: Plan, snapshot: SnapshotAssertion) -> None:
    few = replace(plan, transfers=(plan.transfers[0], plan.transfers[-1]))
    assert saved(few) == snapshot


def test_the_file_keeps_its_contract(plan: Plan, empty_plan: Plan, follows: Callable[[str, str], None]) -> None:
    follows("plan.v1", saved(plan))
    follows("plan.v1", saved(empty_plan))


def test_the_same_plan_gives_the_same_bytes_in_any_order(plan: Plan) -> None:
    turned = replace(
        plan,
        changes=plan.changes[::-1],
        transfers=(plan.transfers[-1], *plan.transfers[:-1]),
        diagnostics=plan.diagnostics * 2,
    )
    assert saved(turned) == saved(plan)


def test_the_digest_is_of_the_plan_and_not_of_its_making(plan: Plan) -> None:
    def digests(created: str, tool: str) -> str:
        file = json.loads(pretty(plan_json.to_json(plan, created=created, tool_version=tool, paths=[created])))
        return str(file["digests"]["plan"])

    assert digests("now", "1") == digests("then", "2") == plan_json.plan_digest(plan)
    assert plan_json.plan_digest(replace(plan, transfers=plan.transfers[1:])) != plan_json.plan_digest(plan)
    assert plan_json.plan_digest(replace(plan, spec_digest=plan.live_digest)) != plan_json.plan_digest(plan)


def test_a_saved_plan_renders_as_the_plan_did(plan: Plan) -> None:
    back = plan_json.read(saved(plan))
    assert (back.created, back.tool_version, back.paths) == ("2026-11-22T01:02:03Z", "0.1.0", ("acr.yaml",))
    assert back.digest == plan_json.plan_digest(plan) == plan_json.plan_digest(back.plan)
    assert (back.plan.spec_digest, back.plan.live_digest) == (plan.spec_digest, plan.live_digest)
    assert plan_human.render(back.plan, PLAIN) == plan_human.render(plan, PLAIN)
    assert plan_markdown.render(back.plan) == plan_markdown.render(plan)
    assert back.plan.transfers == tuple(sorted(plan.transfers, key=lambda t: str(t.address)))
    assert back.plan.changes == tuple(
        replace(change, depends_on=tuple(sorted(change.depends_on, key=str)))
        for change in sorted(plan.changes, key=lambda c: str(c.address))
    )


def edit(**fields: Json) -> Callable[[dict[str, Json]], dict[str, Json]]:
    return lambda data: {**data, **fields}


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (edit(format_version="2.0"), "format version"),
        (edit(format_version="1.1"), "format version"),
        (edit(complete="yes"), "$.complete"),
        (edit(complete=False), "digest"),
        (edit(changes=[]), "digest"),
        (lambda data: {k: v for k, v in data.items() if k != "summary"}, "summary"),
        (edit(inputs={"paths": [1]}), "$.inputs.paths[0]"),
    ],
)
def test_anything_else_is_refused(plan: Plan, change: Callable[[dict[str, Json]], dict[str, Json]], said: str) -> None:
    with pytest.raises(plan_json.NotAPlan) as refusal:
        plan_json.read(json.dumps(change(json.loads(saved(plan)))))
    assert said in str(refusal.value)


@pytest.mark.parametrize(
    "text", ["", "[]", "null", "{", "version: 1", '{"format_version": NaN}', "[" * 200_000, '"\\ud800"', "{}"]
)
def test_other_texts_are_refused_with_a_next_step(text: str) -> None:
    with pytest.raises(plan_json.NotAPlan, match="reconciler plan --out FILE"):
        plan_json.read(text)


def test_wrong_addresses_and_images_are_refused(plan: Plan) -> None:
    for old, new in (("imports.legacy", "imported.legacy"), ("/apps/web:v1", ":v1")):
        with pytest.raises(plan_json.NotAPlan):
            plan_json.read(saved(plan).replace(old, new))
    with pytest.raises(plan_json.NotAPlan):
        plan_json.read(saved(plan).replace("store|front", "\\ud800"))


def places(value: Json) -> list[list[str | int]]:
    """The path of every value inside `value`."""
    found: list[list[str | int]] = []
    inside: list[tuple[str | int, Json]] = []
    if isinstance(value, dict):
        inside = list(value.items())
    elif isinstance(value, list):
        inside = list(enumerate(value))
    for key, item in inside:
        found += [[key], *([key, *rest] for rest in places(item))]
    return found


@pytest.mark.parametrize("other", [None, -1, 1.5, True, "\x1b[31m", "imports.x", [], {}, [None], {"a": 1}, "missing"])
def test_no_value_put_anywhere_breaks_the_reader(plan: Plan, other: Json) -> None:
    small = replace(plan, transfers=plan.transfers[:1], changes=plan.changes[1:2])
    text = saved(small)
    for path in places(json.loads(text)):
        data = json.loads(text)
        holder = data
        for key in path[:-1]:
            holder = holder[key]
        holder[path[-1]] = other
        try:
            back = plan_json.read(json.dumps(data))
        except plan_json.NotAPlan as refusal:
            assert "\x1b" not in str(refusal)
        else:
            assert plan_json.plan_digest(back.plan) == plan_json.plan_digest(small)


def test_what_cannot_be_moved_is_kept_and_told(plan: Plan, follows: Callable[[str, str], None]) -> None:
    goes = plan.transfers[0]
    ends = (goes.address, goes.source, goes.target, goes.digest)
    stuck = Unmovable(*ends, "R-IMP-20", "docker schema 1", retryable=False)
    kept = replace(stuck, rule="R-IMP-6", target=replace(goes.target, tag="v0"), as_asked=True)
    summary = replace(plan.summary, images_unmovable=1)
    left = replace(plan, unmovable=(stuck, kept), summary=summary)
    follows("plan.v1", saved(left))
    assert plan_json.read(saved(left)).plan.unmovable == (kept, stuck)
    assert "1 image that cannot be moved" in plan_human.render(left, PLAIN)
    alone = replace(left, changes=(), transfers=(), complete=False)
    assert (alone.has_changes, alone.has_to_tell) == (False, True)
    assert not replace(alone, unmovable=(kept,), complete=True).has_to_tell
