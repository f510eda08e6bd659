"""A reviewed plan that deletes is carried out as it was reviewed, and what it was not allowed to delete stays."""

from __future__ import annotations

from pathlib import Path

from tests.e2e.stage import staged

SEED = """
version: 1
instances:
  hub:
    region: cn-hangzhou
    name: acme-hub
    edition: advanced
    namespaces: {apps: {auto_create: false}, old: {auto_create: false}, kept: {}}
    repositories: {apps/web: {}, apps/gone: {}, old/api: {}, kept/web: {}}
"""
SPEC = """
version: 1
settings: {safety: {max_deletes: 3}}
instances:
  hub:
    region: cn-hangzhou
    name: acme-hub
    namespaces: {apps: {auto_create: false}, old: {auto_create: false}}
    repositories: {apps/web: {}}
"""


def test_a_saved_plan_keeps_what_it_may_delete(tmp_path: Path) -> None:
    with staged(tmp_path, seed=SEED, spec=SPEC) as stage:
        allowed = ("--prune", "--allow-delete", "repositories:2", "--exclude", "instances.hub.repositories.kept/web")
        told = stage.run("plan", "registry.yaml", *allowed, "--out", "plan.json", expect=0)
        assert "2 to delete" in told
        assert "undeclared namespaces of `hub` are left alone: `kept`" in told

        stage.run("apply", "plan.json", "--auto-approve", expect=0)
        with stage.cr() as (cr, region, hub):
            assert [r.name for r in cr.list_repositories(region, hub)] == ["apps/web", "kept/web"]
            assert [n.name for n in cr.list_namespaces(region, hub)] == ["apps", "kept", "old"]
        assert "stale: the live state has changed" in stage.run("apply", "plan.json", "--auto-approve", expect=1)
