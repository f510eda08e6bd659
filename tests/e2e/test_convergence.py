"""Replication that converges: what was pushed before the rules, after them and between them is at every target."""

from __future__ import annotations

import json
import subprocess
from concurrent.futures import ThreadPoolExecutor
from hashlib import sha256
from pathlib import Path

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
