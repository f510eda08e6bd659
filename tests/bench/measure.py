"""What one whole process takes."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

PROJECT = Path(__file__).parents[2]
_STOPWATCH = Path(__file__).with_name("stopwatch.py")
_NOTHING: Mapping[str, str] = {}


@dataclass(frozen=True, slots=True)
class Cost:
    """`wall` and `cpu` (user and system) in seconds, `peak` resident memory in bytes, of the largest process."""

    wall: float
    cpu: float
    peak: int


class CommandFailed(Exception):
    """A measured command ended with another status than 0."""


@dataclass(frozen=True, slots=True)
class Bench:
    """Runs commands with the project as their working folder; files go to `scratch`.

    Python's bytecode is kept there, so that a first run of each command leaves the others what an installer leaves.
    """

    scratch: Path

    def run(self, command: Sequence[str], extra: Mapping[str, str] = _NOTHING) -> Cost:
        """`extra` is added to the environment. Raises CommandFailed."""
        result, noise = self.scratch / "cost.json", self.scratch / "noise.txt"
        environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
        environment |= {"PYTHONPYCACHEPREFIX": str(self.scratch / "bytecode"), **extra}
        with noise.open("wb") as output:
            subprocess.run(
                [sys.executable, "-I", "-S", str(_STOPWATCH), str(result), *command],
                cwd=PROJECT,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                check=True,
            )
        taken = json.loads(result.read_bytes())
        if taken["code"] != 0:
            text = noise.read_text(errors="replace")[-2000:]
            raise CommandFailed(f"`{' '.join(command)}` ended with status {taken['code']}:\n{text}")
        return Cost(float(taken["wall"]), float(taken["cpu"]), int(taken["peak"]))
