from __future__ import annotations

from dataclasses import replace

from reconciler.core.expand import conflicts, expand, target_name
from reconciler.model.build import BuildRule, LiveBuildRule, LiveBuilds, SourceCode
from reconciler.model.diagnostic import Severity
from reconciler.model.live import Live, LiveNamespace, LiveRepository
from reconciler.model.source import OssSource, PersonalSource
from reconciler.model.spec import Desired, ImportRule, Include, Namespace, Repository, Visibility
from tests.unit.core.scene import at, instance, live_instance, personal_edition, repository

PERSONAL = personal_edition(
    "cn-hangzhou",
    "personal.example",
    (
        LiveNamespace("apps", auto_create=False, visibility=Visibility.PUBLIC),
        LiveNamespace("mine", auto_create=True, visibility=Visibility.PRIVATE),
    ),
    (
        LiveRepository("1", "apps/web", Visibility.PUBLIC, "storefront"),
        LiveRepository("2", "apps/api", Visibility.PRIVATE, ""),
        repository("mine/toy"),
    ),
)
LIVE = Live((live_instance("hub"),), (PERSONAL,))
RULE = ImportRule("old", "hub", PersonalSource("cn-hangzhou", ("apps",)), "main", places=at(4))


def _expand(rule: ImportRule, live: Live = LIVE, namespaces: tuple[Namespace, ...] = ()) -> Desired:
    return expand(Desired(instances=(instance("hub"),), namespaces=namespaces, imports=(rule,)), live)


def test_an_import_brings_the_settings_of_the_namespaces_that_it_names() -> None:
    grown = _expand(RULE)
    (namespace,) = grown.namespaces
    assert (namespace.instance, namespace.name) == ("hub", "apps")
    assert (namespace.auto_create, namespace.visibility) == (False, Visibility.PUBLIC)
    assert namespace.origin == "imports.old"
    assert namespace.places.span.line == 4


def test_an_import_brings_repositories_and_leaves_an_empty_summary_open() -> None:
    found = {r.name: (r.visibility, r.summary, r.origin) for r in _expand(RULE).repositories}
    assert found == {
        "apps/api": (Visibility.PRIVATE, None, "imports.old"),
        "apps/web": (Visibility.PUBLIC, "storefront", "imports.old"),
    }


def test_what_the_yaml_declares_wins_field_by_field() -> None:
    own = Namespace("hub", "apps", auto_create=True)
    assert _expand(RULE, namespaces=(own,)).namespaces == (replace(own, visibility=Visibility.PUBLIC),)


def test_a_declared_repository_takes_over_what_it_does_not_declare() -> None:
    own = Repository("hub", "apps/web", summary="the shop")
    desired = Desired(instances=(instance("hub"),), repositories=(own,), imports=(RULE,))
    found = next(r for r in expand(desired, LIVE).repositories if r.name == "apps/web")
    assert found == replace(own, visibility=Visibility.PUBLIC)


def test_settings_that_contradict_what_counts_are_told() -> None:
    own = Namespace("hub", "apps", auto_create=True, visibility=Visibility.PUBLIC)
    web = Repository("hub", "apps/web", Visibility.PRIVATE)
    desired = Desired(instances=(instance("hub"),), namespaces=(own,), repositories=(web,), imports=(RULE,))
    assert [(d.severity, d.address, d.span and d.span.line) for d in conflicts(desired, LIVE)] == [
        (Severity.INFO, "instances.hub.namespaces.apps", 4),
        (Severity.INFO, "instances.hub.repositories.apps/web", 4),
    ]


def test_of_two_imports_into_one_namespace_the_first_counts() -> None:
    other = replace(RULE, key="other", source=PersonalSource("cn-hangzhou", ("mine",)), rename={"mine": "apps"})
    desired = Desired(instances=(instance("hub"),), imports=(RULE, other))
    (namespace,) = expand(desired, LIVE).namespaces
    assert (namespace.auto_create, namespace.visibility) == (False, Visibility.PUBLIC)
    told = [d.summary for d in conflicts(desired, LIVE)]
    assert len(told) == 2
    assert told[1] == (
        "`imports.other` brings `visibility: private` for `instances.hub.namespaces.apps`; "
        "`visibility: public` is brought by `imports.old` and counts"
    )


