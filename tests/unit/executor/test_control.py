from __future__ import annotations

import threading
from dataclasses import replace

import pytest

from reconciler.acr.errors import AcrError, Conflict, MalformedAnswer, Unavailable, Unreachable
from reconciler.executor.control import apply_change
from reconciler.executor.target import settle
from reconciler.executor.waiting import StepFailed
from reconciler.model import address
from reconciler.model.live import Live, LiveNamespace, LiveRepository, LiveVpcLink
from reconciler.model.plan import Action, Change
from reconciler.model.spec import Desired, Instance, Level, Namespace, Repository, Visibility, VpcBinding
from tests.unit.core.scene import live_instance, live_namespace, live_rule, repository, rule
from tests.unit.executor.account import Fault, conflict, lost, not_found, refused
from tests.unit.executor.workshop import INSTANCES, Workshop, change, impatient

APPS, WEB, MAIN = address.namespace("hub", "apps"), address.repository("hub", "apps/web"), address.vpc("main")
DESIRED = Desired(
    instances=INSTANCES,
    namespaces=(Namespace("hub", "apps"),),
    repositories=(Repository("hub", "apps/web"),),
    vpcs=(VpcBinding("main", "hub", "vpc-1", "vsw-1"),),
    replications=(rule("all", "hub", "eu"),),
)
RULE = address.replication("all", "eu")


def _unavailable() -> AcrError:
    return Unavailable("Call", "SystemError", "", request_id="", status=500)


@pytest.mark.parametrize("error", [lost(), conflict(), _unavailable(), MalformedAnswer("odd")])
@pytest.mark.parametrize(
    ("step", "call"),
    [
        (change(APPS), "create namespace apps"),
        (change(WEB), "create repository apps/web"),
        (change(MAIN), "link vpc-1"),
        (change(RULE), "create rule all"),
    ],
)
def test_a_create_whose_end_is_unknown_is_looked_for_before_it_is_sent_again(
    step: Change, call: str, error: AcrError
) -> None:
    happened = Workshop()
    happened.account.faults[call] = Fault(error, happened=True)
    apply_change(happened.bench(DESIRED), step)
    assert happened.account.calls == [call]

    lost_at_first = Workshop()
    lost_at_first.account.faults[call] = Fault(error)
    if isinstance(error, Conflict):
        # What is in the way is not what was to be made.
        with pytest.raises(Conflict):
            apply_change(lost_at_first.bench(DESIRED), step)
        assert lost_at_first.account.calls == [call]
    else:
        apply_change(lost_at_first.bench(DESIRED), step)
        assert lost_at_first.account.calls == [call, call]


def test_a_create_that_never_happens_fails_in_the_end() -> None:
    looks: list[int] = []

    def write() -> None:
        raise lost()

    def happened() -> bool:
        looks.append(1)
        return False

    with pytest.raises(Unreachable):
        settle(write, happened, impatient())
    assert len(looks) == 6


def test_a_stopped_run_does_not_repeat_a_create() -> None:
    stop = threading.Event()
    stop.set()
    calls: list[int] = []

    def write() -> None:
        calls.append(1)
        raise lost()

    with pytest.raises(Unreachable):
        settle(write, lambda: False, impatient(stop=stop))
    assert len(calls) == 1


@pytest.mark.parametrize("error", [lost(sent=False), refused()])
def test_a_create_that_did_not_happen_is_not_looked_for(error: AcrError) -> None:
    workshop = Workshop()
    workshop.account.shelves["cri-hub"].namespaces["apps"] = live_namespace()
    workshop.account.faults["create namespace apps"] = Fault(error)
    with pytest.raises(type(error)):
        apply_change(workshop.bench(DESIRED), change(APPS))


def test_a_namespace_is_created_with_the_defaults_of_the_plan() -> None:
    workshop = Workshop()
    apply_change(workshop.bench(DESIRED), change(APPS))
    closed = replace(DESIRED, namespaces=(Namespace("hub", "apps", auto_create=False, visibility=Visibility.PUBLIC),))
    assert workshop.account.shelves["cri-hub"].namespaces["apps"] == LiveNamespace("apps", True, Visibility.PRIVATE)
    apply_change(workshop.bench(closed), change(APPS))
    assert workshop.account.shelves["cri-hub"].namespaces["apps"] == LiveNamespace("apps", False, Visibility.PUBLIC)


