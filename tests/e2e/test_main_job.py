"""The main job on real registries: docker-registry on both sides, images by umoci, digests read by skopeo."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.e2e import images
from tests.e2e.conftest import RunningCloud, StartCloud, Workspace
from tests.unit.transfer.lab import RealRegistry, serve

SEED = """\
version: 1
instances:
  hub: {region: cn-hangzhou, edition: advanced, name: acme-hub}
  eu: {region: eu-central-1, edition: basic, name: acme-eu}
personal:
  cn-hangzhou:
    namespaces: {apps: {auto_create: true, visibility: private}}
"""

SPEC = """\
version: 1
instances:
  hub:
    region: cn-hangzhou
    edition: advanced
    name: acme-hub
  eu:
    region: eu-central-1
    edition: basic
    name: acme-eu
    namespaces: {apps: {auto_create: true, visibility: private}}
vpcs:
  main: {instance: hub, vpc: vpc-1, vswitch: vsw-1}
imports:
  legacy:
    target: hub
    vpc: main
    source: {type: personal, region: cn-hangzhou, namespaces: [apps]}
    images: {latest: 10, tags: 'v.*'}
replications:
  apps: {source: hub, targets: [eu], level: namespace, namespace: apps, backfill: all}
"""

TAGS = (("apps/web", "v1"), ("apps/web", "v2"), ("apps/api", "v1"))


@pytest.fixture
def registries(tmp_path: Path) -> Iterator[tuple[RealRegistry, RealRegistry]]:
    """A source that umoci and skopeo filled, and an empty target."""
    layout = tmp_path / "layout"
    images.build(layout, "web1", "json", "email")
    images.build(layout, "web2", "json", "email", "http")
    images.build(layout, "api1", "json", "asyncio")
    images.build(layout, "dev1", "logging")
    with serve(tmp_path / "source") as source, serve(tmp_path / "target") as target:
        for tag, name in (("web1", "web:v1"), ("web2", "web:v2"), ("api1", "api:v1"), ("dev1", "web:dev-1")):
            images.push(layout, tag, f"{source.host}/apps/{name}")
        yield source, target


def test_images_move_from_personal_to_the_hub_and_on_to_a_replica(
    registries: tuple[RealRegistry, RealRegistry],
    start_cloud: StartCloud,
    workspace: Callable[[RunningCloud], Workspace],
) -> None:
    source, target = registries
    cloud = start_cloud(SEED, f"personal.cn-hangzhou=http://{source.host}", f"instances.hub=http://{target.host}")
    work = workspace(cloud)
    work.write("registry.yaml", SPEC)

    planned = work.plan()
    work.run("apply", "registry.yaml", "--auto-approve", "--report", "report.json")

    for repository, tag in TAGS:
        there = images.digest(f"{source.host}/{repository}:{tag}")
        assert there is not None
        assert images.digest(f"{target.host}/{repository}:{tag}") == there
        assert images.digest(f"{cloud.registries['instances.eu']}/{repository}:{tag}", cloud.creds) == there
    assert images.digest(f"{target.host}/apps/web:dev-1") is None
    _report_keeps_the_plans_promise(planned, json.loads((work.folder / "report.json").read_text()))
    again = work.run("plan", "registry.yaml", "--detailed-exitcode")
    assert "nothing to do" in again.out
    assert all(count == 1 for count in target.blob_puts().values())

    images.copy(f"{target.host}/apps/web:v1", f"{target.host}/apps/web:v2")
    drifted = work.run("drift", "registry.yaml", expect=2)
    assert "apps/web:v2: different" in drifted.out


def _report_keeps_the_plans_promise(planned: dict[str, object], report: dict[str, object]) -> None:
    summary, totals = planned["summary"], report["totals"]
    assert isinstance(summary, dict)
    assert isinstance(totals, dict)
    assert totals["bytes_moved"] == summary["bytes"]
    assert totals["imported"] == summary["images"]


def test_only_what_is_pushed_after_the_rule_is_replicated_and_the_plan_offers_the_rest(
    tmp_path: Path,
    start_cloud: StartCloud,
    workspace: Callable[[RunningCloud], Workspace],
) -> None:
    cloud = start_cloud(SEED.replace("name: acme-hub}", "name: acme-hub, namespaces: {apps: {auto_create: true}}}"))
    hub, replica = cloud.registries["instances.hub"], cloud.registries["instances.eu"]
    work = workspace(cloud)
    replication = SPEC[SPEC.index("replications:") :].replace("backfill: all", "backfill: none")
    spec = SPEC[: SPEC.index("vpcs:")].replace(
        "name: acme-hub\n", "name: acme-hub\n    namespaces: {apps: {auto_create: true}}\n"
    )
    layout = tmp_path / "layout"
    images.build(layout, "old", "json")
    images.build(layout, "new", "email")
    images.push(layout, "old", f"{hub}/apps/web:old", cloud.creds)

    work.write("registry.yaml", spec + replication)
    work.run("apply", "registry.yaml", "--auto-approve")
    images.push(layout, "new", f"{hub}/apps/web:new", cloud.creds)

    pushed = images.digest(f"{hub}/apps/web:new", cloud.creds)
    assert _eventually(lambda: images.digest(f"{replica}/apps/web:new", cloud.creds) == pushed)
    assert images.digest(f"{replica}/apps/web:old", cloud.creds) is None
    assert "R-REP-2" in work.run("plan", "registry.yaml").out

    work.write("registry.yaml", spec + replication.replace("backfill: none", "backfill: missing"))
    transfers = work.plan()["transfers"]
    assert isinstance(transfers, list)
    assert [transfer["target"] for transfer in transfers] == [f"{replica}/apps/web:old"]
    work.run("apply", "registry.yaml", "--auto-approve")
    assert images.digest(f"{replica}/apps/web:old", cloud.creds) == images.digest(f"{hub}/apps/web:old", cloud.creds)


def test_a_saved_plan_is_refused_after_the_specs_or_the_live_state_changed(
    tmp_path: Path,
    start_cloud: StartCloud,
    workspace: Callable[[RunningCloud], Workspace],
) -> None:
    cloud = start_cloud(SEED)
    work = workspace(cloud)
    work.write("registry.yaml", SPEC)
    layout = tmp_path / "layout"
    images.build(layout, "web", "json")
    personal = cloud.registries["personal.cn-hangzhou"]
    images.push(layout, "web", f"{personal}/apps/web:v1", cloud.creds)
    work.run("plan", "registry.yaml", "--out", "plan.json")

    images.push(layout, "web", f"{personal}/apps/web:v2", cloud.creds)
    refused = work.run("apply", "plan.json", "--auto-approve", expect=1)
    assert "the live state has changed" in refused.err

    work.run("plan", "registry.yaml", "--out", "plan.json")
    work.write("registry.yaml", SPEC.replace("latest: 10", "latest: 1"))
    refused = work.run("apply", "plan.json", "--auto-approve", expect=1)
    assert "the specs have changed" in refused.err

    work.write("registry.yaml", SPEC)
    work.run("apply", "plan.json", "--auto-approve")
    refused = work.run("apply", "plan.json", "--auto-approve", expect=1)
    assert "stale" in refused.err


def _eventually(reached: Callable[[], bool]) -> bool:
    for _ in range(100):
        if reached():
            return True
        time.sleep(0.1)
    return False
