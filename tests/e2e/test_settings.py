"""Settings of every kind through plan and apply, against the local cloud: a second plan is empty, a change is seen."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from reconciler.commands.cloud import Cloud, open_cloud
from reconciler.commands.pipeline import check, make_plan
from reconciler.core.ownership import Options
from reconciler.emulator.policy import Policy
from reconciler.emulator.server import LocalCloud
from reconciler.executor.run import Tools, carry_out
from reconciler.executor.waiting import Patience
from reconciler.live import snapshot
from reconciler.live.recorded import RecordedSource
from reconciler.model.plan import Plan
from reconciler.model.report import Report
from reconciler.spec.load import load
from reconciler.transfer.journal import Journal

SEED = """\
version: 1
instances:
  hub: {region: cn-hangzhou, name: acme-hub}
personal:
  cn-hangzhou:
    namespaces: {apps: {auto_create: false, visibility: public}}
    repositories:
      apps/web:
        summary: storefront
        source_code: {platform: gitlab, repository: acme/web, auto_build: true, cache: false}
        build_rules: [{branch: main, tag: latest}, {git_tag: 'v.*', tag: release}]
      apps/api: {visibility: public}
networks:
  cn-hangzhou:
    vpcs: {vpc-1: {cidr: 10.0.0.0/8, secondary_cidrs: [172.16.0.0/12]}}
    vswitches: {vsw-1: {vpc: vpc-1, zone: cn-hangzhou-h}}
    security_groups: {sg-1: {vpc: vpc-1, allow: [{ports: 443/443, source: 10.0.0.0/8}]}}
"""

SPEC = """\
version: 1
settings: {zones: {cn-hangzhou: [cn-hangzhou-h]}}
instances:
  hub:
    region: cn-hangzhou
    name: acme-hub
    namespaces: {shop: {visibility: private}, tools: {tag_immutability: true, image_index_only: true}}
    repositories:
      tools/cli:
        detail: "# How to use it"
        tag_immutability: true
        source_code: {platform: github, repository: acme/cli}
        build_rules: [{branch: main, tag: edge, dockerfile: build/Dockerfile, platforms: [linux/arm64, linux/amd64]}]
vpcs:
  main: {instance: hub, vpc: vpc-1, vswitch: vsw-1, security_group: sg-1, open_security_group: true}
imports:
  legacy:
    target: hub
    vpc: main
    source: {type: personal, region: cn-hangzhou, namespaces: [apps]}
    include: [namespaces, repositories, build_rules]
    rename: {apps: shop}
