"""Every example does what it says: it validates, plans, applies, and plans empty afterwards."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.e2e import images, test_source_examples
from tests.e2e.conftest import RunningCloud, StartCloud, Workspace

EXAMPLES = Path(__file__).parents[2] / "examples"
PUSHES: dict[str, tuple[tuple[str, str], ...]] = {
    "instances": (),
    "minimal": (),
    "hub-and-spoke": (("instances.hub", "apps/web:v1"), ("instances.hub", "apps/web:dev")),
    "personal-to-enterprise": (),
    "replication": (),
    "topology": (),
}
MOVED = {"instances": 0, "minimal": 0, "hub-and-spoke": 2, "personal-to-enterprise": 2, "replication": 6, "topology": 0}
FLAGS = {"instances": ("--allow-billable",)}


def test_every_example_is_run() -> None:
    assert {path.name for path in EXAMPLES.iterdir()} == {*PUSHES, *test_source_examples.MOVED}


@pytest.mark.parametrize("name", sorted(PUSHES))
def test_example(
    name: str, tmp_path: Path, start_cloud: StartCloud, workspace: Callable[[RunningCloud], Workspace]
) -> None:
    cloud = start_cloud((EXAMPLES / name / "seed.yaml").read_text())
    layout = tmp_path / "layout"
    for number, (registry, reference) in enumerate(PUSHES[name]):
        images.build(layout, f"i{number}", ("json", "email", "http", "logging")[number])
        images.push(layout, f"i{number}", f"{cloud.registries[registry]}/{reference}", cloud.creds)
    work = workspace(cloud)
    shutil.copy(EXAMPLES / name / "registry.yaml", work.folder)

    work.run("validate", "registry.yaml")
    work.run("graph", "registry.yaml", "--view", "topology")
    work.run("plan", "registry.yaml", "--detailed-exitcode", expect=2)
    planned = work.plan()
    transfers = planned["transfers"]
    assert isinstance(transfers, list)
    assert len(transfers) == MOVED[name]
    work.run("apply", "registry.yaml", "--auto-approve", *FLAGS.get(name, ()))
    work.run("plan", "registry.yaml", "--detailed-exitcode")
    work.run("drift", "registry.yaml")
