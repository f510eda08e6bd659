"""What comes out is read by our own reader, and means what the other tool was told."""

from __future__ import annotations

from pathlib import Path

import pytest

from reconciler.convert.convert import Tool, convert
from reconciler.convert.imports import Destination
from reconciler.model.source import RegistrySource, RepositoryFilter
from reconciler.model.spec import ImportRule
from reconciler.spec.files import SourceText, Texts
from reconciler.spec.load import load_texts

SCENARIOS = Path(__file__).parents[2] / "scenarios" / "convert"
HUB = Destination("hub", "cn-hangzhou")


def imported(text: str, destination: Destination = HUB) -> tuple[ImportRule, ...]:
    converted = convert(text, "told.yaml", destination)
    assert [d for d in converted.diagnostics if d.severity == "error"] == []
    loaded = load_texts(Texts((SourceText("ours.yaml", converted.text),), ()), environment={})
    assert [d for d in loaded.diagnostics if d.severity == "error"] == []
    return loaded.desired.imports


@pytest.mark.parametrize(
    ("file", "tool"),
    [
        ("skopeo/sync.yaml", Tool.SKOPEO),
        ("regsync/regsync.yml", Tool.REGSYNC),
        ("image-syncer/images.json", Tool.IMAGE_SYNCER),
    ],
)
def test_the_tool_is_told_by_its_keys_and_no_password_is_taken_over(file: str, tool: Tool) -> None:
    converted = convert((SCENARIOS / file).read_text(encoding="utf-8"), file, HUB)
    assert converted.tool is tool
    assert "never-shown" not in converted.text + repr(converted.diagnostics)
    assert imported((SCENARIOS / file).read_text(encoding="utf-8"))


def test_repositories_with_the_same_selection_are_one_import() -> None:
    (rule,) = imported("quay.io: {images: {coreos/etcd: [], coreos/dex: [], tools/ci: []}}")
    chosen = RepositoryFilter(repositories=("coreos/etcd", "coreos/dex", "tools/ci"))
    assert rule.source == RegistrySource("https://quay.io", chosen)
    assert rule.images.tags == ".*"
    assert dict(rule.rename) == {}


def test_one_namespace_that_becomes_two_is_two_imports() -> None:
    hub = "hub-registry.cn-hangzhou.cr.aliyuncs.com"
    first, second = imported(f"quay.io/coreos/etcd: {hub}/one/etcd\nquay.io/coreos/dex: {hub}/two/dex\n")
    assert (dict(first.rename), dict(second.rename)) == ({"coreos": "one"}, {"coreos": "two"})


def test_tags_that_yaml_would_take_for_numbers_stay_text() -> None:
    (rule,) = imported('quay.io: {images: {coreos/etcd: ["no"], tools/ci: ["no"]}}')
    assert rule.images.tags == "no"


def test_a_name_without_namespace_gets_the_one_that_is_given() -> None:
    told = "quay.io: {images: {etcd: [], coreos/dex: []}}"
    (rule,) = imported(told, Destination("hub", "cn-hangzhou", "mirror"))
    assert (rule.default_namespace, dict(rule.rename)) == ("mirror", {"coreos": "mirror"})


def test_a_name_without_namespace_is_left_out_and_said() -> None:
    converted = convert("quay.io: {images: {etcd: [], coreos/dex: []}}", "sync.yaml", HUB)
    assert [d.rule for d in converted.diagnostics] == ["R-CONV-3"]
    assert "has no namespace" in converted.text


def test_a_target_gives_a_name_its_namespace() -> None:
    (rule,) = imported("registry.local:5000/etcd: hub-registry.cn-hangzhou.cr.aliyuncs.com/mirror/etcd")
    assert rule.default_namespace == "mirror"


def test_a_tool_that_is_named_wrongly_is_told() -> None:
    converted = convert("quay.io/coreos/etcd: quay.io/mirror/etcd", "images.yaml", HUB, Tool.REGSYNC)
    assert converted.text == ""
    assert [d.rule for d in converted.diagnostics] == ["R-CONV-2"]
