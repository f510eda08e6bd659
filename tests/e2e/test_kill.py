"""kill -9 in the middle of an apply: the next one finishes, and no finished blob is moved again."""

from __future__ import annotations

import signal
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.e2e.conftest import RunningCloud, StartCloud, Workspace
from tests.e2e.test_main_job import SEED, SPEC
from tests.unit.transfer.lab import Painter, RealRegistry, content, serve

LAYERS = 12
LAYER_SIZE = 4_000_000


def _fill(source: RealRegistry) -> None:
    client = source.client()
    web = Painter(client, "apps/web")
    layers = [content(f"layer {number}", LAYER_SIZE) for number in range(LAYERS)]
    web.image(layers[: LAYERS // 2], tag="v1")
    web.image(layers[LAYERS // 2 :], tag="v2")
    client.close()


@pytest.mark.parametrize("finished", [1, 4, 9])
def test_the_rerun_moves_no_finished_blob_again(
    finished: int,
    tmp_path: Path,
    start_cloud: StartCloud,
    workspace: Callable[[RunningCloud], Workspace],
) -> None:
    with serve(tmp_path / "source") as source, serve(tmp_path / "target") as target:
        _fill(source)
        cloud = start_cloud(SEED, f"personal.cn-hangzhou=http://{source.host}", f"instances.hub=http://{target.host}")
        work = workspace(cloud)
        work.write("registry.yaml", SPEC)
        process = work.start("apply", "registry.yaml", "--auto-approve", "--workers", "1")
        deadline = time.monotonic() + 60
        while target.blob_puts().total() < finished and process.poll() is None and time.monotonic() < deadline:
            time.sleep(0.005)
        process.send_signal(signal.SIGKILL)
        assert process.wait() == -signal.SIGKILL, "the apply ended before it was killed"
        before = target.blob_puts()
        assert finished <= before.total() < LAYERS

        work.run("apply", "registry.yaml", "--auto-approve")

        after = target.blob_puts()
        assert len(after) == LAYERS + 1  # and the config that both images share
        assert set(after.values()) == {1}
        assert "nothing to do" in work.run("plan", "registry.yaml", "--detailed-exitcode").out
