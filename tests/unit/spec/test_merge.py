"""Several documents and files are one spec."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

from reconciler.spec.load import Loaded

Spec: TypeAlias = Callable[..., Loaded]


def test_documents_and_files_are_joined_by_key(spec: Spec) -> None:
    loaded = spec(
        """\
        settings: {prune: true}
        instances: {hub: {region: cn-hangzhou}}
        ---
        version: 1
        instances: {eu-west: {region: eu-west-1}}
        """,
        """\
        settings: {safety: {max_images: 7}}
        instances:
        vpcs: {main: {instance: hub, vpc: vpc-1, vswitch: vsw-1}}
        """,
    )
    assert not loaded.diagnostics
    assert [i.key for i in loaded.desired.instances] == ["eu-west", "hub"]
    assert (loaded.desired.settings.prune, loaded.desired.settings.safety.max_images) == (True, 7)
    assert [v.instance for v in loaded.desired.vpcs] == ["hub"]


def test_a_second_declaration_names_both_places(spec: Spec) -> None:
    text = "instances: {hub: {region: cn-hangzhou}}\n"
    (found,) = spec(text, text).diagnostics
    assert (found.rule, str(found.span), found.address) == ("R-SPEC-8", "2.yaml:2:13", "instances.hub")
    assert [str(related.span) for related in found.related] == ["1.yaml:2:13"]


def test_a_setting_in_two_files_is_declared_twice(spec: Spec) -> None:
    (found,) = spec("settings: {prune: true}", "settings: {prune: true}").diagnostics
    assert (found.rule, str(found.span)) == ("R-SPEC-8", "2.yaml:2:12")


def test_every_document_says_its_version(spec: Spec) -> None:
    loaded = spec("---\nsettings: {}\n---\nversion: 2\n---\nversion: '1'\n---\nversion: true\n")
    assert [(d.rule, d.span and d.span.line) for d in loaded.diagnostics] == [
        ("R-SPEC-9", 3),
        ("R-SPEC-9", 5),
        ("R-SPEC-9", 7),
        ("R-SPEC-9", 9),
    ]


def test_what_is_no_mapping_is_said_once(spec: Spec) -> None:
    loaded = spec("instances: [hub]\n---\n- version: 1\n")
    assert [(d.rule, d.summary) for d in loaded.diagnostics] == [
        ("R-SPEC-12", "`instances` is not a mapping"),
        ("R-SPEC-12", "the document is not a mapping"),
    ]


def test_an_unknown_section_is_suggested(spec: Spec) -> None:
    (found,) = spec("instance: {}").diagnostics
    assert (found.rule, str(found.span), found.hint) == ("R-SPEC-10", "1.yaml:2:1", "did you mean `instances`?")