def test_an_update_sends_what_is_live_for_what_is_not_declared() -> None:
    there = LiveNamespace("apps", False, Visibility.PUBLIC)
    web = LiveRepository("crr-apps/web", "apps/web", Visibility.PUBLIC, "storefront", True)
    workshop = Workshop(live=Live((live_instance("hub", web, namespaces=[there]),)))
    shelf = workshop.account.shelves["cri-hub"]
    shelf.namespaces["apps"], shelf.repositories["apps/web"] = there, web
    desired = Desired(
        instances=INSTANCES,
        namespaces=(Namespace("hub", "apps", auto_create=True),),
        repositories=(Repository("hub", "apps/web", Visibility.PRIVATE),),
    )
    for node in (APPS, WEB):
        apply_change(workshop.bench(desired), change(node, Action.UPDATE))
    assert shelf.namespaces["apps"] == LiveNamespace("apps", True, Visibility.PUBLIC)
    assert shelf.repositories["apps/web"] == replace(web, visibility=Visibility.PRIVATE)


@pytest.mark.parametrize("node", [APPS, WEB])
def test_what_was_there_when_the_plan_was_made_may_be_gone(node: address.Address) -> None:
    with pytest.raises(StepFailed, match="is gone; plan again"):
        apply_change(Workshop().bench(DESIRED), change(node, Action.UPDATE))


def test_a_new_repository_gets_a_summary() -> None:
    workshop = Workshop()
    apply_change(workshop.bench(DESIRED), change(WEB))
    assert workshop.account.shelves["cri-hub"].repositories["apps/web"].summary == "web"


def test_deletions_wait_until_the_name_is_free() -> None:
    workshop = Workshop()
    shelf = workshop.account.shelves["cri-hub"]
    shelf.namespaces["apps"], shelf.repositories["apps/web"] = live_namespace(), repository("apps/web")
    for node, live_id in ((WEB, "crr-apps/web"), (APPS, "")):
        workshop.account.lingering = 3
        apply_change(workshop.bench(DESIRED), change(node, Action.DELETE, live_id=live_id))
        assert workshop.account.lingering < 0
    assert (shelf.namespaces, shelf.repositories) == ({}, {})


def test_a_name_that_stays_taken_fails_the_deletion() -> None:
    workshop = Workshop()
    workshop.account.shelves["cri-hub"].namespaces["apps"] = live_namespace()
    workshop.account.lingering = 1000
    with pytest.raises(StepFailed, match="deletion of namespace `apps`: not reached"):
        apply_change(workshop.bench(DESIRED), change(APPS, Action.DELETE))


@pytest.mark.parametrize(
    ("step", "call"),
    [
        (change(APPS, Action.DELETE), "delete namespace apps"),
        (change(WEB, Action.DELETE, live_id="crr-apps/web"), "delete repository apps/web"),
        (change(MAIN, Action.DELETE, instance="hub", vpc="vpc-1", vswitch="vsw-1", module="registry"), "unlink vpc-1"),
    ],
)
def test_what_is_gone_already_is_deleted(step: Change, call: str) -> None:
    workshop = Workshop()
    workshop.account.faults[call] = Fault(not_found())
    apply_change(workshop.bench(DESIRED), step)
    assert workshop.account.calls == [call]


def test_a_vpc_is_bound_when_it_runs() -> None:
    workshop = Workshop()
    workshop.account.links = [("CREATING", ""), ("CREATING", ""), ("RUNNING", "")]
    apply_change(workshop.bench(DESIRED), change(MAIN))
    assert workshop.account.links == [("RUNNING", "")]


@pytest.mark.parametrize(
    ("dns", "call"),
    [(None, "link vpc-1"), (True, "link vpc-1 with a DNS record"), (False, "link vpc-1 without a DNS record")],
)
def test_a_dns_record_is_asked_for_as_declared(dns: bool | None, call: str) -> None:
    workshop = Workshop()
    binding = VpcBinding("main", "hub", "vpc-1", "vsw-1", dns=dns)
    workshop.run(Desired(instances=INSTANCES, vpcs=(binding,)), change(address.vpc("main")))
    assert workshop.account.calls == [call]


def test_a_vpc_that_cannot_be_bound_fails_with_the_words_of_the_service() -> None:
    workshop = Workshop()
    workshop.account.links = [("CREATING", ""), ("FAILED", "no addresses left in vsw-1")]
    with pytest.raises(StepFailed, match="no addresses left in vsw-1"):
        apply_change(workshop.bench(DESIRED), change(MAIN))


