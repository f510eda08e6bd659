from __future__ import annotations

from dataclasses import replace

from reconciler.core import building, graph
from reconciler.core.diff import compare_settings
from reconciler.core.ownership import Options, compare_ownership
from reconciler.core.scope import scope_of
from reconciler.model import address
from reconciler.model.build import BuildRule, LiveBuildRule, LiveBuilds, SourceCode
from reconciler.model.live import Live
from reconciler.model.plan import Action, FieldChange
from reconciler.model.source import PersonalSource
from reconciler.model.spec import Desired, ImportRule, Include, Repository
from tests.unit.core.scene import at, instance, live_instance, live_namespace, personal_edition, repository

CODE = SourceCode("gitlab", "acme/web", auto_build=True)
MAIN, RELEASE = BuildRule("latest", "main"), BuildRule("v1", git_tag="v1.*", platforms=("linux/arm64",))
LIVE_MAIN = LiveBuildRule("crbr-1", replace(MAIN, platforms=("linux/amd64",)))
WEB = Repository("hub", "apps/web", source_code=CODE, build_rules=(MAIN, RELEASE), places=at(3, source_code=4))
DESIRED = Desired(instances=(instance("hub"),), repositories=(WEB,))
SOURCE, ADDRESS = address.source_code("hub", "apps/web"), address.build_rule("hub", "apps/web", "branch:main", "latest")


def live(builds: LiveBuilds | None) -> Live:
    web = replace(repository("apps/web"), builds=builds)
    return Live((live_instance("hub", web, namespaces=[live_namespace("apps")]),))


def changes(desired: Desired, builds: LiveBuilds) -> dict[str, tuple[Action, tuple[FieldChange, ...], str]]:
    found = compare_settings(desired, live(builds)).changes
    return {str(change.address): (change.action, change.fields, change.live_id) for change in found}


def test_what_is_not_there_is_created_and_needs_the_source_code_first() -> None:
    found = changes(DESIRED, LiveBuilds(None))
    assert {where: action for where, (action, _, _) in found.items()} == {
        "instances.hub.repositories.apps/web[source_code]": Action.CREATE,
        "instances.hub.repositories.apps/web[build_rules.branch:main:latest]": Action.CREATE,
        "instances.hub.repositories.apps/web[build_rules.git_tag:v1.*:v1]": Action.CREATE,
    }
    edges = {(e.dependent, e.dependency) for e in graph.build(DESIRED).edges}
    assert {(ADDRESS, SOURCE), (SOURCE, WEB.address), (ADDRESS, WEB.address)} <= edges


def test_platforms_that_nobody_declares_are_left_to_the_service() -> None:
    both = LiveBuilds(CODE, (LIVE_MAIN, LiveBuildRule("crbr-2", RELEASE)))
    assert changes(DESIRED, both) == {}


def test_a_changed_rule_keeps_its_id() -> None:
    other = replace(LIVE_MAIN.rule, dockerfile="Dockerfile.old")
    found = changes(DESIRED, LiveBuilds(CODE, (replace(LIVE_MAIN, rule=other), LiveBuildRule("crbr-2", RELEASE))))
    assert found == {
        str(ADDRESS): (Action.UPDATE, (FieldChange("dockerfile", "Dockerfile.old", "Dockerfile"),), "crbr-1")
    }


def test_the_same_push_with_another_tag_is_the_same_rule() -> None:
    older = LiveBuildRule("crbr-1", replace(LIVE_MAIN.rule, tag="edge"))
    nightly = BuildRule("nightly", "main")
    matched = building.match_rules((MAIN, nightly), (older, LIVE_MAIN))
    assert matched == {MAIN.name: LIVE_MAIN, nightly.name: older}


def test_source_code_that_differs_is_bound_anew() -> None:
    there = LiveBuilds(replace(CODE, repository="acme/old", auto_build=False), (LIVE_MAIN,))
    desired = replace(DESIRED, repositories=(replace(WEB, build_rules=None),))
    assert changes(desired, there) == {
        str(SOURCE): (
            Action.UPDATE,
            (FieldChange("repository", "acme/old", "acme/web"), FieldChange("auto_build", False, True)),
            "",
        )
    }


def test_build_rules_with_nothing_to_build_from_are_an_error() -> None:
    desired = replace(DESIRED, repositories=(replace(WEB, source_code=None),))
    (found,) = building.check(desired, live(LiveBuilds(None)))
    assert (found.rule, found.address) == ("R-BUILD-1", "instances.hub.repositories.apps/web")
    assert list(building.check(desired, live(LiveBuilds(CODE)))) == []


def test_a_platform_is_asked_for_once_and_not_when_something_is_bound_to_it() -> None:
    api = replace(WEB, name="apps/api")
    desired = replace(DESIRED, repositories=(api, WEB))
    assert [platform for platform, _ in building.prerequisites(desired, live(None))] == ["gitlab"]
    other = LiveBuilds(replace(CODE, repository="acme/other"))
    assert list(building.prerequisites(desired, live(other))) == []


def test_undeclared_rules_of_a_declared_list_are_told_and_pruned() -> None:
    there = live(LiveBuilds(CODE, (LIVE_MAIN, LiveBuildRule("crbr-9", BuildRule("old", "legacy")))))
    claimed = compare_settings(DESIRED, there).claimed
    told = compare_ownership(DESIRED, there, claimed, Options()).diagnostics
    assert "undeclared build_rules of `hub` are left alone: `apps/web[branch:legacy:old]`" in {d.summary for d in told}
    pruned = compare_ownership(DESIRED, there, claimed, Options(prune=True, allow_delete={"build_rules": None})).changes
    assert [(change.action, change.live_id) for change in pruned] == [(Action.DELETE, "crbr-9")]
    silent = replace(DESIRED, repositories=(replace(WEB, build_rules=None),))
    assert not any("build_rules" in d.summary for d in compare_ownership(silent, there, set(), Options()).diagnostics)


RULE = ImportRule(
    "old", "hub", PersonalSource("cn-hangzhou", ("apps",)), include=frozenset(Include), places=at(7, include=8)
)


def test_rules_that_stay_behind_are_told() -> None:
    unknown = LiveBuilds(None, (LIVE_MAIN,), source_known=False)
    personal = personal_edition("cn-hangzhou", "p", (), (replace(repository("apps/web"), builds=unknown),))
    state = replace(live(None), origins=(personal,))
    (found,) = building.left_out(Desired(instances=(instance("hub"),), imports=(RULE,)), state)
    assert (found.rule, found.address, found.span and found.span.line) == ("R-BUILD-2", "imports.old", 8)


def test_builds_are_read_only_where_somebody_asks() -> None:
    scope = scope_of(replace(DESIRED, repositories=(WEB, Repository("hub", "apps/api"))))
    assert [scope.instances[0].reads_builds_of(name) for name in ("apps/web", "apps/api")] == [True, False]
    scope = scope_of(Desired(instances=(instance("hub"),), imports=(replace(RULE, rename={"apps": "shop"}),)))
    assert [scope.instances[0].reads_builds_of(name) for name in ("shop/web", "apps/web")] == [True, False]
    assert [scope.origins[0].reads_builds_of(name) for name in ("apps/web", "shop/web")] == [True, False]
