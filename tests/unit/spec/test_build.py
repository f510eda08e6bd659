"""The desired state: types, defaults, references and places."""

from __future__ import annotations

import posixpath
from collections.abc import Callable
from typing import TypeAlias

import pytest

from reconciler.model.diagnostic import Severity
from reconciler.model.source import (
    DirectorySource,
    OssSource,
    PersonalSource,
    RegistrySource,
    RepositoryFilter,
    S3Source,
    Source,
)
from reconciler.model.spec import (
    AclEntry,
    Backfill,
    Edition,
    ImageSelection,
    Include,
    InternetEndpoint,
    Level,
    Namespace,
    PersonalNamespace,
    PersonalRepository,
    Repository,
    Safety,
    SamePair,
    Trigger,
    Visibility,
)
from reconciler.spec.load import Loaded

Spec: TypeAlias = Callable[..., Loaded]

HUB = "instances: {hub: {region: cn-hangzhou}, eu-west: {region: eu-west-1}}\n"
SOURCE = "{type: personal, region: cn-hangzhou, namespaces: [apps]}"
RULE = "source: hub, targets: [eu-west], level: namespace, namespace: apps"

FULL = """\
settings:
  replication: {same_pair: allow}
  safety: {max_deletes: 2.5%, max_bytes: 1.5GiB}
  zones: {cn-hangzhou: [cn-hangzhou-h]}
instances:
  hub:
    region: cn-hangzhou
    edition: advanced
    name: acme-hub
    endpoints:
      internet: {enabled: true, allow: [{cidr: 203.0.113.0/24, comment: office}, {cidr: 198.51.100.7/32}]}
    namespaces:
      apps: {auto_create: true, visibility: private}
      base:
    repositories:
      apps/web/front: {visibility: public, summary: storefront, tag_immutability: true}
  asia: {region: ap-southeast-1, id: cri-0123456789abcdef}
vpcs:
  main: {instance: hub, vpc: vpc-1, vswitch: vsw-1}
imports:
  legacy:
    target: hub
    vpc: main
    source: {type: personal, region: cn-hangzhou, namespaces: [apps, base]}
    images: {latest: 0}
    include: [namespaces]
    overwrite: false
    rename: {apps: apps-prod}
replications:
  web:
    source: hub
    targets: [asia]
    level: repository
    namespace: apps
    repository: web/front
    account: {user_id: "1234"}
"""


def test_every_group_is_typed(spec: Spec) -> None:
    loaded = spec(FULL)
    assert loaded.diagnostics == ()
    desired = loaded.desired
    assert desired.settings.same_pair is SamePair.ALLOW
    assert desired.settings.safety == Safety(0.025, 5000, 1_610_612_736)
    assert dict(desired.settings.zones) == {"cn-hangzhou": ("cn-hangzhou-h",)}
    assert [(i.key, i.name, i.id, i.edition) for i in desired.instances] == [
        ("asia", "asia", "cri-0123456789abcdef", None),
        ("hub", "acme-hub", None, Edition.ADVANCED),
    ]
    allow = (AclEntry("203.0.113.0/24", "office"), AclEntry("198.51.100.7/32"))
    assert desired.endpoints == (InternetEndpoint("hub", True, allow),)
    assert desired.namespaces == (Namespace("hub", "apps", True, Visibility.PRIVATE), Namespace("hub", "base"))
    assert desired.repositories == (Repository("hub", "apps/web/front", Visibility.PUBLIC, "storefront", True),)
    (rule,) = desired.imports
    assert rule.source == PersonalSource("cn-hangzhou", ("apps", "base"))
    assert (rule.images, rule.overwrite, rule.include) == (
        ImageSelection(0),
        False,
        frozenset({Include.NAMESPACES}),
    )
    assert dict(rule.rename) == {"apps": "apps-prod"}
    (replication,) = desired.replications
    assert (replication.level, replication.repository, replication.user_id) == (Level.REPOSITORY, "web/front", "1234")
    assert (replication.trigger, replication.priority) == (Trigger.PUSH, 3)
    assert (replication.backfill, replication.tags) == (Backfill.MISSING, ".*")


