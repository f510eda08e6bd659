"""The installed program, a local cloud in a process of its own, and the programs that check on both."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest

PROGRAM = (sys.executable, "-m", "reconciler.cli")


@dataclass(frozen=True)
class Done:
    code: int
    out: str
    err: str


@dataclass(frozen=True)
class RunningCloud:
    """What `reconciler emulator` printed when it was ready."""

    endpoint: str
    access_key_id: str
    access_key_secret: str
    registries: Mapping[str, str]

    @property
    def creds(self) -> str:
        return f"{self.access_key_id}:{self.access_key_secret}"

    def environment(self) -> dict[str, str]:
        return {
            **{name: value for name, value in os.environ.items() if not name.lower().endswith("_proxy")},
            "RECONCILER_ENDPOINT_URL": self.endpoint,
            "ALIBABA_CLOUD_ACCESS_KEY_ID": self.access_key_id,
            "ALIBABA_CLOUD_ACCESS_KEY_SECRET": self.access_key_secret,
            "NO_COLOR": "1",
        }


@dataclass(frozen=True)
class Workspace:
    """A folder with specs in it, and the program run there against a cloud."""

    folder: Path
    cloud: RunningCloud

    def write(self, name: str, text: str) -> Path:
        path = self.folder / name
        path.write_text(text)
        return path

    def run(self, *arguments: str, expect: int | None = 0) -> Done:
        result = subprocess.run(
            [*PROGRAM, *arguments],
            cwd=self.folder,
            env=self.cloud.environment(),
            capture_output=True,
            text=True,
            timeout=120,
            stdin=subprocess.DEVNULL,
        )
        if expect is not None:
            assert result.returncode == expect, result.stdout + result.stderr
        return Done(result.returncode, result.stdout, result.stderr)

    def start(self, *arguments: str) -> subprocess.Popen[bytes]:
        return subprocess.Popen(
            [*PROGRAM, *arguments],
            cwd=self.folder,
            env=self.cloud.environment(),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            stdin=subprocess.DEVNULL,
        )

    def plan(self) -> dict[str, object]:
        found: dict[str, object] = json.loads(self.run("plan", "registry.yaml", "--format", "json").out)
        return found


StartCloud = Callable[..., RunningCloud]


@pytest.fixture
def start_cloud(tmp_path: Path) -> Iterator[StartCloud]:
    """`start_cloud(seed_text, "instances.hub=http://…")` gives a running local cloud."""
    running: list[subprocess.Popen[str]] = []

    def start(seed: str, *registries: str, buckets: Sequence[str] = ()) -> RunningCloud:
        file = tmp_path / f"seed-{len(running)}.yaml"
        file.write_text(seed)
        behind = [argument for registry in registries for argument in ("--registry", registry)]
        behind += [argument for bucket in buckets for argument in ("--bucket", bucket)]
        process = subprocess.Popen(
            [*PROGRAM, "emulator", "--port", "0", "--seed", str(file), "--speed", "50", *behind],
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            env={name: value for name, value in os.environ.items() if not name.lower().endswith("_proxy")},
        )
        running.append(process)
        assert process.stdout is not None
        line = process.stdout.readline()
        assert line, f"the local cloud ended with {process.wait()}"
        return RunningCloud(**json.loads(line))

    yield start
    for process in running:
        process.send_signal(signal.SIGTERM)
        process.wait(timeout=20)
        if process.stdout is not None:
            process.stdout.close()


@pytest.fixture
def workspace(tmp_path: Path) -> Callable[[RunningCloud], Workspace]:
    def make(cloud: RunningCloud) -> Workspace:
        folder = tmp_path / "work"
        folder.mkdir()
        return Workspace(folder, cloud)

    return make
