"""A cloud that throttles, answers with faults of its own and loses answers: all that was asked for is there, once.

`CALL_FAULT_SEED=7` replays one seed; `CALL_FAULT_SEEDS=20` draws so many.
"""

from __future__ import annotations

import json
import os
from collections import Counter
from pathlib import Path

import pytest

from reconciler.emulator.call_faults import CallFaults
from tests.e2e.stage import Stage, staged

_NAMESPACES, _REPOSITORIES, _VPCS = 45, 160, 5
_OBJECTS = 3 * _NAMESPACES + _REPOSITORIES + _VPCS
_SEED = """\
version: 1
settings: {replication: {same_pair: allow}}
instances:
  hub: {region: cn-hangzhou, edition: advanced, name: acme-hub}
  eu: {region: eu-central-1, edition: advanced, name: acme-eu}
"""


def _spec() -> str:
    """A namespace on both sides for each rule, repositories in them, and VPCs: 300 objects."""
    names = [f"team-{number:02}" for number in range(_NAMESPACES)]
    spaces = {name: {"auto_create": True, "visibility": "private"} for name in names}
    repositories = {
        f"{names[number % _NAMESPACES]}/app-{number:03}": {"visibility": "private", "summary": f"app {number} – 東京"}
        for number in range(_REPOSITORIES)
    }
    instance = {"edition": "advanced", "namespaces": spaces}
    document = {
        "version": 1,
        "settings": {"replication": {"same_pair": "allow"}},
        "instances": {
            "hub": {**instance, "region": "cn-hangzhou", "name": "acme-hub", "repositories": repositories},
            "eu": {**instance, "region": "eu-central-1", "name": "acme-eu"},
        },
        "vpcs": {
            f"v{number}": {"instance": "hub", "vpc": f"vpc-{number}", "vswitch": f"vsw-{number}", "module": "registry"}
            for number in range(_VPCS)
        },
        "replications": {
            name: {"source": "hub", "targets": ["eu"], "level": "namespace", "namespace": name, "backfill": "none"}
            for name in names
        },
    }
    return json.dumps(document, ensure_ascii=False)


def _seeds() -> list[int]:
    if one := os.environ.get("CALL_FAULT_SEED"):
        return [int(one)]
    return list(range(int(os.environ.get("CALL_FAULT_SEEDS", "1"))))


def _created(stage: Stage) -> Counter[str]:
    """How often everything is there, by a name that tells one from the other."""
    with stage.cr() as (cr, region, hub):
        eu = stage.local.instance_id("eu")
        found = [f"hub {namespace.name}" for namespace in cr.list_namespaces(region, hub)]
        found += [f"eu {namespace.name}" for namespace in cr.list_namespaces("eu-central-1", eu)]
        found += [repository.name for repository in cr.list_repositories(region, hub)]
        found += [f"rule {rule.name} {rule.namespace}" for rule in cr.list_sync_rules(region, hub)]
        found += [f"{link.vpc} {link.status}" for link in cr.vpc_endpoint(region, hub, "registry").links]
    return Counter(found)


@pytest.mark.parametrize("seed", _seeds())
def test_three_hundred_objects_come_about_once_each(tmp_path: Path, seed: int) -> None:
    with staged(tmp_path, seed=_SEED, spec=_spec()) as stage:
        stage.local.spoil_calls(CallFaults(throttled=0.05, lost=0.02, failed=0.01, seed=seed))
        stage.apply("--report", "report.json", "--log-file", "calls.jsonl")
        stage.local.spoil_calls(CallFaults())
        stage.settled()

        created = _created(stage)
        assert set(created.values()) == {1}
        assert len(created) == _OBJECTS
        changes = stage.report("report.json")["changes"]
        assert isinstance(changes, list)
        assert Counter(change["result"] for change in changes) == {"done": _OBJECTS}

        log = [json.loads(line) for line in (stage.work.folder / "calls.jsonl").read_text().splitlines()]
        met = Counter(entry["code"] if entry["status"] else "lost" for entry in log)
        assert min(met["Throttling.User"], met["lost"], met["SystemError"]) > 0
