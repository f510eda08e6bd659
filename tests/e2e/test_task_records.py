"""The service's replication tasks: shown, narrowed down, watched and made again."""

from __future__ import annotations

import json
from pathlib import Path

from reconciler.emulator.faults import TaskFault
from reconciler.model.json_value import Json
from tests.e2e.stage import EU, HUB, Stage, picture, staged
from tests.scenarios.scenario import hold

SPEC = """\
version: 1
instances:
  hub: {region: cn-hangzhou, edition: advanced, name: acme-hub, namespaces: {apps: {auto_create: true}}}
  eu: {region: eu-central-1, edition: basic, name: acme-eu, namespaces: {apps: {auto_create: true}}}
  sg: {region: ap-southeast-1, edition: basic, name: acme-sg, namespaces: {apps: {auto_create: true}}}
replications:
  apps: {source: hub, targets: [eu, sg], level: namespace, namespace: apps}
"""


def _tasks(stage: Stage, *words: str, expect: int = 0) -> list[dict[str, Json]]:
    told = stage.work.run("records", "--tasks", "--spec", "registry.yaml", "--format", "json", *words, expect=expect)
    document = json.loads(told.out)
    hold(document, "records.v1")
    found: list[dict[str, Json]] = document["tasks"]
    return found


def _told(stage: Stage, *words: str, expect: int = 0) -> str:
    return stage.run("records", "--tasks", "--spec", "registry.yaml", *words, expect=expect)


def test_tasks_are_told_narrowed_down_and_made_again(tmp_path: Path) -> None:
    with staged(tmp_path, seed=SPEC, spec=SPEC) as stage:
        assert _told(stage) == "no tasks\n"
        stage.push(HUB, "apps/web", "v1", picture("one"))
        stage.local.fail_tasks(TaskFault(tag="v2"))
        stage.push(HUB, "apps/web", "v2", picture("two"))
        _told(stage, "--watch", expect=1)

        found = _tasks(stage)
        assert [(task["rule_name"], task["trigger"]) for task in found] == [("apps", "push")] * 4
        assert {(task["source_key"], task["target_key"]) for task in found} == {("hub", "eu"), ("hub", "sg")}
        (failed,) = _tasks(stage, "--failed")
        assert (failed["status"], failed["issue"]) == ("ERROR", "NETWORK_ERROR")
        assert len(_tasks(stage, "--instance", "eu")) == 2
        assert len(_tasks(stage, "--rule", "apps", "--limit", "3")) == 3
        assert len(_tasks(stage, "--since", "1h")) == 4
        assert _tasks(stage, "--since", "0s") == []
        table = _told(stage, "--failed")
        assert table.split()[:4] == ["task", "status", "trigger", "rule"]
        assert "NETWORK_ERROR" in table

        assert "nobody can be asked" in _told(stage, "--failed", "--retry", expect=1)
        (made,) = _tasks(stage, "--failed", "--retry", "--auto-approve", "--watch", "--log-file", "calls.jsonl")
        assert "CreateRepoSyncTask" in (stage.work.folder / "calls.jsonl").read_text()
        assert made["status"] == "SUCCESS"
        assert made["id"] != failed["id"]
        assert stage.digest(EU, "apps/web", "v2") == stage.digest(HUB, "apps/web", "v2")
        assert "no task has to be made again" in _told(stage, "--retry", "--auto-approve")
        assert len(_tasks(stage)) == 5


def test_a_word_that_nobody_knows_is_told(tmp_path: Path) -> None:
    with staged(tmp_path, seed=SPEC, spec=SPEC) as stage:
        stage.apply()
        assert "did you mean `apps`?" in _told(stage, "--rule", "aps", expect=1)
        assert "no instance is called `us`" in _told(stage, "--instance", "us", expect=1)
        assert "`yesterday` is not an age" in _told(stage, "--since", "yesterday", expect=1)
        assert "add `--tasks`" in stage.run("records", "--rule", "apps", expect=1)
        assert "add `--tasks`" in stage.run("records", "--watch", expect=1)
        assert "leave out one of them" in _told(stage, "last", expect=1)
