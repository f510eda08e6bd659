"""How long whole runs of the program take when there is little or nothing to wait for."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from reconciler.live import snapshot
from reconciler.model.json_value import pretty
from reconciler.model.live import Live, LiveInstance, LiveNamespace, LiveRepository
from reconciler.model.spec import Edition, Visibility
from tests.bench.measure import Bench, Cost

_SMALL = """\
version: 1
instances:
  hub:
    region: cn-hangzhou
    edition: advanced
    name: acme-hub
    namespaces: {apps: {auto_create: true, visibility: private}}
  spoke:
    region: eu-central-1
    edition: basic
    name: acme-spoke
    namespaces: {apps: {auto_create: true, visibility: private}}
replications:
  apps: {source: hub, targets: [spoke], level: namespace, namespace: apps}
"""


@dataclass(frozen=True, slots=True)
class Start:
    """One command and what each of its runs took."""

    name: str
    runs: tuple[Cost, ...]


def starts(bench: Bench, *, runs: int, resources: int) -> list[Start]:
    """`runs` of each command in turn, after one that does not count. Raises CommandFailed."""
    commands = _commands(bench.scratch, resources)
    for command in commands.values():
        bench.run(command)
    taken = [{name: bench.run(command) for name, command in commands.items()} for _ in range(runs)]
    return [Start(name, tuple(costs[name] for costs in taken)) for name in commands]


def _commands(folder: Path, resources: int) -> Mapping[str, Sequence[str]]:
    small, large, live = folder / "small.yaml", folder / "large.yaml", folder / "live.json"
    small.write_text(_SMALL)
    declared, found = _large(resources)
    large.write_text(declared)
    live.write_text(pretty(snapshot.dump(found)))
    program = (sys.executable, "-m", "reconciler.cli")
    return {
        "an empty Python program": (sys.executable, "-c", "pass"),
        "`reconciler --help`": (*program, "--help"),
        "`reconciler validate`, 5 resources": (*program, "validate", str(small)),
        f"`reconciler plan --live`, {resources:,} resources": (*program, "plan", str(large), "--live", str(live)),
    }


def _large(resources: int) -> tuple[str, Live]:
    """One instance with ten namespaces and else repositories; every tenth repository is not live yet."""
    namespaces = [f"team-{number}" for number in range(10)]
    repositories = [f"{namespaces[n % 10]}/app-{n:04}" for n in range(resources - len(namespaces) - 1)]
    declared = {
        "version": 1,
        "instances": {
            "hub": {
                "region": "cn-hangzhou",
                "edition": "advanced",
                "name": "acme-hub",
                "namespaces": {name: {"auto_create": True, "visibility": "private"} for name in namespaces},
                "repositories": {name: {"visibility": "private", "summary": "an app"} for name in repositories},
            }
        },
    }
    hub = LiveInstance(
        id="cri-0123456789abcdef",
        name="acme-hub",
        region="cn-hangzhou",
        edition=Edition.ADVANCED,
        status="RUNNING",
        registry="acme-hub-registry.cn-hangzhou.cr.aliyuncs.com",
        namespaces=tuple(LiveNamespace(name, True, Visibility.PRIVATE) for name in namespaces),
        repositories=tuple(
            LiveRepository(f"crr-{number:04}", name, Visibility.PRIVATE, "an app")
            for number, name in enumerate(repositories)
            if number % 10
        ),
    )
    # JSON is YAML, and json is what writes it without ambiguity.
    return json.dumps(declared, indent=1), Live(instances=(hub,))
