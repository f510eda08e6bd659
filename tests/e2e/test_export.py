"""An account is exported, and its export is an account that needs no change."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

from reconciler.model.spec import Visibility
from tests.e2e.stage import Stage, staged

KEYS = ("hub", "eu", "us")
REGIONS = ("cn-hangzhou", "eu-central-1", "us-east-1")


def _seed() -> str:
    """Fifty objects: 3 instances and endpoints, 9 namespaces, 27 repositories, 3 links to VPCs, 5 rules."""
    instances: dict[str, Any] = {
        key: {
            "region": region,
            "name": f"acme-{key}",
            "edition": "advanced" if key == "hub" else "basic",
            "tags": {"version": "1.10", "no": "on", "team": "platform"},
            "endpoints": {"internet": {"enabled": True, "allow": [{"cidr": "127.0.0.0/8", "comment": "a: #b"}]}},
            "namespaces": {space: {"auto_create": True, "visibility": "public"} for space in ("apps", "base", "no")},
            "repositories": {
                f"{space}/{repository}": {"summary": f"{repository}: no", "tag_immutability": repository == "on"}
                for space in ("apps", "base", "no")
                for repository in ("web", "1.10", "on")
            },
        }
        for key, region in zip(KEYS, REGIONS, strict=True)
    }
    vpcs = {f"link-{key}": {"instance": key, "vpc": f"vpc-{key}", "vswitch": f"vsw-{key}"} for key in KEYS}
    web = {"source": "hub", "level": "repository", "namespace": "apps", "repository": "web"}
    replications = {
        "apps": {"source": "hub", "targets": ["eu", "us"], "level": "namespace", "namespace": "apps"},
        "releases": {**web, "targets": ["eu"], "tags": "v.*", "trigger": "manual", "priority": 5},
        'say "on": no': {**web, "targets": ["eu"], "tags": "w.*"},
        "elsewhere": {**web, "targets": ["us"], "tags": "x.*"},
    }
    instances["hub"]["repositories"]["apps/web"] |= {
        "source_code": {"platform": "gitlab", "repository": "acme/web", "auto_build": True},
        "build_rules": [
            {"branch": "main", "tag": "latest", "platforms": ["linux/amd64", "linux/arm64"]},
            {"git_tag": "v.*", "tag": "1.10", "dockerfile": "Dockerfile.release", "context": "/app"},
        ],
    }
    return yaml.safe_dump(
        {
            "version": 1,
            "settings": {"replication": {"same_pair": "allow"}},
            "instances": instances,
            "vpcs": vpcs,
            "replications": replications,
        },
        sort_keys=False,
    )


def objects(stage: Stage, file: str) -> int:
    """Of the exported spec; a rule with two targets is two."""
    data = yaml.safe_load((stage.work.folder / file).read_text())
    inside = [i for i in data["instances"].values() if "endpoints" in i]
    found = sum(2 + len(i["namespaces"]) + len(i["repositories"]) for i in inside)
    return found + len(data.get("vpcs", {})) + sum(len(r["targets"]) for r in data.get("replications", {}).values())


def settled(stage: Stage, file: str) -> None:
    assert "valid:" in stage.run("validate", file, expect=0)
    assert "nothing to do" in stage.run("plan", file, "--detailed-exitcode", expect=0)
    stage.run("drift", file, expect=0)


def test_an_account_of_fifty_objects(tmp_path: Path) -> None:
    with staged(tmp_path, seed=_seed()) as stage:
        stage.run("export", "--out", "all.yaml", expect=0)
        assert objects(stage, "all.yaml") == 50
        settled(stage, "all.yaml")
        again = stage.work.run("export", *(word for region in REGIONS for word in ("--region", region)))
        assert again.out == (stage.work.folder / "all.yaml").read_text()
        web = yaml.safe_load(again.out)["instances"]["acme-hub"]["repositories"]["apps/web"]
        assert (web["source_code"]["repository"], len(web["build_rules"])) == ("acme/web", 2)


def test_one_instance_with_the_targets_of_its_rules(tmp_path: Path) -> None:
    with staged(tmp_path, seed=_seed()) as stage:
        for name in ("acme-hub", stage.local.instance_id("hub")):
            stage.run("export", "--instance", name, "--out", "hub.yaml", expect=0)
            assert objects(stage, "hub.yaml") == 2 + 3 + 9 + 1 + 5
            settled(stage, "hub.yaml")
        assert "no instance has the id or the name `nobody`" in stage.run("export", "--instance", "nobody", expect=1)


def test_rules_into_another_account_are_exported_and_not_created_with_an_unknown_account(tmp_path: Path) -> None:
    seed = yaml.safe_load(_seed())
    seed["replications"]["elsewhere"]["account"] = {"user_id": "4242424242424242"}
    with staged(tmp_path, seed=yaml.safe_dump(seed)) as stage:
        stage.run("export", "--out", "all.yaml", expect=0)
        text = (stage.work.folder / "all.yaml").read_text()
        assert 'account: {user_id: "0000000000000000"}' in text
        assert "the API does not tell the id of the other account" in text
        settled(stage, "all.yaml")

        stage.work.write("changed.yaml", text.replace('"x.*"', '"y.*"'))
        assert "R-REP-8" in stage.run("plan", "changed.yaml", expect=1)


def test_what_no_file_declares_is_exported_too(tmp_path: Path) -> None:
    with staged(tmp_path, seed=_seed()) as stage:
        stage.run("export", "--out", "all.yaml", expect=0)
        with stage.cr() as (cr, region, hub):
            cr.create_repository(region, hub, "base/new", visibility=Visibility.PRIVATE, summary="behind its back")
        assert "undeclared" not in stage.run("plan", "all.yaml", "--detailed-exitcode", expect=0)
        stage.run("export", "--out", "all.yaml", expect=0)
        assert objects(stage, "all.yaml") == 51
        settled(stage, "all.yaml")


def test_a_file_that_cannot_be_written_is_told_before_anything_is_read(tmp_path: Path) -> None:
    with staged(tmp_path, seed=_seed()) as stage:
        assert "there is no folder" in stage.run("export", "--out", "no/such/folder.yaml", expect=1)
        assert stage.local.request_counts().get("openapi", {}) == {}
