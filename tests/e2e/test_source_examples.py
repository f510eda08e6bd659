"""The examples of imports: each is applied to what its source holds, and plans empty afterwards."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.e2e import buckets, images
from tests.e2e.conftest import RunningCloud, StartCloud, Workspace
from tests.unit.transfer.lab import RealRegistry, serve

EXAMPLES = Path(__file__).parents[2] / "examples"
MOVED = {
    "import-from-bucket": ["archive/web:v1", "archive/web:v2"],
    "import-from-s3": ["apps/web:v1", "apps/web:v2"],
    "import-from-folder": ["apps/web:v1", "apps/web:v2"],
    "import-from-registry": ["apps/web:v1", "apps/web:v2", "library/nginx:1.25"],
}


@dataclass(frozen=True)
class Sources:
    registry: RealRegistry
    layout: Path


@pytest.fixture
def sources(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Sources]:
    """The same images everywhere, and where the examples look for them."""
    layout = tmp_path / "layout"
    with serve(tmp_path / "registry") as registry, buckets.s3_server(tmp_path / "s3.log") as s3:
        for tag, packages in (("v1", ["json"]), ("v2", ["json", "email"])):
            images.build(layout, tag, *packages)
            images.push(layout, tag, f"{registry.host}/apps/web:{tag}")
        images.copy(f"{registry.host}/apps/web:v1", f"{registry.host}/nginx:1.25")
        buckets.fill_s3(s3, "old-registry", registry.root)
        monkeypatch.setenv("S3_ENDPOINT", s3)
        monkeypatch.setenv("OLD_REGISTRY", registry.host)
        monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
        monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")
        yield Sources(registry, layout)


@pytest.mark.parametrize("name", sorted(MOVED))
def test_example(
    name: str, sources: Sources, start_cloud: StartCloud, workspace: Callable[[RunningCloud], Workspace]
) -> None:
    seed = (EXAMPLES / name / "seed.yaml").read_text()
    work = workspace(start_cloud(seed, buckets=(f"old-registry={sources.registry.root}",)))
    shutil.copy(EXAMPLES / name / "registry.yaml", work.folder)
    shutil.copytree(sources.layout, work.folder / "images")

    planned = work.plan()
    transfers = planned["transfers"]
    assert isinstance(transfers, list)
    assert sorted(str(transfer["target"]).partition("/")[2] for transfer in transfers) == MOVED[name]
    work.run("apply", "registry.yaml", "--auto-approve")
    work.run("plan", "registry.yaml", "--detailed-exitcode")
    work.run("drift", "registry.yaml")
