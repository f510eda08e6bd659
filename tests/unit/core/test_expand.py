from __future__ import annotations

from dataclasses import replace

from reconciler.core.expand import expand, target_name
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


def test_what_the_yaml_declares_wins() -> None:
    own = Namespace("hub", "apps", auto_create=True)
    assert _expand(RULE, namespaces=(own,)).namespaces == (own,)


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
