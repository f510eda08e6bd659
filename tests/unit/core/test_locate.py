from __future__ import annotations

from dataclasses import replace

from reconciler.core.locate import find_instances, find_vpc_link, in_scope, match_rules
from reconciler.model.live import Live, LiveSyncRule, LiveVpcLink
from reconciler.model.spec import Desired, Instance, Level, ReplicationRule, VpcBinding
from tests.unit.core.scene import instance, live_instance, live_rule, rule


def _matched(rules: list[ReplicationRule], live_rules: list[LiveSyncRule]) -> dict[str, str]:
    desired = Desired(instances=(instance("hub"), instance("eu"), instance("us")), replications=tuple(rules))
    live = Live((live_instance("hub", rules=live_rules), live_instance("eu"), live_instance("us")))
    found = match_rules(rules, desired, find_instances(desired, live))
    return {str(declared.address): there.id for declared, there in found.items()}


def test_a_rule_is_adopted_by_its_scope_whatever_it_is_called() -> None:
    assert _matched([rule("mine", "hub", "eu")], [live_rule("1", "by-hand", "hub", "eu")]) == {
        "replications.mine[eu]": "1"
    }


def test_the_name_decides_among_rules_of_one_scope() -> None:
    live = [live_rule("1", "a", "hub", "eu", tags="x"), live_rule("2", "b", "hub", "eu", tags="y")]
    assert _matched([rule("b", "hub", "eu"), rule("a", "hub", "eu")], live) == {
        "replications.a[eu]": "1",
        "replications.b[eu]": "2",
    }


def test_a_rule_whose_scope_changed_is_known_by_its_name() -> None:
    assert _matched([rule("r", "hub", "eu", "new")], [live_rule("1", "r", "hub", "eu", "old")]) == {
        "replications.r[eu]": "1"
    }


def test_scope_weighs_more_than_name_and_each_live_rule_is_taken_once() -> None:
    live = [live_rule("1", "r", "hub", "eu", "old"), live_rule("2", "other", "hub", "eu", "new")]
    assert _matched([rule("r", "hub", "eu", "new")], live) == {"replications.r[eu]": "2"}
    twins = [rule("a", "hub", "eu"), rule("b", "hub", "eu")]
    assert len(_matched(twins, [live_rule("1", "c", "hub", "eu")])) == 1


def test_of_two_rules_of_one_scope_the_name_counts_and_then_the_filters() -> None:
    live = [live_rule("1", "x", "hub", "eu", tags="v.*"), live_rule("2", "y", "hub", "eu", tags="dev-.*")]
    assert _matched([rule("r", "hub", "eu", tags="dev-.*")], live) == {"replications.r[eu]": "2"}
    assert _matched([rule("x", "hub", "eu", tags="dev-.*")], live) == {"replications.x[eu]": "1"}


def test_a_rule_to_another_target_is_another_rule() -> None:
    assert _matched([rule("r", "hub", "us")], [live_rule("1", "r", "hub", "eu")]) == {}


def test_nothing_matches_without_scope_or_name() -> None:
    assert _matched([rule("r", "hub", "eu", "apps", "web")], [live_rule("1", "x", "hub", "eu")]) == {}


def test_the_target_of_another_account_is_known_by_its_declared_id() -> None:
    theirs = Instance("theirs", "cn-hangzhou", "their", id="cri-theirs")
    ours = rule("r", "hub", "theirs", user_id="42")
    desired = Desired(instances=(instance("hub"), theirs), replications=(ours,))
    live = Live((live_instance("hub", rules=[live_rule("1", "r", "hub", "theirs")]),))
    assert match_rules([ours], desired, find_instances(desired, live))[ours].id == "1"


def test_a_vpc_link_is_what_it_links() -> None:
    link = LiveVpcLink("vpc-1", "vsw-1", "registry", "CREATING")
    hub = live_instance("hub")
    linked = type(hub)(hub.id, hub.name, hub.region, hub.edition, hub.status, vpc_links=(link,))
    assert find_vpc_link(linked, VpcBinding("main", "hub", "vpc-1", "vsw-1")) == link
    for other in (
        VpcBinding("x", "hub", "vpc-2", "vsw-1"),
        VpcBinding("x", "hub", "vpc-1", "vsw-2"),
        VpcBinding("x", "hub", "vpc-1", "vsw-1", module="chart"),
    ):
        assert find_vpc_link(linked, other) is None


def test_the_scope_of_a_rule() -> None:
    assert in_scope(rule("r", "hub", "eu", "apps"), "apps/web/front")
    assert not in_scope(rule("r", "hub", "eu", "apps"), "apps2/web")
    assert in_scope(rule("r", "hub", "eu", "apps", "web"), "apps/web")
    assert not in_scope(rule("r", "hub", "eu", "apps", "web"), "apps/web2")
    narrow = replace(rule("r", "hub", "eu", "apps"), repositories="web/.*")
    assert in_scope(narrow, "apps/web/front")
    assert not in_scope(narrow, "apps/web")
    wide = replace(rule("r", "hub", "eu", ""), level=Level.INSTANCE, namespaces="apps|team-.*")
    assert [in_scope(wide, name) for name in ("apps/web", "team-a/x", "base/os")] == [True, True, False]
