"""kill -9 at drawn moments of a copy: the next run finishes it, and sends little again.

`KILL_MOMENTS` and `KILL_MIB` say how often and with how large an image; the default is made for every day.
"""

from __future__ import annotations

import contextlib
import os
import random
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from reconciler.emulator.server import LocalCloud
from reconciler.model.spec import Desired, Edition, Instance, Namespace, Visibility
from tests.faults.copying import REPOSITORY, TAG, Place, copy, plan
from tests.unit.transfer.lab import Painter, RealRegistry, content, holdings, serve

MIB = 1024 * 1024
MOMENTS = int(os.environ.get("KILL_MOMENTS", "6"))
SIZE = int(os.environ.get("KILL_MIB", "48")) * MIB
PIECE = max(SIZE // 32, MIB)
LAYERS = (SIZE // 2, SIZE // 4, SIZE // 8, SIZE // 8)
UNDER_WAY = 256 * 1024
"""Bytes of one buffer, which may be sent and not counted yet when the kill comes."""


@dataclass(frozen=True)
class Killed:
    """What the first run had sent when it was killed, and what the second one sent; all of it is `size`."""

    first: int
    second: int
    size: int

    @property
    def again(self) -> int:
        return self.first + self.second - self.size


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    """A folder for large things, which are not kept after the test."""
    yield tmp_path
    shutil.rmtree(tmp_path)


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RealRegistry]:
    root = tmp_path_factory.mktemp("source")
    with serve(root) as registry:
        client = registry.client()
        Painter(client, REPOSITORY).image([content(f"layer {n}", size) for n, size in enumerate(LAYERS)], tag=TAG)
        client.close()
        yield registry
    shutil.rmtree(root)


@contextlib.contextmanager
def local_cloud(folder: Path) -> Iterator[Place]:
    """A registry that lets an upload be continued in the middle of a piece."""
    hub = Instance("hub", "cn-hangzhou", "acme-hub", Edition.ADVANCED)
    account = Desired(instances=(hub,), namespaces=(Namespace("hub", "prod", True, Visibility.PRIVATE),))
    with LocalCloud.start(account, state=folder) as cloud:
        yield Place(cloud.registries["instances.hub"], ":".join(cloud.access_key), PIECE)


def kill_and_go_on(source: RealRegistry, target: Place, folder: Path, moment: float, below: str) -> Killed:
    """Kill a copy when it has sent the share `moment` of its bytes, and run it again to its end."""
    folder.mkdir()
    journal, counter = folder / "journal", folder / "sent"
    root = Path(__file__).parents[2]
    command = [sys.executable, "-m", "tests.faults.copying"]
    arguments = [source.host, target.host, target.login, str(target.piece), below, str(journal), str(counter)]
    process = subprocess.Popen(
        [*command, *arguments], cwd=root, env={**os.environ, "PYTHONPATH": str(root)}, stdout=subprocess.PIPE
    )
    assert process.stdout is not None
    assert process.stdout.readline() == b"ready\n"
    while process.poll() is None and _sent(counter) < moment * SIZE:
        time.sleep(0.001)
    process.kill()
    process.wait()
    process.stdout.close()
    first = _sent(counter)

    places = Place(source.host), target
    ordered = plan(*places, below)
    sizes = {blob.digest: blob.size for manifest in ordered.contents.values() for blob in manifest.blobs}
    second = 0

    def count(sent: int) -> None:
        nonlocal second
        second += sent

    result = copy(ordered, places, journal, count)
    assert [outcome.reason for outcome in result.outcomes] == [""]
    assert holdings(target, ordered.transfers)
    return Killed(first, second, sum(sizes.values()))


def _sent(counter: Path) -> int:
    return int.from_bytes(counter.read_bytes(), "little") if counter.exists() else 0


def moments() -> list[float]:
    draw = random.Random(9)
    return [draw.random() for _ in range(MOMENTS)]


def test_an_upload_goes_on_where_it_was_killed(source: RealRegistry, folder: Path) -> None:
    with local_cloud(folder / "cloud") as target:
        for number, moment in enumerate(moments()):
            killed = kill_and_go_on(source, target, folder / str(number), moment, f"prod/n{number}")
            assert -UNDER_WAY <= killed.again < PIECE, f"moment {moment}"


def test_docker_registry_gets_no_finished_blob_again(source: RealRegistry, folder: Path) -> None:
    """It lets nobody go on after half a piece, so the one blob that was under way may be sent as a whole."""
    with serve(folder / "target") as registry:
        target = Place(registry.host, piece=PIECE)
        for number, moment in enumerate(moments()):
            killed = kill_and_go_on(source, target, folder / str(number), moment, f"n{number}")
            assert -UNDER_WAY <= killed.again <= max(LAYERS), f"moment {moment}"
            for abandoned in registry.root.rglob(f"n{number}/**/_uploads"):
                shutil.rmtree(abandoned)
        assert set(_completed(registry).values()) == {1}


def _completed(registry: RealRegistry) -> dict[tuple[str, str], int]:
    """How often each blob was completed in each repository."""
    found: dict[tuple[str, str], int] = {}
    for method, path, status in registry.requests():
        if method == "PUT" and "digest=" in path and status == 201:
            key = path.split("/blobs/")[0], path.rsplit("digest=", 1)[1]
            found[key] = found.get(key, 0) + 1
    return found
