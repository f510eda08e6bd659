"""The examples of imports: each is applied to what its source holds, and plans empty afterwards."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from tests.e2e import buckets, images
from tests.e2e.conftest import RunningCloud, StartCloud, Workspace
from tests.unit.transfer.lab import Painter, RealRegistry, serve

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


def test_one_damaged_image_stops_no_other(
    sources: Sources, start_cloud: StartCloud, workspace: Callable[[RunningCloud], Workspace]
) -> None:
    """A blob that is not there, and one that was cut off: each fails its image, with the reason, and the rest moves."""
    seed = (EXAMPLES / "import-from-folder" / "seed.yaml").read_text()
    work = workspace(start_cloud(seed))
    tree = Path(shutil.copytree(sources.registry.root, work.folder / "images"))
    client = sources.registry.client()
    for tag in ("good", "missing", "cut"):
        Painter(client, "apps/api").image([tag.encode() * 100], tag=tag)
    shutil.copytree(sources.registry.root, tree, dirs_exist_ok=True)
    damaged = replace(sources.registry, root=tree)
    for tag in ("missing", "cut"):
        layer = damaged.stored(client.manifest("apps/api", tag).content.blobs[1].digest)
        if tag == "missing":
            layer.unlink()
        else:
            layer.write_bytes(layer.read_bytes()[:-1])
    client.close()
    spec = (EXAMPLES / "import-from-folder" / "registry.yaml").read_text()
    work.write("registry.yaml", spec.replace("repository: apps/web", "namespaces: [apps]"))

    told = work.run("apply", "registry.yaml", "--auto-approve", "--report", "report.json", expect=3)

    report = json.loads((work.folder / "report.json").read_text())
    failed = {image["target"].rpartition(":")[2]: image for image in report["images"] if image["result"] == "failed"}
    assert set(failed) == {"missing", "cut"}
    assert "is not in the store" in failed["missing"]["reason"]
    assert "has 299 bytes in the store and 300 in its manifest" in failed["cut"]["reason"]
    assert not failed["cut"]["retryable"]
    assert told.out
