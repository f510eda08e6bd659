"""Pages that are run: their commands are typed into a shell beside a local cloud, and must answer as the page says.

A page names the folder that it starts from, `<!-- walkthrough: examples/import -->`: the local cloud begins with the
folder's `seed.yaml`, and the commands run in a copy of the folder. In its `console` blocks a line that begins with `$ `
is a command, and what follows is its answer. `…` stands for anything, alone in a line for any lines. Times, rates,
ports, ids and numbers of requests may differ. A command that fails ends with the line `exit code N`.

`python -m tests.e2e.walkthrough PAGE` writes the real answer below each command that has none yet.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
_START = re.compile(r"^<!-- walkthrough: (?P<folder>\S+) -->$", re.MULTILINE)
_BLOCK = re.compile(r"^```console\n(?P<text>.*?)^```$", re.MULTILINE | re.DOTALL)
_VARIES = (
    (re.compile(r"\b127\.0\.0\.1:\d+"), "127.0.0.1:PORT"),
    (re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\dZ?"), "TIME"),
    (re.compile(r"\b\d{8}T\d{6}Z(-\d+)?"), "TIME"),
    (re.compile(r"\b[\d.,]+ ?[kKMG]?i?B/s"), "RATE"),
    (re.compile(r"\b(\d+m ?)?[\d.]+ ?m?s\b"), "SECONDS"),
    (re.compile(r"\b(cri|crr|crn|crsr|crst|crstb|rst)-[a-z0-9]+"), r"\1-ID"),
    (re.compile(r"\b\d+ (minutes?|hours?|days?) ago|\bunder a minute ago"), "AGE ago"),
    (re.compile(r"\b[\d,]+ requests\b"), "REQUESTS"),  # waiting asks again and again
    (re.compile(r" +"), " "),  # columns are as wide as what varies
)
_ANYTHING = "…"


@dataclass(frozen=True, slots=True)
class Typed:
    """A command of a page, and the lines that answer it there."""

    command: str
    answer: tuple[str, ...]


def pages() -> list[Path]:
    return sorted(page for page in (ROOT / "docs").glob("*.md") if _START.search(page.read_text(encoding="utf-8")))


def folder_of(page: Path) -> Path:
    found = _START.search(page.read_text(encoding="utf-8"))
    if found is None:
        raise ValueError(f"{page} does not say where it starts")
    return ROOT / found["folder"]


def typed(page: Path) -> Iterator[Typed]:
    for block in _BLOCK.finditer(page.read_text(encoding="utf-8")):
        for part in re.split(r"^\$ ", block["text"], flags=re.MULTILINE)[1:]:
            command, *answer = part.rstrip("\n").split("\n")
            while command.endswith("\\"):
                command = command[:-1] + answer.pop(0)
            yield Typed(command, tuple(answer))


def answer_to(command: str, folder: Path, environment: Mapping[str, str]) -> list[str]:
    """What a shell says, both streams in their order."""
    path = f"{Path(sys.executable).parent}:{environment['PATH']}"
    done = subprocess.run(
        ["bash", "-c", command],
        cwd=folder,
        env={**environment, "PATH": path},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        stdin=subprocess.DEVNULL,
        text=True,
        timeout=120,
        check=False,
    )
    lines = [line.rstrip() for line in done.stdout.splitlines()]
    return [*lines, f"exit code {done.returncode}"] if done.returncode else lines


def agrees(told: list[str], answer: tuple[str, ...]) -> bool:
    """Whether `told` is what the page says, as far as it is the same every time."""
    pattern = "".join(
        r"(?:.*\n)*?" if line == _ANYTHING else ".*".join(map(re.escape, line.split(_ANYTHING))) + r"\n"
        for line in map(_stable, answer)
    )
    return re.fullmatch(pattern, "".join(f"{_stable(line)}\n" for line in told)) is not None


def lay_out(page: Path, place: Path) -> Path:
    """A copy of the page's folder to work in."""
    return Path(shutil.copytree(folder_of(page), place))


def _stable(line: str) -> str:
    for pattern, replacement in _VARIES:
        line = pattern.sub(replacement, line)
    return line.strip()


def _write_answers(page: Path) -> None:
    from tempfile import TemporaryDirectory

    from tests.e2e.test_walkthroughs import local_cloud

    text = page.read_text(encoding="utf-8")
    with TemporaryDirectory() as place, local_cloud(folder_of(page)) as environment:
        folder = lay_out(page, Path(place) / "work")
        for entry in typed(page):
            told = answer_to(entry.command, folder, environment)
            if not entry.answer:
                bare = re.compile(rf"^\$ {re.escape(entry.command)}\n(?=\$|```)", re.MULTILINE)
                answered = "".join(f"{line}\n" for line in (f"$ {entry.command}", *told))
                text = bare.sub(answered.replace("\\", r"\\"), text, count=1)
            elif not agrees(told, entry.answer):
                sys.stdout.write("\n".join([f"$ {entry.command}", *told, ""]))
    page.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    _write_answers(Path(sys.argv[1]))
