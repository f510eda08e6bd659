"""Violations of the schema in our words."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

import pytest

from reconciler.spec.conformance import address_of
from reconciler.spec.load import Loaded

Spec: TypeAlias = Callable[..., Loaded]

HUB = "instances: {hub: {region: cn-hangzhou}, eu-west: {region: eu-west-1}}\n"
RULE = "source: hub, targets: [eu-west], level: namespace, namespace: apps"
SOURCE = "{type: personal, region: cn-hangzhou, namespaces: [apps]}"


def findings(loaded: Loaded) -> list[tuple[str, str, int]]:
    return [(d.rule, d.hint, d.span.column if d.span else 0) for d in loaded.diagnostics]


@pytest.mark.parametrize(
    ("line", "rule", "hint"),
    [
        ("instances: {hub: {}}", "R-SPEC-11", "add `region: …`"),
        ("instances: {hub: [a]}", "R-SPEC-12", "write a mapping"),
        ("instances: {hub: }", "R-SPEC-12", "give a value, or remove the key"),
        ("instances: {hub: {region: 7}}", "R-SPEC-13", 'quote it: `"7"`'),
        ("instances: {hub: {region: cn-hangzhou, personal_domain: on}}", "R-SPEC-12", "write `true`"),
        ("instances: {hub: {region: cn-hangzhou, personal_domain: 'False'}}", "R-SPEC-12", "write `false`"),
        ("instances: {hub: {region: cn-hangzhou, personal_domain: 1}}", "R-SPEC-12", "write `true` or `false`"),
        ("instances: {hub: {region: cn-hangzhou, edition: gold}}", "R-SPEC-14", None),
        ("instances: {hub: {region: cn-hangzhou, edition: Basic}}", "R-SPEC-14", "did you mean `basic`?"),
        ("instances: {hub: {region: cn-hangzhou, edition: [basic]}}", "R-SPEC-14", None),
        ("instances: {hub: {region: cn-hangzhou, name: Hub}}", "R-NAME-1", None),
        ('instances: {hub: {region: cn-hangzhou, name: "hub\\n"}}', "R-NAME-1", None),
        ("instances: {hub: {region: cn-hangzhou, namespaces: {a: {}}}}", "R-NAME-2", None),
        ("instances: {hub: {region: cn-hangzhou, namespaces: {-apps: {}}}}", "R-NAME-2", None),
        ("instances: {hub: {region: cn-hangzhou, repositories: {web: {}}}}", "R-NAME-3", None),
        ("instances: {hub: {region: cn-hangzhou, repositories: {apps/web: {summary: ''}}}}", "R-SPEC-15", None),
        ("instances: {my.hub: {region: cn-hangzhou, name: hub}}", "R-NAME-4", None),
        ("instances: {hub: {region: Hangzhou}}", "R-NAME-5", None),
        ("settings: {safety: {max_bytes: 2 TB}}", None, None),
        ("settings: {safety: {max_bytes: 2TX}}", "R-SPEC-15", None),
        ("settings: {safety: {max_bytes: 2.5}}", "R-SPEC-12", None),
        ("settings: {safety: {max_deletes: -1}}", "R-SPEC-15", None),
        ("settings: {replication: {same_pair: denied}}", "R-SPEC-14", "did you mean `deny`?"),
    ],
)
def test_a_value_that_does_not_fit(spec: Spec, line: str, rule: str | None, hint: str | None) -> None:
    beside = "" if line.startswith("instances") else "instances: {other: {region: cn-hangzhou}}\n"
    found = spec(beside + line).diagnostics
    assert [d.rule for d in found] == ([rule] if rule else [])
    assert hint is None or found[0].hint == hint
    assert all(d.hint and d.span for d in found)


def test_a_misspelled_key_is_not_reported_as_missing_too(spec: Spec) -> None:
    assert findings(spec("instances: {hub: {regoin: cn-hangzhou}}")) == [("R-SPEC-10", "did you mean `region`?", 19)]


def test_a_missing_key_points_at_what_lacks_it(spec: Spec) -> None:
    loaded = spec(HUB + f"imports: {{legacy: {{source: {SOURCE}}}}}")
    assert findings(loaded) == [("R-SPEC-11", "add `target: …`", 11)]
    assert loaded.diagnostics[0].address == "imports.legacy"


@pytest.mark.parametrize(
    ("source", "rule", "hint"),
    [
        ("{type: personal, region: cn-hangzhou}", "R-SPEC-11", "add `namespaces: …`"),
        ("{type: personal, region: cn-hangzhou, namespaces: []}", "R-SPEC-15", "name at least one namespace"),
        ("{type: personal, region: cn-hangzhou, namespaces: apps}", "R-SPEC-12", "write `[apps]`"),
        ("{type: personal, region: cn-hangzhou, namespaces: [apps], bucket: x}", "R-SPEC-10", None),
        ("{type: persnal, region: cn-hangzhou}", "R-SPEC-14", "did you mean `personal`?"),
        ("{region: cn-hangzhou, namespaces: [apps]}", "R-SPEC-11", "add `type: …`"),
    ],
)
def test_a_source_has_the_fields_of_its_type(spec: Spec, source: str, rule: str, hint: str | None) -> None:
    (found,) = spec(HUB + f"imports: {{legacy: {{target: hub, source: {source}}}}}").diagnostics
    assert found.rule == rule
    assert hint is None or found.hint == hint


def test_level_repository_needs_the_repository(spec: Spec) -> None:
    text = f"replications: {{web: {{{RULE.replace('level: namespace', 'level: repository')}}}}}"
    assert findings(spec(HUB + text)) == [("R-SPEC-11", "add `repository: …`", 16)]


def test_tags_that_yaml_reads_as_numbers_have_to_be_quoted(spec: Spec) -> None:
    loaded = spec(
        HUB + f"replications: {{a: {{{RULE}, tags: 1.10}}, b: {{{RULE}, tags: 2024}}, c: {{{RULE}, tags: '1.10'}}}}"
    )
    assert [(d.rule, d.hint) for d in loaded.diagnostics] == [
        ("R-SPEC-13", 'quote it: `"1.10"`'),
        ("R-SPEC-13", 'quote it: `"2024"`'),
    ]
    assert {r.name: r.tags for r in loaded.desired.replications}["c"] == "1.10"


def test_nothing_is_said_about_a_value_that_is_not_known(spec: Spec) -> None:
    loaded = spec(HUB + f"replications: {{a: {{{RULE}, trigger: '${{ENV:NOT_SET}}', priority: !odd 3}}}}")
    assert [d.rule for d in loaded.diagnostics] == ["R-SPEC-7", "R-SPEC-6"]


@pytest.mark.parametrize(
    ("path", "address"),
    [
        (("settings", "prune"), ""),
        (("instances",), ""),
        (("instances", "hub", "tags", "a"), "instances.hub"),
        (("instances", "hub", "repositories", "apps/web", "summary"), "instances.hub.repositories.apps/web"),
        (("replications", "web", "targets", 0), "replications.web"),
    ],
)
def test_the_address_that_a_path_lies_in(path: tuple[str | int, ...], address: str) -> None:
    assert address_of(path) == address
