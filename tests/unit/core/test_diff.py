from __future__ import annotations

from dataclasses import replace

from reconciler.core.diff import Compared, compare_settings
from reconciler.model.live import Live, LiveVpcLink
from reconciler.model.plan import Action, FieldChange
from reconciler.model.spec import Desired, Edition, Instance, InternetEndpoint, Namespace, Repository, VpcBinding
from tests.unit.core.scene import (
    instance,
    live_instance,
    live_namespace,
    live_rule,
    pair,
    repository,
    rule,
    rule_ids,
    the,
)


def _actions(compared: Compared) -> dict[str, Action]:
    return {str(change.address): change.action for change in compared.changes}


def test_what_is_not_there_is_created_and_what_is_there_is_counted() -> None:
    desired = Desired(
        instances=(instance("hub"),),
        namespaces=(Namespace("hub", "apps"), Namespace("hub", "base")),
        repositories=(Repository("hub", "apps/api"), Repository("hub", "apps/web")),
        vpcs=(VpcBinding("main", "hub", "vpc-1", "vsw-1"), VpcBinding("other", "hub", "vpc-1", "vsw-2")),
    )
    hub = live_instance("hub", repository("apps/web"), namespaces=[live_namespace("apps")])
    linked = replace(hub, vpc_links=(LiveVpcLink("vpc-1", "vsw-1", "registry", "RUNNING"),))
    compared = compare_settings(desired, Live((linked,)))
    assert _actions(compared) == {
        "instances.hub.namespaces.base": Action.CREATE,
        "instances.hub.repositories.apps/api": Action.CREATE,
        "vpcs.other": Action.CREATE,
    }
    assert compared.unchanged == 4
    assert compared.complete


def test_a_closed_endpoint_is_opened_by_an_update() -> None:
    desired = Desired(instances=(instance("hub"),), endpoints=(InternetEndpoint("hub", True, None),))
    assert _actions(compare_settings(desired, Live((live_instance("hub"),)))) == {
        "instances.hub.endpoints.internet": Action.UPDATE
    }


def test_an_instance_that_does_not_exist_is_an_error_and_never_a_purchase() -> None:
    desired = Desired(instances=(instance("hub"),), namespaces=(Namespace("hub", "apps"),))
    compared = compare_settings(desired, Live())
    assert compared.changes == []
    assert not compared.complete
    assert "name `acme-hub`" in the("R-LIVE-1", compared.diagnostics).summary


def test_an_instance_is_known_by_its_id_when_one_is_declared() -> None:
    by_id = Desired(instances=(Instance("hub", "cn-hangzhou", "renamed", id="cri-hub"),))
    assert compare_settings(by_id, Live((live_instance("hub"),))).complete
    lost = Desired(instances=(Instance("hub", "cn-hangzhou", "acme-hub", id="cri-other"),))
    assert (
        "id `cri-other`" in the("R-LIVE-1", compare_settings(lost, Live((live_instance("hub"),))).diagnostics).summary
    )


def test_a_name_in_another_region_is_another_instance() -> None:
    found = compare_settings(Desired(instances=(instance("hub"),)), Live((live_instance("hub", region="cn-beijing"),)))
    assert rule_ids(found.diagnostics) == ["R-LIVE-1"]


def test_an_instance_that_does_not_run_is_not_compared() -> None:
    starting = replace(live_instance("hub", status="STARTING"), issue="no quota")
    desired = Desired(instances=(instance("hub"),), namespaces=(Namespace("hub", "apps"),))
    compared = compare_settings(desired, Live((starting,)))
    assert "STARTING (no quota)" in the("R-LIVE-2", compared.diagnostics).summary
    assert compared.changes == []
    assert not compared.complete


def test_another_edition_is_a_step_for_a_person() -> None:
    desired = Desired(instances=(instance("hub", edition=Edition.ADVANCED),))
    compared = compare_settings(desired, Live((live_instance("hub", edition=Edition.BASIC),)))
    (change,) = compared.changes
    assert (change.action, change.fields) == (Action.MANUAL, (FieldChange("edition", "basic", "advanced"),))
    assert "upgrade" in change.reason
    assert rule_ids(compared.diagnostics) == ["R-TIER-3"]


def test_a_source_whose_live_edition_cannot_replicate_is_an_error() -> None:
    desired, live = pair(rule("r", "hub", "eu"))
    basic = Live((live.instances[0], replace(live.instances[1], edition=Edition.BASIC)))
    assert rule_ids(compare_settings(desired, basic).diagnostics) == ["R-TIER-1"]


def test_the_instance_of_another_account_is_not_looked_for() -> None:
    desired = Desired(
        instances=(instance("hub"), Instance("theirs", "cn-hangzhou", "their", id="cri-theirs")),
        namespaces=(Namespace("hub", "apps"),),
        replications=(rule("r", "hub", "theirs", user_id="42"),),
    )
    compared = compare_settings(desired, Live((live_instance("hub", namespaces=[live_namespace()]),)))
    assert _actions(compared) == {"replications.r[theirs]": Action.CREATE}
    assert FieldChange("account.user_id", None, "42") in compared.changes[0].fields
    assert compared.complete


def test_a_rule_that_is_there_is_claimed() -> None:
    desired, live = pair(rule("r", "hub", "eu"), live_rules=[live_rule("crsr-1", "r", "hub", "eu")])
    compared = compare_settings(desired, live)
    assert compared.changes == []
    assert compared.claimed == {"crsr-1"}


def test_a_changed_rule_is_replaced_with_its_id_and_a_word_about_the_gap() -> None:
    desired, live = pair(rule("r", "hub", "eu", priority=5), live_rules=[live_rule("crsr-1", "r", "hub", "eu")])
    compared = compare_settings(desired, live)
    (change,) = compared.changes
    assert (change.action, change.live_id) == (Action.REPLACE, "crsr-1")
    assert change.fields == (FieldChange("priority", 3, 5),)
    assert rule_ids(compared.diagnostics) == ["R-REP-3"]
    assert compared.claimed == {"crsr-1"}


def test_an_adopted_rule_keeps_its_name_and_needs_nothing() -> None:
    desired, live = pair(rule("new-name", "hub", "eu"), live_rules=[live_rule("crsr-1", "by-hand", "hub", "eu")])
    assert compare_settings(desired, live).changes == []


def test_a_rule_to_an_instance_that_is_missing_waits_for_that_to_be_solved() -> None:
    desired, live = pair(rule("r", "hub", "eu"))
    compared = compare_settings(desired, Live((live.instances[1],)))
    assert compared.changes == []
    assert rule_ids(compared.diagnostics) == ["R-LIVE-1"]


def test_the_origin_of_a_brought_resource_is_in_its_reason() -> None:
    desired = Desired(instances=(instance("hub"),), namespaces=(Namespace("hub", "apps", True, None, "imports.old"),))
    (change,) = compare_settings(desired, Live((live_instance("hub"),))).changes
    assert change.reason == "does not exist, brought by imports.old"