"""


class Account:
    def __init__(self, cloud: Cloud, folder: Path) -> None:
        self._cloud = cloud
        self._file = folder / "registry.yaml"

    def plan(self, spec: str, options: Options | None = None) -> Plan:
        self._file.write_text(spec, encoding="utf-8")
        checked = check([self._file])
        assert not checked.errored, checked.diagnostics
        plan, self.live = make_plan(checked, self._cloud.source, options or Options())
        recorded = RecordedSource(snapshot.parse(snapshot.dump(self.live)))
        assert make_plan(checked, recorded, options or Options())[0].changes == plan.changes
        return plan

    def apply(self, plan: Plan) -> Report:
        tools = Tools(
            self._cloud.cr,
            self._cloud.around,
            self._cloud.registries,
            Journal(),
            lambda _: None,
            patience=Patience(first=0.005),
        )
        return carry_out(plan, self.live, tools)


@contextmanager
def opened(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, policy: Policy) -> Iterator[Account]:
    seed = tmp_path / "seed.yaml"
    seed.write_text(SEED, encoding="utf-8")
    desired = load([seed], environment={}, seed=True).desired
    with LocalCloud.start(desired, speed=500, policy=policy) as local:
        for name, value in zip(("ID", "SECRET"), local.access_key, strict=True):
            monkeypatch.setenv(f"ALIBABA_CLOUD_ACCESS_KEY_{name}", value)
        monkeypatch.delenv("ALIBABA_CLOUD_SECURITY_TOKEN", raising=False)
        monkeypatch.setenv("DOCKER_CONFIG", str(tmp_path))
        with open_cloud(local.endpoint, writes=True) as cloud:
            yield Account(cloud, tmp_path)


@pytest.fixture(params=[Policy(), Policy(unbound_is_refused=True, business_status=404)], ids=["plain", "refusing"])
def account(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Account]:
    with opened(tmp_path, monkeypatch, request.param) as account:
        yield account


CREATED = {
    "instances.hub.namespaces.shop",
    "instances.hub.namespaces.tools",
    "instances.hub.repositories.shop/api",
    "instances.hub.repositories.shop/web",
    "instances.hub.repositories.shop/web[build_rules.branch:main:latest]",
    "instances.hub.repositories.shop/web[build_rules.git_tag:v.*:release]",
    "instances.hub.repositories.shop/web[source_code]",
    "instances.hub.repositories.tools/cli",
    "instances.hub.repositories.tools/cli[build_rules.branch:main:edge]",
    "instances.hub.repositories.tools/cli[source_code]",
    "roles.AliyunServiceRoleForContainerRegistryConnectCustomerVPC",
    "vpcs.main",
    "vpcs.main.security_group",
}


def test_all_settings_arrive_and_stay(account: Account) -> None:
    first = account.plan(SPEC)
    assert not first.errored, first.diagnostics
    assert {str(change.address) for change in first.changes} == CREATED
    by_hand = {d.summary for d in first.diagnostics if d.rule == "R-IMP-8"}
    assert by_hand == {
        "bind the source-code platform gitlab to `acme-hub` in the console, for `shop/web`",
        "bind the source-code platform github to `acme-hub` in the console, for `tools/cli`",
    }
    assert [d.summary for d in first.diagnostics if d.rule == "R-IMP-40"] == [
        (
            "`imports.legacy` brings `visibility: public` for `instances.hub.namespaces.shop`; "
            "`visibility: private` is declared and counts"
        )
    ]

    report = account.apply(first)
    assert not report.failed, report.steps

    second = account.plan(SPEC)
    assert (second.changes, second.errored) == ((), False)
    hub = account.live.instances[0]
    shop = next(n for n in hub.namespaces if n.name == "shop")
    assert (shop.auto_create, shop.visibility) == (False, "private")

    other = SPEC.replace("tag_immutability: true, image", "tag_immutability: false, image")
    other = other.replace("# How to use it", "# How to use it now")
    third = account.plan(other)
    assert {str(c.address): [f.path for f in c.fields] for c in third.changes} == {
        "instances.hub.namespaces.tools": ["tag_immutability"],
        "instances.hub.repositories.tools/cli": ["detail"],
    }
    assert not account.apply(third).failed
    assert account.plan(other).changes == ()


def test_changed_build_settings_are_updated_and_undeclared_rules_pruned(account: Account) -> None:
    assert not account.apply(account.plan(SPEC)).failed
    changed = (
        SPEC.replace("repository: acme/cli}", "repository: acme/tools/cli, auto_build: true}")
        .replace("tag: edge,", "tag: nightly,")
        .replace("platforms: [linux/arm64, linux/amd64]", "platforms: [linux/arm64]")
    )
    plan = account.plan(changed)
    assert {str(c.address): c.action.value for c in plan.changes} == {
        "instances.hub.repositories.tools/cli[build_rules.branch:main:nightly]": "update",
        "instances.hub.repositories.tools/cli[source_code]": "update",
    }
    assert not account.apply(plan).failed
    assert account.plan(changed).changes == ()

    rule = "build_rules: [{branch: main, tag: nightly, dockerfile: build/Dockerfile, platforms: [linux/arm64]}]"
    emptied = changed.replace(rule, "build_rules: []")
    assert emptied != changed
    left = account.plan(emptied)
    assert left.changes == ()
    assert any("undeclared build_rules of `hub` are left alone" in d.summary for d in left.diagnostics)
    pruning = Options(prune=True, allow_delete={"build_rules": 1})
    assert not account.apply(account.plan(emptied, pruning)).failed
    assert account.plan(emptied, pruning).changes == ()


def test_a_platform_that_nobody_bound_fails_its_steps_and_no_others(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with opened(tmp_path, monkeypatch, Policy(code_platforms=frozenset({"gitlab"}))) as account:
        report = account.apply(account.plan(SPEC))
        assert {str(step.address): step.result.value for step in report.steps if step.result.value != "done"} == {
            "instances.hub.repositories.tools/cli[source_code]": "failed",
            "instances.hub.repositories.tools/cli[build_rules.branch:main:edge]": "blocked",
        }
        again = account.plan(SPEC)
        assert len(again.changes) == 2
        assert [d.summary for d in again.diagnostics if d.rule == "R-IMP-8"] == [
            "bind the source-code platform github to `acme-hub` in the console, for `tools/cli`"
        ]


def test_a_vpc_that_cannot_be_bound_fails_in_the_words_of_the_service(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with opened(tmp_path, monkeypatch, Policy(vpc_issues={"vpc-1": "PRIVATE_ZONE_CONFLICT_AT_h"})) as account:
        report = account.apply(account.plan(SPEC))
        failed = {str(step.address): step.reason for step in report.steps if step.result.value == "failed"}
        assert failed == {"vpcs.main": "the service cannot bind `vpc-1`: PRIVATE_ZONE_CONFLICT_AT_h"}
        (again,) = account.plan(SPEC).changes
        assert (str(again.address), again.reason) == ("vpcs.main", "is CREATING and has to be RUNNING")
