"""Topologies that can be reached only in an order, carried out against a service that refuses any other."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.e2e.stage import Stage, staged

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
