"""What holds for every plan, shown on one: no network, and the same bytes whatever the order of the files."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from reconciler.cli import run
from tests.scenarios.conftest import NetworkUsed
from tests.scenarios.scenario import call, stable

PLAN = ["reconciler", "plan", "--live", "live.json", "--format", "json"]
WITH_IMAGES = pytest.mark.parametrize("name", ["plan/import-then-replicated"])


@WITH_IMAGES
def test_a_recorded_live_state_needs_no_network(
    name: str, here: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert call(PLAN, capsys).code == 0, name
    monkeypatch.setenv("ALIBABA_CLOUD_ACCESS_KEY_ID", "id")
    monkeypatch.setenv("ALIBABA_CLOUD_ACCESS_KEY_SECRET", "secret")
    with pytest.raises(NetworkUsed):  # so the guard of these tests does guard
        run(["plan", "--endpoint-url", "http://127.0.0.1:9", str(here)])


@WITH_IMAGES
def test_the_same_inputs_give_the_same_bytes(name: str, here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    first, second = (stable(call(PLAN, capsys).out) for _ in range(2))
    assert first == second, (name, here)


@WITH_IMAGES
def test_neither_order_nor_number_of_files_matters(name: str, here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    whole = call([*PLAN, "registry.yaml"], capsys)
    parts = _by_key(here / "registry.yaml")
    for paths in (parts, parts[::-1]):
        assert _without_places(call([*PLAN, *paths], capsys).out) == _without_places(whole.out), name


def _by_key(file: Path) -> list[str]:
    """The spec with each of its top-level keys in a file of its own."""
    lines = file.read_text(encoding="utf-8").splitlines()
    starts = [number for number, line in enumerate(lines) if line[0].isalpha()]
    sections = [lines[start:end] for start, end in zip(starts, [*starts[1:], len(lines)], strict=True)]
    names = []
    for section in sections[1:]:
        part = file.with_name(f"{section[0].rstrip(':')}.yaml")
        part.write_text("\n".join([*sections[0], *section]) + "\n", encoding="utf-8")
        names.append(part.name)
    return names


def _without_places(text: str) -> object:
    """A plan without what says when it was made, from which files, and where in them something stands."""
    plan = json.loads(text)
    del plan["created"], plan["inputs"], plan["digests"]["plan"]
    for diagnostic in plan["diagnostics"]:
        del diagnostic["file"], diagnostic["line"], diagnostic["column"]
    return plan
