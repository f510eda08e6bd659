"""What the pages show is what happens."""

from __future__ import annotations

import json
import os
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.e2e import walkthrough
from tests.e2e.conftest import PROGRAM, RunningCloud


@contextmanager
def local_cloud(folder: Path) -> Iterator[dict[str, str]]:
    """The environment that leads to a cloud with the seed of `folder`; its registries are `$HUB`, `$PERSONAL`, …"""
    process = subprocess.Popen(
        [*PROGRAM, "emulator", "--port", "0", "--seed", str(folder / "seed.yaml"), "--speed", "50"],
        stdout=subprocess.PIPE,
        text=True,
        env={name: value for name, value in os.environ.items() if not name.lower().endswith("_proxy")},
    )
    assert process.stdout is not None
    try:
        cloud = RunningCloud(**json.loads(process.stdout.readline()))
        places = {label.split(".")[label.startswith("instances.")]: at for label, at in cloud.registries.items()}
        yield {
            **cloud.environment(),
            **{name.upper().replace("-", "_"): address for name, address in places.items()},
            "CI": "true",
            "COLUMNS": "100",
        }
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(timeout=20)
        process.stdout.close()


@pytest.mark.parametrize("page", walkthrough.pages(), ids=lambda page: page.stem)
def test_a_page_tells_the_truth(page: Path, tmp_path: Path) -> None:
    folder = walkthrough.lay_out(page, tmp_path / "work")
    wrong = []
    with local_cloud(folder) as environment:
        for entry in walkthrough.typed(page):
            told = walkthrough.answer_to(entry.command, folder, environment)
            if not walkthrough.agrees(told, entry.answer):
                wrong.append("\n".join([f"$ {entry.command}", *told]))
    assert not wrong, "these answer otherwise than the page says:\n\n" + "\n\n".join(wrong)


@pytest.mark.parametrize(
    ("told", "answer", "right"),
    [
        (["one", "two"], ("one", "two"), True),
        (["one", "two"], ("one",), False),
        (["one", "two", "three"], ("one", "…", "three"), True),
        (["one"], ("one", "…"), True),
        (["moved 3 images in 0.4s"], ("moved 3 images in 1.7s",), True),
        (["moved 3 images in 0.4s"], ("moved 4 images in 0.4s",), False),
        (["push to 127.0.0.1:3411/apps"], ("push to 127.0.0.1:5801/apps",), True),
        (["a [b] c"], ("a … c",), True),
    ],
)
def test_answers_are_compared(told: list[str], answer: tuple[str, ...], right: bool) -> None:
    assert walkthrough.agrees(told, answer) is right
