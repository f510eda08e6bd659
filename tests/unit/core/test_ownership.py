from __future__ import annotations

import re
from dataclasses import replace

from reconciler.core.ownership import Options, Unmanaged, compare_ownership, over_limit
from reconciler.model.diagnostic import Severity
from reconciler.model.live import Live, LiveInstance, LiveVpcLink
from reconciler.model.spec import Desired, Namespace, Repository, Settings, VpcBinding
from tests.unit.core.scene import instance, live_instance, live_namespace, live_rule, repository, rule_ids, the

HUB = replace(
    live_instance(
        "hub",
        repository("apps/web"),
        repository("old/a"),
        repository("old/b"),
        namespaces=[live_namespace("apps"), live_namespace("old", auto_create=False)],
        rules=[live_rule("crsr-1", "by-hand", "hub", "eu")],
    ),
    vpc_links=(
        LiveVpcLink("vpc-1", "vsw-1", "registry", "RUNNING"),
        LiveVpcLink("vpc-9", "vsw-9", "registry", "RUNNING"),
    ),
)
DECLARED = Desired(
    instances=(instance("eu"), instance("hub")),
    namespaces=(Namespace("hub", "apps"),),
    vpcs=(VpcBinding("main", "hub", "vpc-1", "vsw-1"),),
)


def _compare(options: Options, desired: Desired = DECLARED, hub: LiveInstance = HUB) -> Unmanaged:
    return compare_ownership(desired, Live((live_instance("eu"), hub)), set(), options)


def _deleted(unmanaged: Unmanaged) -> list[str]:
    return [str(change.address) for change in unmanaged.changes]


def _prune(**allow: int | None) -> Options:
    return Options(prune=True, allow_delete=allow)


def test_without_pruning_everything_undeclared_is_listed_and_left_alone() -> None:
    found = _compare(Options())
    assert found.changes == []
    assert {d.severity for d in found.diagnostics} == {Severity.INFO}
    told = " | ".join(d.summary for d in found.diagnostics)
    assert rule_ids(found.diagnostics) == ["R-OWN-1"] * 4
    for name in ("`old`", "`old/a`, `old/b`", "`vpc-9/vsw-9/registry@hub`", "`by-hand[eu]`"):
        assert name in told
    assert "apps" not in told


def test_other_instances_of_the_declared_places_are_listed() -> None:
    old, gone = live_instance("old"), replace(live_instance("gone"), status="DELETING")
    elsewhere = replace(live_instance("far"), region="us-east-1")
    theirs = replace(live_instance("theirs"), account="partner")
    known = live_instance("known")

    (found,) = compare_ownership(
        Desired(instances=(instance("hub"),)),
        Live((live_instance("hub"), known), other_instances=(old, gone, elsewhere, theirs)),
        set(),
        _prune(namespaces=None),
    ).diagnostics

    assert (found.rule, found.severity) == ("R-OWN-1", Severity.INFO)
    for other in (known, old):
        assert f"`{other.name}` ({other.id})" in found.summary
    for other in (gone, elsewhere, theirs):
        assert other.name not in found.summary


def test_pruning_deletes_only_kinds_that_were_named() -> None:
    found = _compare(_prune(replications=None))
    assert _deleted(found) == ["replications.by-hand[eu]"]
    assert found.changes[0].live_id == "crsr-1"
    assert rule_ids(found.diagnostics) == ["R-SAFE-4"] * 3
    assert {d.severity for d in found.diagnostics} == {Severity.WARNING}


def test_naming_a_kind_without_pruning_deletes_nothing() -> None:
    assert _compare(Options(allow_delete={"replications": None})).changes == []


def test_pruning_can_be_a_setting() -> None:
    desired = replace(DECLARED, settings=Settings(prune=True))
    assert _deleted(_compare(Options(allow_delete={"vpcs": None}), desired)) == ["vpcs.vpc-9/vsw-9/registry@hub"]


def test_a_deletion_knows_what_its_address_does_not_say() -> None:
    known = {field.path: field.before for field in _compare(_prune(vpcs=None)).changes[0].fields}
    assert known == {"instance": "hub", "vpc": "vpc-9", "vswitch": "vsw-9", "module": "registry"}
    (gone,) = _compare(_prune(replications=None)).changes
    assert {field.path: field.before for field in gone.fields} == {"source": "hub"}


def test_a_namespace_goes_with_its_repositories_or_not_at_all() -> None:
    together = _compare(_prune(namespaces=None, repositories=None))
    assert _deleted(together) == [
        "instances.hub.namespaces.old",
        "instances.hub.repositories.old/a",
        "instances.hub.repositories.old/b",
    ]
    alone = _compare(_prune(namespaces=None))
    assert alone.changes == []
    assert "instances.hub.namespaces.old" in the("R-OWN-2", alone.diagnostics).summary


def test_a_namespace_with_a_declared_repository_stays() -> None:
    desired = replace(DECLARED, repositories=(Repository("hub", "old/a"),))
    found = _compare(_prune(namespaces=None, repositories=None), desired)
    assert _deleted(found) == ["instances.hub.repositories.old/b"]
    assert "R-OWN-2" in rule_ids(found.diagnostics)


def test_a_limit_that_is_too_small_is_an_error_with_the_number() -> None:
    deletions = _compare(_prune(repositories=1)).changes
    (error,) = over_limit(deletions, _prune(repositories=1))
    assert (error.rule, error.severity) == ("R-SAFE-4", Severity.ERROR)
    assert set(re.findall(r"\d+", error.summary)) == {"1", "2"}
    assert "repositories:2" in error.hint
    assert not list(over_limit(deletions, _prune(repositories=2)))
    assert not list(over_limit(deletions[:1], _prune(repositories=1))), "what was left out does not count"


def test_a_namespace_that_is_left_alone_does_not_count_towards_the_limit() -> None:
    hub = replace(HUB, namespaces=(*HUB.namespaces, live_namespace("empty")))
    found = _compare(_prune(namespaces=1), hub=hub)
    assert _deleted(found) == ["instances.hub.namespaces.empty"]
    assert not list(over_limit(found.changes, _prune(namespaces=1)))


def test_repositories_that_pushes_create_are_covered_by_their_namespace() -> None:
    by_hand = replace(HUB, namespaces=(live_namespace("apps", auto_create=False), HUB.namespaces[1]))
    assert "instances.hub.repositories.apps/web" not in _deleted(_compare(_prune(repositories=None)))
    assert "instances.hub.repositories.apps/web" in _deleted(_compare(_prune(repositories=None), hub=by_hand))


def test_claimed_rules_and_declared_objects_are_ours() -> None:
    mine = replace(
        DECLARED,
        namespaces=(Namespace("hub", "apps"), Namespace("hub", "old")),
        repositories=(Repository("hub", "old/a"), Repository("hub", "old/b")),
        vpcs=(*DECLARED.vpcs, VpcBinding("nine", "hub", "vpc-9", "vsw-9")),
    )
    found = compare_ownership(mine, Live((live_instance("eu"), HUB)), {"crsr-1"}, Options())
    assert (found.changes, found.diagnostics) == ([], [])


def test_instances_that_are_not_declared_are_never_looked_at() -> None:
    found = _compare(_prune(namespaces=None, repositories=None, vpcs=None, replications=None), Desired())
    assert (found.changes, found.diagnostics) == ([], [])


def test_a_long_list_is_cut() -> None:
    many = live_instance("hub", *(repository(f"old/{n}") for n in range(8)), namespaces=[live_namespace("old")])
    told = [d.summary for d in _compare(Options(), hub=many).diagnostics]
    assert any("`old/4` and 3 more" in summary for summary in told)