def test_fields_know_their_places(spec: Spec) -> None:
    desired = spec(FULL).desired
    places = desired.imports[0].places
    assert (places.span.line, places.span.column) == (22, 3)
    assert {path: (places.at(path).line, places.at(path).column) for path in ("target", "vpc", "images.latest")} == {
        "target": (23, 13),
        "vpc": (24, 10),
        "images.latest": (26, 22),
    }
    assert places.at("source.namespaces[1]").column == FULL.splitlines()[23].index("base") + 1
    assert places.at("tags") == places.span
    assert desired.replications[0].places.at("target").line == 33
    assert desired.replications[0].places.at("target") == desired.replications[0].places.at("targets[0]")
    assert desired.settings.places.at("safety.max_bytes").line == 4
    assert "namespaces" not in desired.instances[1].places.fields


def test_each_target_is_a_rule_of_its_own(spec: Spec) -> None:
    text = "replications: {web: {source: hub, targets: [eu-west, asia], level: namespace, namespace: apps}}"
    loaded = spec(HUB.replace("}}", "}, asia: {region: ap-southeast-1}}") + text)
    assert not loaded.diagnostics
    assert [str(rule.address) for rule in loaded.desired.replications] == [
        "replications.web[asia]",
        "replications.web[eu-west]",
    ]
    assert [rule.places.at("target").column for rule in loaded.desired.replications] == [54, 45]


@pytest.mark.parametrize(
    ("line", "rule", "place", "hint"),
    [
        (f"imports: {{legacy: {{target: hubb, source: {SOURCE}}}}}", "R-SPEC-16", "hubb", "did you mean `hub`?"),
        (
            f"imports: {{legacy: {{target: hub, vpc: x, source: {SOURCE}}}}}",
            "R-SPEC-16",
            "x,",
            "declare it under `vpcs`",
        ),
        (f"replications: {{a: {{{RULE.replace('hub', 'Hub')}}}}}", "R-SPEC-16", "Hub", "did you mean `hub`?"),
        (
            f"replications: {{a: {{{RULE.replace('[eu-west]', '[hub, eu-wst]')}}}}}",
            "R-SPEC-16",
            "eu-wst",
            "did you mean `eu-west`?",
        ),
        (f"replications: {{a: {{{RULE}, repository: web}}}}", "R-SPEC-19", "web}", None),
        (
            f"replications: {{a: {{{RULE.replace('level: namespace', 'level: repository')}, repository: apps/web}}}}",
            "R-NAME-3",
            "apps/web",
            "write `web`",
        ),
        (f"replications: {{a: {{{RULE}, tags: 'v(?=1)'}}}}", "R-SPEC-18", "'v(", None),
        (f"replications: {{a: {{{RULE}, repositories: '('}}}}", "R-SPEC-18", "'(", None),
        (f"replications: {{a: {{{RULE}, namespaces: team-.*}}}}", "R-SPEC-19", "team-", None),
        ("replications: {a: {source: hub, targets: [eu-west], level: namespace}}", "R-SPEC-11", "a:", None),
        (
            "replications: {a: {source: hub, targets: [eu-west], level: instance}}",
            "R-REP-5",
            "instance}",
            "set `settings.replication.instance_scope: true` to use it, or declare a rule for each namespace",
        ),
        (
            f"imports: {{legacy: {{target: hub, source: {SOURCE}, rename: {{app: x1}}}}}}",
            "R-SPEC-16",
            "app:",
            "did you mean `apps`?",
        ),
        (f"imports: {{a: {{target: hub, source: {SOURCE}, images: {{tags: '['}}}}}}", "R-IMP-1", "'[", None),
        ("vpcs: {main: {instance: hup, vpc: vpc-1, vswitch: vsw-1}}", "R-SPEC-16", "hup", "did you mean `hub`?"),
    ],
)
def test_what_points_at_nothing_or_means_nothing(
    spec: Spec, line: str, rule: str, place: str, hint: str | None
) -> None:
    (found,) = spec(HUB + line).diagnostics
    assert (found.rule, found.span and found.span.column) == (rule, line.index(place) + 1)
    assert hint is None or found.hint == hint


