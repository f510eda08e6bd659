"""Replication that converges: what was pushed before the rules, after them and between them is at every target."""

from __future__ import annotations

import json
import signal
import subprocess
import time
from concurrent.futures import ThreadPoolExecutor
from hashlib import sha256
from pathlib import Path

from reconciler.emulator.faults import TaskFault
from reconciler.emulator.scene.images import push
from reconciler.model.image import Digest
from tests.e2e.stage import EU, HUB, Stage, picture, staged

TARGETS = ("eu", "sg", "us")
REPOSITORIES = ("apps/api", "apps/job", "apps/web")
SEED = """\
version: 1
instances:
  hub: {region: cn-hangzhou, edition: advanced, name: acme-hub, namespaces: {apps: {auto_create: true}}}
  eu: {region: eu-central-1, edition: basic, name: acme-eu}
  sg: {region: ap-southeast-1, edition: basic, name: acme-sg}
  us: {region: us-west-1, edition: advanced, name: acme-us}
"""
SPEC = """\
version: 1
instances:
  hub: {region: cn-hangzhou, edition: advanced, name: acme-hub, namespaces: {apps: {auto_create: true}}}
  eu: {region: eu-central-1, edition: basic, name: acme-eu, namespaces: {apps: {auto_create: true}}}
  sg: {region: ap-southeast-1, edition: basic, name: acme-sg, namespaces: {apps: {auto_create: true}}}
  us: {region: us-west-1, edition: advanced, name: acme-us, namespaces: {apps: {auto_create: true}}}
replications:
  apps: {source: hub, targets: [eu, sg, us], level: namespace, namespace: apps, backfill: all}
"""


def _push(stage: Stage, numbers: range) -> dict[str, Digest]:
    """Small images, spread over the repositories; digest by `repository:tag`."""
    with stage.registry(HUB) as registry, ThreadPoolExecutor(4) as pool:

        def one(number: int) -> tuple[str, Digest]:
            repository, tag = REPOSITORIES[number % len(REPOSITORIES)], f"v{number}"
            return f"{repository}:{tag}", push(registry, repository, picture(f"image {number}", 200), tag)

        return dict(pool.map(one, numbers))


def _skopeo(verb: str, *words: str) -> None:
    done = subprocess.run(["skopeo", verb, *words], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def _login(stage: Stage, option: str = "--creds") -> tuple[str, str]:
    return option, stage.work.cloud.creds


def _pulled(stage: Stage, target: str, place: Path) -> dict[str, Digest]:
    """Everything that skopeo can pull from a target, as digest by `repository:tag`."""
    found: dict[str, Digest] = {}
    for repository in REPOSITORIES:
        folder = place / target / repository
        folder.mkdir(parents=True)
        source = f"{stage.local.registries[f'instances.{target}']}/{repository}"
        options = ("--src=docker", "--dest=dir", "--src-tls-verify=false", *_login(stage, "--src-creds"))
        _skopeo("sync", *options, source, str(folder))
        for manifest in folder.glob("*/manifest.json"):
            tag = manifest.parent.name.partition(":")[2]
            found[f"{repository}:{tag}"] = Digest(f"sha256:{sha256(manifest.read_bytes()).hexdigest()}")
    return found


def test_all_images_reach_all_targets_and_what_is_changed_there_is_healed(tmp_path: Path) -> None:
    with staged(tmp_path, seed=SEED, spec=SPEC) as stage:
        expected = _push(stage, range(200))
        applied = stage.apply()
        assert "600 imported" in applied
        expected |= _push(stage, range(200, 250))
        stage.run("apply", "registry.yaml", "--auto-approve", expect=0)
        for target in TARGETS:
            assert _pulled(stage, target, tmp_path / "pulled") == expected
        assert "no drift" in stage.run("drift", "registry.yaml", expect=0)

        _skopeo("delete", "--tls-verify=false", *_login(stage), f"docker://{stage.local.registries[EU]}/apps/web:v5")
        stage.push("instances.sg", "apps/api", "v3", picture("somebody else's"))
        drifted = json.loads(stage.work.run("drift", "registry.yaml", "--format", "json", expect=2).out)
        assert [(image["state"], image["image"].split("/", 1)[1]) for image in drifted["images"]] == [
            ("missing", "apps/web:v5"),
            ("different", "apps/api:v3"),
        ]
        assert drifted["changes"] == []
        healed = stage.apply()
        assert "2 imported by the service" in healed
        assert stage.digest("instances.eu", "apps/web", "v5") == expected["apps/web:v5"]
        assert stage.digest("instances.sg", "apps/api", "v3") == expected["apps/api:v3"]
        stage.settled()
        assert "no drift" in stage.run("drift", "registry.yaml", expect=0)


def _made_tasks(stage: Stage) -> int:
    return stage.local.request_counts().get("openapi", {}).get("CreateRepoSyncTask", 0)


def test_a_kill_makes_no_task_twice(tmp_path: Path) -> None:
    with staged(tmp_path, seed=SEED, spec=SPEC.replace("[eu, sg, us]", "[eu]"), speed=0.4) as stage:
        expected = _push(stage, range(12))
        process = stage.work.start("apply", "registry.yaml", "--auto-approve")
        deadline = time.monotonic() + 60
        while _made_tasks(stage) < 5 and process.poll() is None and time.monotonic() < deadline:
            time.sleep(0.005)
        process.send_signal(signal.SIGKILL)
        assert process.wait() == -signal.SIGKILL, "the apply ended before it was killed"
        drifted = json.loads(stage.work.run("drift", "registry.yaml", "--format", "json", expect=None).out)
        assert drifted["summary"]["in_flight"] > 0
        stage.apply()
        assert _made_tasks(stage) == len(expected)
        assert _pulled(stage, "eu", tmp_path / "pulled") == expected
        stage.settled()


def test_pushes_while_a_rule_is_replaced_are_not_lost(tmp_path: Path) -> None:
    spec = SPEC.replace("[eu, sg, us]", "[eu]").replace("backfill: all", "backfill: none")
    with staged(tmp_path, seed=SEED, spec=spec) as stage:
        stage.apply()
        stage.work.write("registry.yaml", spec.replace("backfill: none", "backfill: none, priority: 5"))
        gap: dict[str, Digest] = {}

        def push_without_a_rule() -> None:
            with stage.cr() as (cr, region, hub):
                (rule,) = cr.list_sync_rules(region, hub)
                cr.delete_sync_rule(region, hub, rule.id)
            gap.update(_push(stage, range(12)))

        told = stage.apply_with_a_pause(push_without_a_rule, expect=0)
        assert "12 imported by the service" in told
        assert _pulled(stage, "eu", tmp_path / "pulled") == gap
        assert "no drift" in stage.run("drift", "registry.yaml", expect=0)


def test_a_network_fault_is_tried_again_and_what_stays_is_told(tmp_path: Path) -> None:
    with staged(tmp_path, seed=SEED, spec=SPEC.replace("[eu, sg, us]", "[eu]")) as stage:
        _push(stage, range(6))
        stage.local.fail_tasks(TaskFault(tag="v1"), TaskFault(tag="v2", times=9), TaskFault(issue="QUOTA", tag="v3"))
        told = stage.apply(expect=3)
        assert "4 imported by the service" in told
        assert "failed v2: replication task" in told
        assert "NETWORK_ERROR (another run may succeed)" in told
        assert "QUOTA" in told
        assert "its replication failed" in stage.run("drift", "registry.yaml", expect=2)