CODE = SourceCode("gitlab", "acme/web")
BUILDS = LiveBuilds(CODE, (LiveBuildRule("1", BuildRule("latest", "main")),))
ALL = frozenset(Include)


def _with_builds(builds: LiveBuilds, *there: LiveRepository) -> Live:
    web = replace(PERSONAL.repositories[0], builds=builds)
    return Live((live_instance("hub", *there),), (replace(PERSONAL, repositories=(web,)),))


def test_builds_come_only_where_they_are_asked_for() -> None:
    (web,) = _expand(RULE, _with_builds(BUILDS)).repositories
    assert (web.source_code, web.build_rules, web.builds_origin) == (None, None, "")
    (web,) = _expand(replace(RULE, include=ALL), _with_builds(BUILDS)).repositories
    assert (web.source_code, web.build_rules) == (CODE, (BuildRule("latest", "main"),))
    assert web.builds_origin == "imports.old"
    alone = _expand(replace(RULE, include=frozenset({Include.BUILD_RULES})), _with_builds(BUILDS))
    assert [(r.visibility, r.source_code) for r in alone.repositories] == [(None, CODE)]


def test_rules_without_known_source_code_come_once_the_target_is_bound() -> None:
    unknown = replace(BUILDS, source=None, source_known=False)
    everything = replace(RULE, include=ALL)
    (web,) = _expand(everything, _with_builds(unknown)).repositories
    assert web.build_rules is None
    bound = replace(repository("apps/web"), builds=LiveBuilds(CODE))
    (web,) = _expand(everything, _with_builds(unknown, bound)).repositories
    assert (web.source_code, web.build_rules) == (None, (BuildRule("latest", "main"),))


def test_a_declared_list_of_build_rules_is_the_whole() -> None:
    own = Repository("hub", "apps/web", source_code=CODE, build_rules=())
    desired = Desired(instances=(instance("hub"),), repositories=(own,), imports=(replace(RULE, include=ALL),))
    (web,) = expand(desired, _with_builds(BUILDS)).repositories
    assert (web.build_rules, web.builds_origin) == ((), "")


def test_a_renamed_namespace_takes_its_repositories_along() -> None:
    grown = _expand(replace(RULE, rename={"apps": "shop"}))
    assert [n.name for n in grown.namespaces] == ["shop"]
    assert [r.name for r in grown.repositories] == ["shop/api", "shop/web"]
    assert target_name(replace(RULE, rename={"apps": "shop"}), "apps/a/b") == "shop/a/b"


def test_include_says_what_an_import_brings() -> None:
    grown = _expand(replace(RULE, include=frozenset({Include.REPOSITORIES})))
    assert grown.namespaces == ()
    assert len(grown.repositories) == 2
    assert _expand(replace(RULE, include=frozenset())).repositories == ()


def test_other_regions_other_sources_and_instances_that_are_not_there_bring_nothing() -> None:
    elsewhere = replace(RULE, source=PersonalSource("cn-beijing", ("apps",)))
    bucket = replace(RULE, source=OssSource("cn-hangzhou", "bucket"))
    for grown in (_expand(elsewhere), _expand(bucket), _expand(RULE, Live((), (PERSONAL,)))):
        assert (grown.namespaces, grown.repositories) == ((), ())


def test_the_order_of_what_was_brought_and_declared_is_that_of_addresses() -> None:
    declared = Desired(
        instances=(instance("hub"),),
        imports=(RULE,),
        repositories=(Repository("hub", "apps/zoo"), Repository("hub", "aaa/first")),
    )
    assert [r.name for r in expand(declared, LIVE).repositories] == ["aaa/first", "apps/api", "apps/web", "apps/zoo"]
