"""One image by hand, with every parameter of the service's dialog."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from reconciler.emulator.account import DEFAULT_USER
from reconciler.emulator.faults import TaskFault
from tests.e2e.stage import EU, HUB, KEY, Stage, picture, staged
from tests.scenarios.scenario import hold

SPEC = """\
version: 1
instances:
  hub: {region: cn-hangzhou, edition: advanced, name: acme-hub, namespaces: {apps: {auto_create: true}}}
  eu:
    region: eu-central-1
    edition: basic
    name: acme-eu
    namespaces: {shop: {auto_create: true}, shut: {auto_create: false}}
"""


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    with staged(Path(tmp_path_factory.mktemp("replicate")), seed=SPEC, spec=SPEC) as stage:
        stage.push(HUB, "apps/web", "v1", picture("one"))
        stage.push(HUB, "apps/web", "v2", picture("two"))
        yield stage


def _replicate(stage: Stage, *words: str, expect: int = 0) -> str:
    return stage.run("replicate", *words, "registry.yaml", expect=expect)


def test_the_image_is_at_the_target_when_the_program_ends(stage: Stage) -> None:
    told = _replicate(stage, "hub:apps/web:v1", "eu:shop/front:first", "--wait", "--priority", "5")
    assert "SUCCESS: 2/2 layers" in told
    there = stage.digest(EU, "shop/front", "first")
    assert there is not None
    assert there == stage.digest(HUB, "apps/web", "v1")
    assert f"replicated: {there}" in told
    assert "nothing to do" in _replicate(stage, "hub:apps/web:v1", "eu:shop/front:first")


def test_another_image_is_replaced_only_when_that_is_asked_for(stage: Stage) -> None:
    _replicate(stage, "hub:apps/web:v1", "eu:shop/kept:stable", "--wait")
    refused = _replicate(stage, "hub:apps/web:v2", "eu:shop/kept:stable", "--wait", expect=1)
    assert "pass `--overwrite`" in refused
    assert stage.digest(EU, "shop/kept", "stable") == stage.digest(HUB, "apps/web", "v1")
    _replicate(stage, "hub:apps/web:v2", "eu:shop/kept:stable", "--wait", "--overwrite")
    assert stage.digest(EU, "shop/kept", "stable") == stage.digest(HUB, "apps/web", "v2")


def test_instances_are_named_by_id_without_a_spec(stage: Stage) -> None:
    hub, eu = (stage.local.instance_id(key) for key in ("hub", "eu"))
    told = stage.work.run(
        "replicate",
        f"{hub}@cn-hangzhou:apps/web:v1",
        f"{eu}@eu-central-1:shop/by-id",
        "nowhere.yaml",
        "--wait",
        "--format",
        "json",
    )
    document = json.loads(told.out)
    hold(document, "replicate.v1")
    assert (document["result"], document["task"]["status"]) == ("replicated", "SUCCESS")
    assert document["digest"] == stage.digest(EU, "shop/by-id", "v1")


def test_a_task_that_fails_is_told_in_the_services_words(stage: Stage) -> None:
    stage.local.fail_tasks(TaskFault(repository="apps/web", tag="v2", after_layers=1))
    told = _replicate(stage, "hub:apps/web:v2", "eu:shop/failing", "--wait", expect=1)
    assert "NETWORK_ERROR" in told
    assert stage.digest(EU, "shop/failing", "v2") is None


def test_another_accounts_target_is_not_looked_into(stage: Stage) -> None:
    eu = stage.local.instance_id("eu")
    refused = _replicate(stage, "hub:apps/web:v1", "eu:shop/other", "--user-id", "123", expect=1)
    assert "`ID@REGION`" in refused
    elsewhere = f"{eu}@eu-central-1:shop/other"
    told = _replicate(stage, "hub:apps/web:v1", elsewhere, "--user-id", "123", "--wait", expect=1)
    assert "INSTANCE_NOT_EXIST" in told
    told = _replicate(stage, "hub:apps/web:v1", elsewhere, "--user-id", DEFAULT_USER, "--wait")
    assert "replicated" in told


@pytest.mark.parametrize(
    ("words", "complaint", "hint"),
    [
        (("hub:apps/web", "eu"), "does not name an image", "INSTANCE:NAMESPACE/REPOSITORY:TAG"),
        (("hub:web:v1", "eu"), "`web` is no repository", "KEY:NAMESPACE/REPOSITORY:TAG"),
        (("hup:apps/web:v1", "eu"), "no instance has the key `hup`", "did you mean `hub`?"),
        (("cri-x@cn-hangzhou:apps/web:v1", "eu"), "`cn-hangzhou` has no instance `cri-x`", "use one of: `cri-"),
        (("hub:apps/wbe:v1", "eu"), "no repository `apps/wbe`", "did you mean `apps/web`?"),
        (("hub:apps/web:v9", "eu"), "no tag `v9`", "`v1`"),
        (("hub:apps/web:v1", "eu"), "no namespace `apps`", "declare it under `namespaces`"),
        (("hub:apps/web:v1", "eu:shut/web"), "does not create repositories", "auto_create"),
        (("eu:shop/front:v1", "hub"), "cannot be a replication source", "upgrade `acme-eu` to Advanced"),
        (("hub:apps/web:v1", "hub"), "the same image", "name another"),
        (("hub:apps/web:v1", "cri-1@cn-shanghai-finance-1", "--user-id", "1"), "public cloud", "registry client"),
    ],
)
def test_what_cannot_be_is_refused_with_a_way_out(
    stage: Stage, words: tuple[str, ...], complaint: str, hint: str
) -> None:
    told = _replicate(stage, *words, expect=1)
    assert complaint in told.splitlines()[0]
    assert hint in told.splitlines()[1]
    assert KEY[1] not in told