def test_a_vpc_that_is_never_ready_fails_after_the_deadline() -> None:
    workshop = Workshop(limit=5.0)
    workshop.account.links = [("CREATING", "")]
    with pytest.raises(StepFailed, match="not reached within 5 s") as failure:
        apply_change(workshop.bench(DESIRED), change(MAIN))
    assert failure.value.retryable


def test_an_undeclared_vpc_is_unbound() -> None:
    workshop = Workshop()
    workshop.account.shelves["cri-hub"].links = [LiveVpcLink("vpc-9", "vsw-9", "registry", "RUNNING")]
    known = {"instance": "hub", "vpc": "vpc-9", "vswitch": "vsw-9", "module": "registry"}
    apply_change(workshop.bench(DESIRED), change(address.vpc("x"), Action.DELETE, **known))
    assert workshop.account.shelves["cri-hub"].links == []


def test_a_rule_is_created_as_declared() -> None:
    theirs = Instance("theirs", "eu-central-1", "their", id="cri-theirs")
    declared = rule("one", "hub", "theirs", "apps", "web", tags="v.*", priority=5, user_id="42")
    desired = Desired(instances=(*INSTANCES, theirs), replications=(declared,))
    workshop = Workshop()
    apply_change(workshop.bench(desired), change(declared.address))
    (made,) = workshop.account.shelves["cri-hub"].rules.values()
    assert (made.name, made.target_instance, made.target_region) == ("one", "cri-theirs", "eu-central-1")
    assert (made.level, made.namespace, made.repository) == (Level.REPOSITORY, "apps", "web")
    assert (made.tags, made.priority, made.cross_account) == ("v.*", 5, True)


def test_a_rule_is_replaced_by_deleting_it_first() -> None:
    workshop = Workshop()
    workshop.account.shelves["cri-hub"].rules["crsr-1"] = live_rule("crsr-1", "all", "hub", "eu", priority=1)
    apply_change(workshop.bench(DESIRED), change(RULE, Action.REPLACE, live_id="crsr-1"))
    assert workshop.account.calls == ["delete rule crsr-1", "create rule all"]
    assert [r.priority for r in workshop.account.shelves["cri-hub"].rules.values()] == [3]


def test_a_rule_that_is_perhaps_deleted_is_looked_for_and_deleted_again() -> None:
    workshop = Workshop()
    workshop.account.shelves["cri-hub"].rules["crsr-1"] = live_rule("crsr-1", "all", "hub", "eu", priority=1)
    workshop.account.faults["delete rule crsr-1"] = Fault(lost())
    apply_change(workshop.bench(DESIRED), change(RULE, Action.REPLACE, live_id="crsr-1"))
    assert workshop.account.calls == ["delete rule crsr-1", "delete rule crsr-1", "create rule all"]


def test_a_rule_that_cannot_be_deleted_is_not_created_a_second_time() -> None:
    workshop = Workshop()
    workshop.account.shelves["cri-hub"].rules["crsr-1"] = live_rule("crsr-1", "all", "hub", "eu", priority=1)
    workshop.account.faults["delete rule crsr-1"] = Fault(refused())
    with pytest.raises(AcrError):
        apply_change(workshop.bench(DESIRED), change(RULE, Action.REPLACE, live_id="crsr-1"))
    assert workshop.account.calls == ["delete rule crsr-1"]


def test_a_rule_that_is_gone_already_is_not_deleted_again() -> None:
    workshop = Workshop()
    apply_change(workshop.bench(DESIRED), change(RULE, Action.REPLACE, live_id="crsr-1"))
    assert workshop.account.calls == ["create rule all"]
    apply_change(workshop.bench(DESIRED), change(RULE, Action.DELETE, live_id="crsr-1", source="hub"))
    assert workshop.account.calls == ["create rule all"]


def test_a_rule_whose_deletion_got_no_answer_is_looked_for() -> None:
    workshop = Workshop()
    workshop.account.shelves["cri-hub"].rules["crsr-1"] = live_rule("crsr-1", "all", "hub", "eu")
    workshop.account.faults["delete rule crsr-1"] = Fault(lost(), happened=True)
    apply_change(workshop.bench(DESIRED), change(RULE, Action.DELETE, live_id="crsr-1", source="hub"))
    assert workshop.account.calls == ["delete rule crsr-1"]


def test_an_instance_that_is_not_there_fails_the_step() -> None:
    workshop = Workshop(live=Live())
    with pytest.raises(StepFailed, match="instance `hub` is not there"):
        apply_change(workshop.bench(DESIRED), change(APPS))
