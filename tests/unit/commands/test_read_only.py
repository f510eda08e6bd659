"""`drift` and `plan` are given a source of live state from which no path leads to anything that writes."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from pathlib import Path
from types import FunctionType, MethodType, ModuleType

import pytest

from reconciler.acr.errors import WriteRefused
from reconciler.acr.request import READS, Request, Version
from reconciler.acr.transport import ReadOnlyTransport, Transport
from reconciler.cli import run
from reconciler.commands.cloud import open_cloud
from reconciler.commands.console import open_console
from reconciler.commands.pipeline import open_source
from reconciler.emulator.server import LocalCloud
from reconciler.model.spec import Desired, Edition, Instance, Namespace
from reconciler.oci.exchange import Exchange

NOBODY = "http://127.0.0.1:9"


@pytest.fixture(autouse=True)
def key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ALIBABA_CLOUD_ACCESS_KEY_ID", "emulator")
    monkeypatch.setenv("ALIBABA_CLOUD_ACCESS_KEY_SECRET", "emulator-secret")


def reachable(start: object) -> Iterator[object]:
    """Everything that code which was given `start` can get at through objects, without what guards keep to itself."""
    pending, seen = [start], set[int]()
    while pending:
        current = pending.pop()
        if id(current) in seen or isinstance(current, (type, ModuleType)):
            continue
        seen.add(id(current))
        yield current
        if isinstance(current, ReadOnlyTransport):
            continue
        if isinstance(current, MethodType):
            pending.append(current.__self__)
        elif isinstance(current, FunctionType):
            pending += [cell.cell_contents for cell in current.__closure__ or ()]
        else:
            pending += gc.get_referents(current)


def test_no_path_leads_from_the_source_of_drift_to_a_transport_that_writes() -> None:
    with open_source(None, NOBODY, 2, open_console(no_color=True)) as source:
        found = list(reachable(source))
    assert any(isinstance(item, ReadOnlyTransport) for item in found)
    assert not any(isinstance(item, Transport) for item in found)


def test_the_walk_finds_the_transport_of_a_run_that_writes() -> None:
    with open_cloud(NOBODY, writes=True) as cloud:
        assert any(isinstance(item, Transport) for item in reachable(cloud.cr))


def test_the_registries_of_a_run_that_reads_refuse_to_write() -> None:
    for writes in (False, True):
        with open_cloud(NOBODY, writes=writes) as cloud:
            exchanges = [item for item in reachable(cloud.registries("127.0.0.1:9")) if isinstance(item, Exchange)]
        assert [exchange.writes for exchange in exchanges] == [writes]


@pytest.mark.parametrize("version", Version)
def test_an_action_that_nobody_called_a_read_is_refused(version: Version) -> None:
    with open_cloud(NOBODY, writes=False) as cloud:
        (guard,) = {item for item in reachable(cloud.cr) if isinstance(item, ReadOnlyTransport)}
    for action in ("CreateRepoSyncTask", "GetAndDeleteEverything", "list_namespace", ""):
        with pytest.raises(WriteRefused):
            guard.call(Request(version, action, "cn-hangzhou"))
    assert all(action.startswith(("Get", "List", "Describe", "Query")) for action in READS.get(version, ()))


def test_drift_leaves_the_cloud_as_it_was(tmp_path: Path) -> None:
    """Seen from outside: what was asked are reads, though much differs from what is declared."""
    hub = Instance("hub", "cn-hangzhou", "hub", Edition.ADVANCED)
    eu = Instance("eu", "eu-central-1", "eu", Edition.BASIC)
    seed = Desired(instances=(hub, eu), namespaces=(Namespace("hub", "apps", True), Namespace("eu", "apps", True)))
    spec = tmp_path / "registry.yaml"
    spec.write_text(
        "version: 1\n"
        "instances:\n"
        "  hub: {region: cn-hangzhou, edition: advanced, namespaces: {apps: {auto_create: false}, new: {}}}\n"
        "  eu: {region: eu-central-1, edition: basic, namespaces: {apps: {}}}\n"
        "replications: {r: {source: hub, targets: [eu], level: namespace, namespace: apps}}\n"
    )
    with LocalCloud.start(seed) as cloud:
        for verb in (["drift", str(spec)], ["plan", str(spec), "--detailed-exitcode"]):
            assert run([*verb, "--endpoint-url", cloud.endpoint]) == 2
        counts = dict(cloud.request_counts())
    known = frozenset().union(*READS.values())
    assert set(counts.pop("openapi")) <= known
    assert all(kind.startswith(("GET", "HEAD")) for kinds in counts.values() for kind in kinds)
