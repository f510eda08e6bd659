"""How many calls a plan of a large account makes: every page of every list once, and nothing for each object."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path

from tests.e2e.stage import staged

_REPOSITORIES, _RULES, _NAMESPACES = 1000, 100, 20


def _account() -> str:
    names = [f"team-{number:02}" for number in range(_NAMESPACES)]
    spaces = {name: {"auto_create": True, "visibility": "private"} for name in names}
    repositories = {
        f"{names[number % _NAMESPACES]}/app-{number:04}": {"visibility": "private", "summary": f"app {number}"}
        for number in range(_REPOSITORIES)
    }
    some = dict(list(repositories.items())[:_RULES])
    document = {
        "version": 1,
        "settings": {"replication": {"same_pair": "allow"}},
        "instances": {
            "hub": {
                "region": "cn-hangzhou",
                "edition": "advanced",
                "name": "acme-hub",
                "namespaces": spaces,
                "repositories": repositories,
            },
            "eu": {
                "region": "eu-central-1",
                "edition": "advanced",
                "name": "acme-eu",
                "namespaces": spaces,
                "repositories": some,
            },
        },
        "replications": {
            path.replace("/", "-"): {
                "source": "hub",
                "targets": ["eu"],
                "level": "repository",
                "namespace": path.partition("/")[0],
                "repository": path.partition("/")[2],
                "backfill": "none",
            }
            for path in some
        },
    }
    return json.dumps(document)


def test_a_plan_reads_every_page_once(tmp_path: Path) -> None:
    with staged(tmp_path, seed=_account(), spec=_account()) as stage:
        stage.run("plan", "registry.yaml", "--detailed-exitcode", "--log-file", "calls.jsonl", expect=0)
        lines = (stage.work.folder / "calls.jsonl").read_text().splitlines()
        hub, eu = stage.local.instance_id("hub"), stage.local.instance_id("eu")

    calls = [json.loads(line) for line in lines]
    asked = Counter((call["action"], call["region"], json.dumps(call["query"])) for call in calls)
    assert {call: times for call, times in asked.items() if times > 1} == {}

    pages = Counter((call["action"], call["query"].get("InstanceId", "")) for call in calls)
    lists = {name: times for name, times in pages.items() if name[0].startswith("List")}
    # A repository is the parent of its tags, and only those that a rule names are looked into.
    assert max(lists.pop(("ListRepoTag", instance), 0) for instance in (hub, eu)) <= _RULES
    # Pages hold 100 repositories, and 50 of everything else.
    assert lists == {
        ("ListInstance", ""): 2,
        ("ListNamespace", hub): 1,
        ("ListNamespace", eu): 1,
        ("ListRepository", hub): 10,
        ("ListRepository", eu): 1,
        ("ListRepoSyncRule", hub): 2,
        ("ListRepoSyncRule", eu): 2,
    }
    # Beside the lists: the endpoint, VPC links and quotas of both instances.
    assert Counter(action for action, _ in pages if not action.startswith("List")) == {
        "GetInstanceEndpoint": 2,
        "GetInstanceVpcEndpoint": 2,
        "GetInstanceUsage": 2,
    }