def test_a_file_that_was_not_read_hides_no_declaration(spec: Spec) -> None:
    loaded = spec(f"replications: {{a: {{{RULE}}}}}", "instances: {hub: {")
    assert [d.rule for d in loaded.diagnostics] == ["R-SPEC-3"]


INSTANCE_SCOPE = "settings: {replication: {instance_scope: true}}\n"


def test_a_rule_of_a_whole_instance(spec: Spec) -> None:
    fields = "source: hub, targets: [eu-west], level: instance, namespaces: team-.*, repositories: web|api, link: l-1"
    loaded = spec(f"{INSTANCE_SCOPE}{HUB}replications: {{all: {{{fields}}}}}")
    assert loaded.diagnostics == ()
    (rule,) = loaded.desired.replications
    assert (rule.level, rule.namespace, rule.repository) == (Level.INSTANCE, "", None)
    assert (rule.namespaces, rule.repositories, rule.link) == ("team-.*", "web|api", "l-1")


@pytest.mark.parametrize("field", ["namespace: apps", "repository: web"])
def test_what_a_rule_of_a_whole_instance_may_not_have(spec: Spec, field: str) -> None:
    fields = f"source: hub, targets: [eu-west], level: instance, {field}"
    (found,) = spec(f"{INSTANCE_SCOPE}{HUB}replications: {{all: {{{fields}}}}}").diagnostics
    assert found.rule == "R-SPEC-19"


@pytest.mark.parametrize(
    ("fields", "rule", "severity"),
    [
        ("region: cn-hangzou", "R-NAME-5", Severity.WARNING),
        ("region: cn-hangzhou, name: hub, id: cri-1", "R-SPEC-19", Severity.ERROR),
        ("region: cn-hangzhou, repositories: {apps/web: {build_rules: [{tag: v1}]}}", "R-SPEC-19", Severity.ERROR),
        (
            "region: cn-hangzhou, repositories: {apps/web: {build_rules: [{tag: v1, branch: a, git_tag: b}]}}",
            "R-SPEC-19",
            Severity.ERROR,
        ),
        (
            "region: cn-qingdao, repositories: {apps/w: {build_rules: [{tag: v1, branch: a}, {tag: v1, branch: a}]}}",
            "R-SPEC-17",
            Severity.ERROR,
        ),
        (
            "region: cn-qingdao, repositories: {apps/w: {build_rules: [{tag: a, branch: a, platforms: [linux/mips]}]}}",
            "R-SPEC-14",
            Severity.ERROR,
        ),
    ],
)
def test_what_an_instance_may_not_have(spec: Spec, fields: str, rule: str, severity: Severity) -> None:
    (found,) = spec(f"instances: {{hub: {{{fields}}}}}").diagnostics
    assert (found.rule, found.severity, found.address.startswith("instances.hub")) == (rule, severity, True)


@pytest.mark.parametrize(
    ("cidrs", "rule", "hint"),
    [
        (["10.0.0.1/8"], "R-SPEC-15", "write `10.0.0.0/8`"),
        (["10.0.0.1"], "R-SPEC-15", "write `10.0.0.1/32`"),
        (["office"], "R-SPEC-15", None),
        (["10.0.0.0/8", "10.0.0.0/8"], "R-SPEC-17", None),
    ],
)
def test_cidr_blocks_are_written_as_the_service_keeps_them(
    spec: Spec, cidrs: list[str], rule: str, hint: str | None
) -> None:
    allow = ", ".join(f"{{cidr: {cidr}}}" for cidr in cidrs)
    text = f"instances: {{hub: {{region: cn-hangzhou, endpoints: {{internet: {{enabled: true, allow: [{allow}]}}}}}}}}"
    (found,) = spec(text).diagnostics
    assert found.rule == rule
    assert hint is None or found.hint == hint


def test_one_instance_has_one_key(spec: Spec) -> None:
    (found,) = spec("instances: {hub: {region: cn-hangzhou}, a: {region: cn-hangzhou, name: hub}}").diagnostics
    assert (found.rule, found.span and found.span.column) == ("R-SPEC-22", 41)


