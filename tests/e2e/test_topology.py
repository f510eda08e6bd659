"""Topologies that can be reached only in an order, carried out against a service that refuses any other."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.e2e.stage import EU, HUB, Stage, picture, staged

APPS = "namespaces: {apps: {auto_create: true}}, repositories: {apps/web: {visibility: private}}"
INSTANCES = f"""\
version: 1
settings: {{safety: {{max_deletes: 100%}}}}
instances:
  hub: {{region: cn-hangzhou, edition: advanced, name: acme-hub, {APPS}}}
  eu: {{region: eu-central-1, edition: advanced, name: acme-eu, {APPS}}}
  us: {{region: us-east-1, edition: advanced, name: acme-us, {APPS}}}
"""
PRUNING = ("--prune", "--allow-delete", "replications")


def rules(*lines: str) -> str:
    return "replications:\n" + "".join(f"  {line}\n" for line in lines)


def to(name: str, source: str, *targets: str) -> str:
    return f"{name}: {{source: {source}, targets: [{', '.join(targets)}], level: namespace, namespace: apps}}"


def pairs(stage: Stage) -> set[tuple[str, str, str]]:
    """Name, source and target of every rule that the service has."""
    names = {stage.local.instance_id(key): key for key in ("hub", "eu", "us")}
    with stage.cr() as (cr, _, _):
        regions = {"hub": "cn-hangzhou", "eu": "eu-central-1", "us": "us-east-1"}
        found = [
            rule for key, region in regions.items() for rule in cr.list_sync_rules(region, stage.local.instance_id(key))
        ]
    return {(rule.name, names[rule.source_instance], names[rule.target_instance]) for rule in found}


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        # Source and targets change places.
        (
            [to("all", "hub", "eu", "us")],
            [to("all", "eu", "hub", "us")],
            {("all", "eu", "hub"), ("all", "eu", "us")},
        ),
        # A target becomes the target of another source.
        ([to("a", "hub", "us")], [to("a", "eu", "us")], {("a", "eu", "us")}),
        # A source becomes a target, and another instance a source.
        ([to("a", "hub", "us")], [to("b", "eu", "hub", "us")], {("b", "eu", "hub"), ("b", "eu", "us")}),
        # One rule of the same pair for another.
        (
            [to("a", "hub", "us")],
            ["b: {source: hub, targets: [us], level: repository, namespace: apps, repository: web}"],
            {("b", "hub", "us")},
        ),
    ],
)
def test_a_topology_is_turned_around_in_the_order_that_the_service_demands(
    tmp_path: Path, before: list[str], after: list[str], expected: set[tuple[str, str, str]]
) -> None:
    with staged(tmp_path, seed=INSTANCES + rules(*before), spec=INSTANCES + rules(*after)) as stage:
        refused = stage.run("plan", "registry.yaml", expect=1)
        assert "delete them with" in refused

        told = stage.run("plan", "registry.yaml", *PRUNING, "--format", "json", expect=0)
        changes = json.loads(told)["changes"]
        gone = {change["address"] for change in changes if change["action"] == "delete"}
        created = [change for change in changes if change["action"] == "create"]
        assert created
        assert all(gone & set(change["depends_on"]) for change in created)

        stage.apply(*PRUNING)
        assert pairs(stage) == expected
        stage.settled()


CLOSED = """\
version: 1
instances:
  hub:
    region: cn-hangzhou
    edition: advanced
    name: acme-hub
    endpoints: {internet: {enabled: false}}
    namespaces: {apps: {auto_create: true}}
  eu:
    region: eu-central-1
    edition: basic
    name: acme-eu
    endpoints: {internet: {enabled: false}}
    namespaces: {apps: {auto_create: true}}
"""
BY_TASKS = "  apps: {source: hub, targets: [eu], level: namespace, namespace: apps}\n"


def test_replication_works_with_the_public_endpoints_switched_off(tmp_path: Path) -> None:
    with staged(tmp_path, seed=CLOSED, spec=CLOSED + "replications:\n" + BY_TASKS) as stage:
        old = stage.push(HUB, "apps/web", "v1", picture("old"))
        before = {place: dict(kinds) for place, kinds in stage.local.request_counts().items() if place != "openapi"}

        stage.apply()
        stage.settled()
        after = {place: dict(kinds) for place, kinds in stage.local.request_counts().items() if place != "openapi"}
        assert after == before  # not one request to a registry came from here
        assert stage.digest(EU, "apps/web", "v1") == old

        new = stage.push(HUB, "apps/web", "v2", picture("new"))
        stage.run("drift", "registry.yaml", expect=0)  # there, or on its way
        stage.apply()
        assert stage.digest(EU, "apps/web", "v2") == new


WIDE = """\
version: 1
settings: {replication: {instance_scope: true}}
instances:
  hub:
    region: cn-hangzhou
    edition: advanced
    name: acme-hub
    namespaces: {team-a: {auto_create: true}, team-b: {auto_create: true}, base: {auto_create: true}}
  eu:
    region: eu-central-1
    edition: basic
    name: acme-eu
    namespaces: {team-a: {auto_create: true}, team-b: {auto_create: true}}
replications:
  teams: {source: hub, targets: [eu], level: instance, namespaces: 'team-.*', repositories: 'web|api', tags: 'v.*'}
"""


def test_a_rule_of_a_whole_instance_replicates_what_its_filters_let_through(tmp_path: Path) -> None:
    with staged(tmp_path, seed=WIDE.partition("replications:")[0], spec=WIDE) as stage:
        old = stage.push(HUB, "team-a/web", "v1", picture("old"))
        stage.push(HUB, "team-a/tools", "v1", picture("tools"))
        stage.push(HUB, "base/web", "v1", picture("base"))
        stage.apply()
        stage.settled()
        new = stage.push(HUB, "team-b/api", "v2", picture("new"))
        stage.push(HUB, "team-b/api", "dev", picture("dev"))
        stage.apply()
        assert stage.digest(EU, "team-a/web", "v1") == old
        assert stage.digest(EU, "team-b/api", "v2") == new
        assert stage.digest(EU, "team-b/api", "dev") is None
        with stage.cr() as (cr, _, _):
            there = cr.list_repositories("eu-central-1", stage.local.instance_id("eu"))
            (rule,) = cr.list_sync_rules("cn-hangzhou", stage.local.instance_id("hub"))
        assert {found.name for found in there} == {"team-a/web", "team-b/api"}
        assert (rule.namespaces, rule.repositories, rule.tags) == ("team-.*", "web|api", "v.*")
        stage.settled()


def test_a_link_that_nobody_declared_survives_the_replacement_of_its_rule(tmp_path: Path) -> None:
    def spec(extra: str) -> str:
        return CLOSED + "replications:\n" + BY_TASKS.replace("namespace: apps", f"namespace: apps{extra}")

    with staged(tmp_path, seed=spec(", link: link-1"), spec=spec(", priority: 5")) as stage:
        stage.apply()
        with stage.cr() as (cr, region, hub):
            (rule,) = cr.list_sync_rules(region, hub)
        assert (rule.priority, rule.link) == (5, "link-1")
        stage.settled()
