from __future__ import annotations

from reconciler.core.scope import scope_of
from reconciler.model.scope import InstanceScope
from reconciler.model.source import PersonalSource
from reconciler.model.spec import Desired, ImportRule, Instance, InternetEndpoint, VpcBinding
from tests.unit.core.scene import instance, personal_scope, rule


def _scopes(desired: Desired) -> dict[str, InstanceScope]:
    return {scope.key: scope for scope in scope_of(desired).instances}


def test_tags_are_listed_only_where_images_are_compared() -> None:
    desired = Desired(
        instances=(instance("eu"), instance("hub"), instance("us")),
        imports=(ImportRule("old", "hub", PersonalSource("cn-hangzhou", ("a", "b")), rename={"a": "z"}),),
        replications=(rule("one", "hub", "eu", "apps", "web"), rule("all", "hub", "eu", "base")),
    )
    scopes = _scopes(desired)
    assert scopes["hub"].tag_namespaces == {"z", "b", "base"}
    assert scopes["hub"].tag_repositories == {"apps/web"}
    assert scopes["eu"].lists_tags_of("apps/web")
    assert scopes["eu"].lists_tags_of("base/os")
    assert not scopes["eu"].lists_tags_of("apps/api")
    assert not scopes["us"].lists_tags_of("apps/web")
    assert scope_of(desired).origins == (personal_scope("cn-hangzhou", "a", "b"),)


def test_endpoints_and_vpc_links_are_asked_for_when_they_are_declared() -> None:
    desired = Desired(
        instances=(instance("eu"), instance("hub")),
        endpoints=(InternetEndpoint("hub", True, None),),
        vpcs=(VpcBinding("main", "hub", "vpc-1", "vsw-1", module="chart"),),
    )
    scopes = _scopes(desired)
    assert (scopes["hub"].endpoint, scopes["hub"].vpc_modules) == (True, frozenset({"chart"}))
    assert (scopes["eu"].endpoint, scopes["eu"].vpc_modules) == (False, frozenset())


def test_the_instance_of_another_account_is_not_read() -> None:
    theirs = Instance("theirs", "cn-hangzhou", "their", id="cri-theirs")
    desired = Desired(instances=(instance("hub"), theirs), replications=(rule("r", "hub", "theirs", user_id="42"),))
    assert list(_scopes(desired)) == ["hub"]


def test_imports_of_one_region_are_read_together() -> None:
    rules = tuple(ImportRule(name, "hub", PersonalSource("cn-hangzhou", (name,))) for name in ("a", "b"))
    (origin,) = scope_of(Desired(instances=(instance("hub"),), imports=rules)).origins
    assert [origin.wants(name) for name in ("a/x", "b/x", "c/x", "x")] == [True, True, False, False]