def test_a_key_that_cannot_be_the_name_is_a_warning(spec: Spec) -> None:
    (found,) = spec("instances: {eu: {region: eu-west-1}}").diagnostics
    assert (found.rule, found.severity) == ("R-NAME-1", Severity.WARNING)
    assert not spec("instances: {eu: {region: eu-west-1, id: cri-1}}").diagnostics
    assert not spec("instances: {eu: {region: eu-west-1}}", seed=True).diagnostics


@pytest.mark.parametrize(
    ("fields", "source"),
    [
        (
            "{type: oss, region: cn-hangzhou, bucket: old, prefix: /a/b/, namespaces: [apps]}",
            OssSource("cn-hangzhou", "old", "a/b", filter=RepositoryFilter(("apps",))),
        ),
        (
            "{type: s3, bucket: old, endpoint: 'https://minio.example.com:9000', repositories: ['apps/*']}",
            S3Source("old", endpoint="https://minio.example.com:9000", filter=RepositoryFilter((), ("apps/*",))),
        ),
        (
            "{type: directory, path: /srv/images, repository: apps/web}",
            DirectorySource("/srv/images", repository="apps/web"),
        ),
        ("{type: registry, url: 'https://harbor.example.com/'}", RegistrySource("https://harbor.example.com")),
    ],
)
def test_sources_of_every_type(spec: Spec, fields: str, source: Source) -> None:
    loaded = spec(HUB + f"imports: {{legacy: {{target: hub, source: {fields}, default_namespace: library}}}}")
    assert loaded.diagnostics == ()
    (rule,) = loaded.desired.imports
    assert (rule.source, rule.default_namespace) == (source, "library")


def test_a_relative_folder_is_beside_the_file_that_names_it(spec: Spec) -> None:
    loaded = spec(HUB + "imports: {legacy: {target: hub, source: {type: directory, path: ../images}}}")
    (rule,) = loaded.desired.imports
    beside = posixpath.dirname(loaded.desired.imports[0].places.span.file)
    assert rule.source == DirectorySource(posixpath.normpath(posixpath.join(beside, "../images")))


@pytest.mark.parametrize(
    ("name", "source"),
    [
        ("personal.cn-hangzhou", PersonalSource("cn-hangzhou", ())),
        ("oss://old/a/b", OssSource("cn-hangzhou", "old", "a/b")),
        ("s3+https://minio.example.com:9000/old", S3Source("old", endpoint="https://minio.example.com:9000/")),
        ("file:///srv/images", DirectorySource("/srv/images")),
        ("file:images", DirectorySource("images")),
        ("harbor.example.com:8443", RegistrySource("https://harbor.example.com:8443")),
    ],
)
def test_a_source_is_called_by_what_is_read(name: str, source: Source) -> None:
    assert source.name == name


SEED = """\
personal:
  cn-hangzhou:
    namespaces: {apps: {auto_create: false}}
    repositories: {apps/web: {visibility: public, summary: storefront, build_rules: [{branch: main, tag: latest}]}}
"""


def test_personal_edition_is_declared_in_seeds_alone(spec: Spec) -> None:
    loaded = spec(SEED)
    assert [(d.rule, d.span and (d.span.line, d.span.column)) for d in loaded.diagnostics] == [("R-SPEC-20", (2, 1))]
    assert loaded.desired.personal_namespaces == ()
    seeded = spec(SEED, seed=True)
    assert not seeded.diagnostics
    assert seeded.desired.personal_namespaces == (PersonalNamespace("cn-hangzhou", "apps", False),)
    (repository,) = seeded.desired.personal_repositories
    assert isinstance(repository, PersonalRepository)
    assert (repository.name, repository.visibility, repository.build_rules[0].branch) == ("apps/web", "public", "main")


def test_what_was_understood_is_kept_beside_errors(spec: Spec) -> None:
    loaded = spec("instances: {hub: {region: cn-hangzhou, edition: gold}, eu-west: {}, asia: {region: ap-south-1}}")
    assert [i.key for i in loaded.desired.instances] == ["asia", "hub"]
    assert len(loaded.diagnostics) == 2
