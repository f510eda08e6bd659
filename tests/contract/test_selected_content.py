"""What planning learns from the content of images: signatures inside them, their platforms, layers that stay away."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from contextlib import closing
from pathlib import Path

import pytest

from reconciler.commands.cloud import Cloud, open_cloud
from reconciler.commands.pipeline import check, make_plan
from reconciler.core.ownership import Options
from reconciler.emulator.server import LocalCloud
from reconciler.executor.run import Tools, carry_out
from reconciler.executor.waiting import Patience
from reconciler.live import snapshot
from reconciler.live.recorded import RecordedSource
from reconciler.model.diagnostic import Diagnostic
from reconciler.model.json_value import Json
from reconciler.model.live import Live
from reconciler.model.plan import Plan
from reconciler.model.spec import Desired
from reconciler.oci.client import Registry
from reconciler.oci.login import Login
from reconciler.render.plan_json import plan_digest
from reconciler.transfer.journal import Journal
from tests.contract.shapes import foreign_layers
from tests.unit.transfer.lab import Painter, content

SPEC = """\
version: 1
instances:
  hub: {{region: cn-hangzhou, edition: advanced, name: acme-hub}}
vpcs:
  main: {{instance: hub, vpc: vpc-1, vswitch: vsw-1}}
imports:
  legacy:
    target: hub
    vpc: main
    source: {{type: personal, region: cn-hangzhou, namespaces: [legacy]}}
    images: {{{images}}}
"""


class Account:
    """A running cloud, and plans made from it."""

    def __init__(self, local: LocalCloud, cloud: Cloud, folder: Path) -> None:
        self._local = local
        self.cloud = cloud
        self._file = folder / "registry.yaml"

    def personal(self) -> Registry:
        return self._registry("personal.cn-hangzhou")

    def hub(self) -> Registry:
        return self._registry("instances.hub")

    def asked(self, label: str) -> Collection[str]:
        return self._local.request_counts().get(label, {})

    def _registry(self, label: str) -> Registry:
        return Registry(self._local.registries[label], lambda _: Login(*self._local.access_key))

    def plan(self, images: str = "") -> tuple[Plan, Live]:
        self._file.write_text(SPEC.format(images=images))
        return make_plan(check([self._file]), self.cloud.source, Options())

    def replayed(self, recorded: Live) -> Plan:
        return make_plan(check([self._file]), RecordedSource(recorded), Options())[0]


@pytest.fixture
def account(seed: Desired, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Account]:
    with LocalCloud.start(seed, speed=500) as local:
        for name, value in zip(("ID", "SECRET"), local.access_key, strict=True):
            monkeypatch.setenv(f"ALIBABA_CLOUD_ACCESS_KEY_{name}", value)
        monkeypatch.delenv("ALIBABA_CLOUD_SECURITY_TOKEN", raising=False)
        monkeypatch.setenv("DOCKER_CONFIG", str(tmp_path))
        with open_cloud(local.endpoint, writes=True) as cloud:
            yield Account(local, cloud, tmp_path)


def the(rule: str, plan: Plan) -> Diagnostic:
    (found,) = (diagnostic for diagnostic in plan.diagnostics if diagnostic.rule == rule)
    return found


def about(image: Mapping[str, Json], ending: str) -> str:
    """cosign's tag for what is about an image."""
    return str(image["digest"]).replace(":", "-") + ending


def test_cosigns_tags_come_along_for_an_image_and_for_the_manifests_inside(account: Account) -> None:
    with closing(account.personal()) as registry:
        painter = Painter(registry, "legacy/web")
        child = painter.image([content("child", 900)])
        image = painter.index([child, painter.image([content("other", 900)])], tag="v1")
        left = painter.index([painter.image([content("old", 900)])], tag="old")
        attestation = painter.image([b"attested"], tag=about(image, ".att"))
        painter.image([b"signed"], tag=about(child, ".sig"))
        painter.image([b"bill of materials"], tag=about(child, ".sbom"))
        painter.image([b"signed, too"], tag=about(attestation, ".sig"))
        companions = [about(image, ".att"), about(child, ".sig"), about(child, ".sbom"), about(attestation, ".sig")]
        painter.image([b"of what stays"], tag=about(left, ".sig"))
        painter.image([b"of nothing here"], tag=f"sha256-{'0' * 64}.sig")

    plan, live = account.plan("tags: v1")
    assert not plan.errored, plan.diagnostics
    assert {transfer.target.tag for transfer in plan.transfers} == {"v1", *companions}
    assert account.replayed(snapshot.parse(snapshot.dump(live))).transfers == plan.transfers

    tools = Tools(
        account.cloud.cr,
        account.cloud.around,
        account.cloud.registries,
        Journal(),
        lambda _: None,
        patience=Patience(first=0.005),
    )
    report = carry_out(plan, live, tools)
    assert not report.failed
    assert sum(image.bytes_moved for image in report.images) == plan.summary.bytes
    with closing(account.hub()) as registry:
        assert sorted(registry.tags("legacy/web")) == sorted([*companions, "v1"])
    assert account.plan("tags: v1")[0].transfers == ()


def test_platforms_move_whole_images_or_stop_the_plan(account: Account) -> None:
    with closing(account.personal()) as registry:
        painter = Painter(registry, "legacy/web")
        painter.index([painter.image([content(name, 900)]) for name in ("amd64", "arm64")], tag="v1")

    refused, live = account.plan("platforms: [linux/amd64]")
    found = the("R-IMP-13", refused)
    assert refused.errored
    assert not refused.applyable
    assert found.detail.endswith("legacy/web:v1 has linux/arm64")
    assert not any("upload" in kind or kind.startswith("PUT") for kind in account.asked("instances.hub"))
    assert plan_digest(account.replayed(snapshot.parse(snapshot.dump(live)))) == plan_digest(refused)

    assert not account.plan("platforms: [linux/amd64, linux/arm64]")[0].errored
    assert not account.plan("platforms: [linux/amd64], tags: none-such")[0].errored


def test_layers_that_stay_away_are_told(account: Account) -> None:
    with closing(account.personal()) as registry:
        foreign_layers(Painter(registry, "legacy/web"))
    plan, _ = account.plan()
    assert not plan.errored
    assert the("R-IMP-14", plan).summary.endswith(": 1")
