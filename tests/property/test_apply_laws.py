"""Laws of planning and applying, on generated accounts: the plan comes true to the byte, and then none is left."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path

import pytest
from hypothesis import given, settings

from reconciler.commands.cloud import Cloud, open_cloud
from reconciler.commands.pipeline import Checked, check, make_plan
from reconciler.core.ownership import Options
from reconciler.emulator.scene.images import push
from reconciler.emulator.server import LocalCloud
from reconciler.executor.run import Tools, carry_out
from reconciler.executor.waiting import Patience
from reconciler.live import snapshot
from reconciler.live.recorded import RecordedSource
from reconciler.model.image import Descriptor, closure
from reconciler.model.json_value import pretty
from reconciler.model.live import Live
from reconciler.model.plan import Plan, Transfer, Via
from reconciler.model.report import Report
from reconciler.oci.client import Registry
from reconciler.oci.login import Login
from reconciler.render.plan_json import plan_digest
from reconciler.spec.load import load
from reconciler.transfer.journal import Journal
from tests.property.apply_world import World, content, worlds

KEY = ("id-of-a-test", "secret-of-a-test")
NOTHING_ELSE = Options()


@pytest.fixture(scope="module", autouse=True)
def login(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    with pytest.MonkeyPatch.context() as environment:
        for name, value in zip(("ID", "SECRET"), KEY, strict=True):
            environment.setenv(f"ALIBABA_CLOUD_ACCESS_KEY_{name}", value)
        environment.delenv("ALIBABA_CLOUD_SECURITY_TOKEN", raising=False)
        environment.setenv("DOCKER_CONFIG", str(tmp_path_factory.mktemp("docker")))
        yield


@contextmanager
def playing(world: World) -> Iterator[tuple[Cloud, Checked]]:
    """A cloud in which `world` has come about, the tool's view of it, and the spec."""
    with tempfile.TemporaryDirectory() as name:
        seed, spec = Path(name) / "seed.yaml", Path(name) / "registry.yaml"
        seed.write_text(pretty(world.seed), encoding="utf-8")
        spec.write_text(pretty(world.spec), encoding="utf-8")
        account = load([seed], environment={}, seed=True).desired
        with LocalCloud.start(account, access_key=KEY, speed=1000) as local:
            with ExitStack() as open_ones:
                registries = {
                    label: open_ones.enter_context(closing(_registry(host))) for label, host in local.registries.items()
                }
                for pushed in world.pushes:
                    push(registries[pushed.holder], pushed.repository, content(pushed), pushed.tag)
            with open_cloud(local.endpoint, writes=True) as cloud:
                yield cloud, check([spec])


def _registry(host: str) -> Registry:
    return Registry(host, lambda _: Login(*KEY))


def _apply(plan: Plan, live: Live, cloud: Cloud) -> Report:
    patience = Patience(first=0.005, slowest=0.05, deadline=20)
    tools = Tools(cloud.cr, cloud.around, cloud.registries, Journal(), lambda _: None, patience=patience)
    return carry_out(plan, live, tools)


def _promised(transfer: Transfer, live: Live) -> Iterator[Descriptor]:
    """The blobs that have to be at the target. What the service replicates, it replicates by tag: manifests that only
    refer to the image stay behind."""
    for digest in closure(transfer.digest, live.contents):
        content = live.contents[digest]
        if transfer.via is Via.EXECUTOR or content.subject is None:
            yield from content.blobs


def _problems(report: Report) -> list[str]:
    reasons = [f"{step.address}: {step.reason}" for step in report.steps if step.reason]
    return reasons + [f"{image.target}: {image.reason}" for image in report.images if image.reason]


@settings(max_examples=20, derandomize=True)
@given(worlds())
def test_a_plan_comes_true_to_the_byte_and_nothing_is_left_to_do(world: World) -> None:
    with playing(world) as (cloud, checked):
        plan, live = make_plan(checked, cloud.source, NOTHING_ELSE)
        assert not plan.errored, plan.diagnostics
        report = _apply(plan, live, cloud)

        assert _problems(report) == []
        assert sum(image.bytes_moved for image in report.images) == plan.summary.bytes
        assert {image.target for image in report.images} == {transfer.target for transfer in plan.transfers}
        for transfer in plan.transfers:
            with closing(_registry(transfer.target.registry)) as registry:
                there = registry.head_manifest(transfer.target.repository, transfer.target.tag)
                assert there is not None
                assert there.digest == transfer.digest
                for blob in _promised(transfer, live):
                    assert registry.head_blob(transfer.target.repository, blob.digest) == blob.size
        after, _ = make_plan(checked, cloud.source, NOTHING_ELSE)
        assert after.changes == ()
        assert after.transfers == ()


@settings(max_examples=10, derandomize=True)
@given(worlds())
def test_the_same_account_gives_the_same_plan_read_again_or_from_a_recording(world: World) -> None:
    with playing(world) as (cloud, checked):
        plan, live = make_plan(checked, cloud.source, NOTHING_ELSE)
        again, _ = make_plan(checked, cloud.source, NOTHING_ELSE)
        recorded = snapshot.parse(json.loads(pretty(snapshot.dump(live))))
        replayed, _ = make_plan(checked, RecordedSource(recorded), NOTHING_ELSE)

    assert plan_digest(again) == plan_digest(plan)
    assert replayed == plan
