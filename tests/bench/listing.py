"""`reconciler plan` where there is nothing to do: both sides are listed by the local cloud, digests and all."""

from __future__ import annotations

import hashlib
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from reconciler.emulator import persistence
from reconciler.emulator.account import Account
from reconciler.emulator.catalogue import Repository, Tag
from reconciler.emulator.clock import Clock
from reconciler.emulator.policy import Policy
from reconciler.emulator.seed import account_from
from reconciler.emulator.server import LocalCloud
from reconciler.model.image import Digest
from reconciler.spec.load import load
from tests.bench.measure import Bench, Cost

_MAY_BE = 1_750_000_000_000
_SPEC = """\
version: 1
instances:
  hub:
    region: cn-hangzhou
    edition: advanced
    name: acme-hub
    namespaces: {apps: {auto_create: true, visibility: private}}
  spoke:
    region: eu-central-1
    edition: advanced
    name: acme-spoke
    namespaces: {apps: {auto_create: true, visibility: private}}
replications:
  apps: {source: hub, targets: [spoke], level: namespace, namespace: apps, backfill: all}
"""


@dataclass(frozen=True, slots=True)
class Inventory:
    """`tags` in each of `repositories` repositories, the same on both sides."""

    repositories: int
    tags: int

    @property
    def images(self) -> int:
        return self.repositories * self.tags

    def __str__(self) -> str:
        return f"{self.images:,} tags in {self.repositories} repositories"


@dataclass(frozen=True, slots=True)
class Listed:
    """What planning took; `calls` to the OpenAPI, `registry_requests` to the registries."""

    inventory: Inventory
    runs: tuple[Cost, ...]
    calls: int
    registry_requests: int


def listing(inventory: Inventory, bench: Bench, rounds: int) -> Listed:
    """Raises CommandFailed, also when the plan is not empty."""
    folder = bench.scratch / f"listing-{inventory.images}"
    folder.mkdir()
    spec = folder / "registry.yaml"
    spec.write_text(_SPEC)
    state = folder / "state"
    state.mkdir()
    persistence.save(_account(spec, inventory), state)
    with LocalCloud.start(state=state) as cloud:
        key, secret = cloud.access_key
        login = {"ALIBABA_CLOUD_ACCESS_KEY_ID": key, "ALIBABA_CLOUD_ACCESS_KEY_SECRET": secret, "HOME": str(folder)}
        command = (sys.executable, "-m", "reconciler.cli", "plan", str(spec), "--endpoint-url", cloud.endpoint)
        runs = tuple(bench.run((*command, "--detailed-exitcode"), login) for _ in range(rounds))
        counts = {place: sum(kinds.values()) for place, kinds in cloud.request_counts().items()}
    calls = counts.pop("openapi", 0)
    return Listed(inventory, runs, calls // rounds, sum(counts.values()) // rounds)


def _account(spec: Path, inventory: Inventory) -> Account:
    desired = load([spec], environment={}, seed=True).desired
    clock = Clock()
    account = account_from(desired, Policy(), clock)
    for instance in account.instances.values():
        for number in range(inventory.repositories):
            path = f"apps/r{number:03}"
            made = account.new_repository(
                instance,
                path,
                visibility=instance.catalogue.namespaces["apps"].visibility,
                summary=path,
                now=clock.now(),
            )
            made.tags.update((tag.name, tag) for tag in _tags(made, inventory.tags))
    return account


def _tags(repository: Repository, count: int) -> Iterator[Tag]:
    for number in range(count):
        name = f"v{number:04}"
        digest = Digest(f"sha256:{hashlib.sha256(f'{repository.path}:{name}'.encode()).hexdigest()}")
        yield Tag(name, digest, digest, 1024 * 1024, _MAY_BE + number, _MAY_BE + number)
