"""Running a scenario: its folder in a place of its own, its commands through the program, its output as one text."""

from __future__ import annotations

import json
import re
import shlex
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator

from reconciler.cli import run
from reconciler.live.snapshot import dump
from reconciler.model.json_value import pretty
from reconciler.spec.schema import schema_text
from tests.scenarios.cloud import read_cloud

FOLDER = Path(__file__).parent
COMMANDS = "commands"
CLOUD = "cloud.yaml"

_SCHEMAS = {"validate": "validate.v1", "plan": "plan.v1", "show": "plan.v1", "drift": "drift.v1", "graph": "graph.v1"}
_WRITTEN = {"--out": "plan.v1", "--record": "live.v1"}
_VARIES = (
    (re.compile(r'("created": )"[^"]*"'), r"\1<time>"),
    (re.compile(r'("tool_version": )"[^"]*"'), r"\1<version>"),
    (re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ"), "<time>"),
    (re.compile(r'("age_seconds": )\d+'), r"\1<age>"),
    (re.compile(r"\d+ days? ago"), "<age> ago"),
)


def scenarios() -> list[str]:
    """The names of all scenarios, `group/name`."""
    return sorted(str(file.parent.relative_to(FOLDER)) for file in FOLDER.glob(f"*/*/{COMMANDS}"))


def lay_out(name: str, place: Path) -> Path:
    """A copy of the scenario's inputs below `place`, with `live.json` made from `cloud.yaml`."""
    ours = shutil.ignore_patterns(COMMANDS, CLOUD)
    copy = Path(shutil.copytree(FOLDER / name, place / "scenario", ignore=ours))
    cloud = FOLDER / name / CLOUD
    if cloud.exists():
        (copy / "live.json").write_text(pretty(dump(read_cloud(cloud))), encoding="utf-8")
    return copy


def commands(name: str) -> Iterator[list[str]]:
    """Its commands in words; lines that start with `#` say what the scenario is about."""
    for line in (FOLDER / name / COMMANDS).read_text(encoding="utf-8").splitlines():
        if line and not line.startswith("#"):
            yield shlex.split(line)


@dataclass(frozen=True, slots=True)
class Told:
    """What one call of the program left behind."""

    code: int
    out: str
    err: str


def call(words: list[str], capsys: pytest.CaptureFixture[str]) -> Told:
    """`reconciler VERB …`, here and now; JSON is held against its schema."""
    code = run(words[1:])
    captured = capsys.readouterr()
    if "json" in words and captured.out:
        hold(json.loads(captured.out), _SCHEMAS[words[1]])
    for option, schema in _WRITTEN.items():
        file = Path(words[words.index(option) + 1]) if option in words else None
        if file is not None and file.suffix == ".json" and file.exists():
            hold(json.loads(file.read_text(encoding="utf-8")), schema)
    return Told(code, captured.out, captured.err)


def hold(document: object, schema: str) -> None:
    """Fails unless `document` follows the schema."""
    validator = Draft202012Validator(json.loads(schema_text(schema)))
    assert [f"{error.json_path}: {error.message}" for error in validator.iter_errors(document)] == []


def play(name: str, capsys: pytest.CaptureFixture[str]) -> str:
    """Every command with its exit code and output; `cp A B` stands for a person who edits a file in between."""
    parts: list[str] = []
    for words in commands(name):
        parts.append(f"$ {shlex.join(words)}\n")
        if words[0] == "cp":
            shutil.copyfile(words[1], words[2])
            continue
        told = call(words, capsys)
        parts.append(f"exit code {told.code}\n")
        parts += [f"--- {stream}\n{text}" for stream, text in (("stdout", told.out), ("stderr", told.err)) if text]
        parts.append("\n")
    return stable("".join(parts).rstrip("\n") + "\n")


def stable(text: str) -> str:
    """`text` without what differs from run to run and from release to release."""
    for pattern, replacement in _VARIES:
        text = pattern.sub(replacement, text)
    return text
