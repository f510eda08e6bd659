"""The same 60 images from every kind of source: equal digests at the target, and nothing to do the second time."""

from __future__ import annotations

import hashlib
import subprocess
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import pytest

from reconciler.model.json_value import Json
from tests.e2e import buckets
from tests.e2e.conftest import RunningCloud, StartCloud, Workspace
from tests.unit.transfer.lab import Painter, RealRegistry, content, serve

REPOSITORIES = ("apps/web", "apps/api", "apps/tool", "base/os")
TAGS = tuple(f"v{number:02}" for number in range(15))

SOURCES = ("personal", "registry", "directory", "s3", "oss", "layout")

SEED = """\
version: 1
instances:
{instances}
personal:
  cn-hangzhou:
    namespaces: {{apps: {{auto_create: true}}, base: {{auto_create: true}}}}
"""
SPEC = """\
version: 1
instances:
{instances}
vpcs:
  main: {{instance: personal, vpc: vpc-1, vswitch: vsw-1}}
  oss: {{instance: oss, vpc: vpc-1, vswitch: vsw-1}}
imports:
  personal:
    target: personal
    vpc: main
    source: {{type: personal, region: cn-hangzhou, namespaces: [apps, base]}}
  registry:
    target: registry
    source: {{type: registry, url: 'http://{registry}'}}
  directory:
    target: directory
    source: {{type: directory, path: {directory}}}
  s3:
    target: s3
    source: {{type: s3, endpoint: '{s3}', region: us-east-1, bucket: old-registry, prefix: copied}}
  oss:
    target: oss
    vpc: oss
    source: {{type: oss, region: cn-hangzhou, bucket: old-registry}}
  layout:
    target: layout
    source: {{type: directory, path: {layout}}}
"""


def paint(registry: RealRegistry) -> None:
    """60 tags in 4 repositories: layers of all, of a repository and of an image, indexes, and one tag that moved."""
    client = registry.client()
    for path in REPOSITORIES:
        painter = Painter(client, path)
        shared = [content("everywhere", 4096), content(path, 2048)]
        painter.image([*shared, b"before it moved"], tag="v07")
        for number, tag in enumerate(TAGS):
            own = content(f"{path}:{tag}", 70_000 if number == 1 else 512)
            if number % 5 == 4:
                children = [painter.image([*shared, own]), painter.image([*shared, own + b" for arm"])]
                painter.index(children, tag=tag)
            else:
                painter.image([*shared, own], tag=tag, docker=number % 2 == 1)
    client.close()


def as_layout(registry: RealRegistry, layout: Path) -> None:
    for path in REPOSITORIES:
        for tag in TAGS:
            source, target = f"docker://{registry.host}/{path}:{tag}", f"oci:{layout}:{path}:{tag}"
            command = ["skopeo", "copy", "--all", "--preserve-digests", "--src-tls-verify=false", source, target]
            subprocess.run(command, check=True, capture_output=True)


def digests(host: str, creds: str | None = None) -> Mapping[str, str]:
    """Of every image, of the bytes that skopeo reads."""
    login = ["--creds", creds] if creds else []

    def read(name: str) -> str:
        command = ["skopeo", "inspect", "--raw", "--tls-verify=false", *login, f"docker://{host}/{name}"]
        return hashlib.sha256(subprocess.run(command, check=True, capture_output=True).stdout).hexdigest()

    names = [f"{path}:{tag}" for path in REPOSITORIES for tag in TAGS]
    with ThreadPoolExecutor(4) as pool:
        return dict(zip(names, pool.map(read, names), strict=True))


@dataclass(frozen=True)
class World:
    work: Workspace
    cloud: RunningCloud
    source: RealRegistry
    s3_log: Path


@pytest.fixture
def world(
    tmp_path: Path,
    start_cloud: StartCloud,
    workspace: Callable[[RunningCloud], Workspace],
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[World]:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")
    log = tmp_path / "s3.log"
    with serve(tmp_path / "source") as source, buckets.s3_server(log) as s3:
        paint(source)
        as_layout(source, tmp_path / "layout")
        buckets.fill_s3(s3, "old-registry", source.root, "copied/")
        names = "\n".join(f"  {name}: {{region: cn-hangzhou, edition: basic, name: acme-{name}}}" for name in SOURCES)
        behind = f"personal.cn-hangzhou=http://{source.host}"
        cloud = start_cloud(SEED.format(instances=names), behind, buckets=(f"old-registry={source.root}",))
        work = workspace(cloud)
        places = {"registry": source.host, "directory": source.root, "s3": s3, "layout": tmp_path / "layout"}
        work.write("registry.yaml", SPEC.format(instances=names, **places))
        yield World(work, cloud, source, log)


def test_the_same_images_from_every_source(world: World) -> None:
    planned = world.work.plan()
    assert len(transfers(planned)) == 60 * len(SOURCES)

    world.work.run("apply", "registry.yaml", "--auto-approve")

    expected = digests(world.source.host)
    for name in SOURCES:
        assert digests(world.cloud.registries[f"instances.{name}"], world.cloud.creds) == expected, name

    before, seen = len(world.source.requests()), world.s3_log.stat().st_size
    assert "nothing to do" in world.work.run("apply", "registry.yaml", "--auto-approve").out.lower()
    again = [path for _, path, _ in world.source.requests()[before:]]
    assert not [path for path in again if "/blobs/" in path]
    assert b"/data" not in world.s3_log.read_bytes()[seen:]
    world.work.run("drift", "registry.yaml")


def transfers(planned: Mapping[str, object]) -> list[Json]:
    found = planned["transfers"]
    assert isinstance(found, list)
    return found
