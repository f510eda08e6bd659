from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

import pytest

from reconciler.core import planning
from reconciler.core.ownership import Options
from reconciler.model.diagnostic import Diagnostic, Severity
from reconciler.model.image import RepositoryName
from reconciler.model.live import Cause, Live, LiveSyncRule, Unreadable
from reconciler.model.plan import Action, Plan, Via
from reconciler.model.scope import ManifestQuery
from reconciler.model.source import PersonalSource
from reconciler.model.spec import (
    Backfill,
    Desired,
    ImportRule,
    Instance,
    Namespace,
    ReplicationRule,
    Repository,
    Safety,
    SamePair,
    Settings,
    VpcBinding,
)
from tests.unit.core.scene import (
    LIVE,
    SPEC,
    digest,
    instance,
    live_instance,
    live_namespace,
    live_rule,
    namespace,
    pair,
    personal_edition,
    plan,
    repository,
    rule,
    rule_ids,
    steps,
    tag,
    the,
)

DESIRED = Desired(
    instances=(instance("eu"), instance("hub")),
    namespaces=(namespace("eu"), namespace("hub")),
    vpcs=(VpcBinding("main", "hub", "vpc-1", "vsw-1"),),
    imports=(ImportRule("old", "hub", PersonalSource("cn-hangzhou", ("apps",)), "main"),),
    replications=(rule("all", "hub", "eu"),),
)
PERSONAL = personal_edition(
    "cn-hangzhou",
    "personal.example",
    (live_namespace(),),
    (repository("apps/web", tag("v1", pushed=1), tag("v2", pushed=2)),),
)
EMPTY = Live((live_instance("eu"), live_instance("hub")), (PERSONAL,))


def _needs(planned: Plan, address: str) -> list[str]:
    (change,) = [c for c in planned.changes if str(c.address) == address]
    return [str(needed) for needed in change.depends_on]


def test_everything_from_nothing() -> None:
    planned = plan(DESIRED, EMPTY)
    assert steps(planned) == {
        "imports.old": "transfer",
        "instances.eu.namespaces.apps": "create",
        "instances.hub.namespaces.apps": "create",
        "instances.hub.repositories.apps/web": "create",
        "replications.all[eu]": "create",
        "replications.all[eu].backfill": "transfer",
        "vpcs.main": "create",
    }
    assert [str(c.address) for c in planned.changes] == sorted(steps(planned))
    assert (planned.summary.create, planned.summary.images, planned.summary.unchanged) == (5, 4, 2)
    assert (planned.summary.bytes, planned.summary.blobs) == (2 * 1100, 2)
    assert [t.via for t in planned.transfers] == [Via.EXECUTOR, Via.EXECUTOR, Via.RULE, Via.RULE]
    assert (planned.complete, planned.errored, planned.applyable) == (True, False, True)


def test_the_import_comes_after_the_rule_that_replicates_what_it_pushes() -> None:
    planned = plan(DESIRED, EMPTY)
    assert _needs(planned, "imports.old") == [
        "instances.hub.namespaces.apps",
        "instances.hub.repositories.apps/web",
        "replications.all[eu]",
        "vpcs.main",
    ]
    assert _needs(planned, "replications.all[eu]") == ["instances.eu.namespaces.apps", "instances.hub.namespaces.apps"]


def test_dependencies_look_through_what_does_not_change() -> None:
    desired, live = pair(
        rule("all", "hub", "eu"),
        hub=[repository("apps/web", tag("v1"))],
        live_rules=[live_rule("1", "all", "hub", "eu")],
    )
    closed = replace(live.instances[0], namespaces=())
    planned = plan(desired, Live((closed, live.instances[1])))
    assert steps(planned) == {"instances.eu.namespaces.apps": "create", "replications.all[eu].backfill": "transfer"}
    assert _needs(planned, "replications.all[eu].backfill") == ["instances.eu.namespaces.apps"]


def test_nothing_to_do_is_an_empty_plan() -> None:
    desired, live = pair(rule("all", "hub", "eu"), live_rules=[live_rule("1", "all", "hub", "eu")])
    planned = plan(desired, live)
    assert (planned.changes, planned.transfers, planned.diagnostics) == ((), (), ())
    assert (planned.has_changes, planned.applyable) == (False, False)
    assert planned.summary.unchanged == 5


def test_only_takes_dependencies_along() -> None:
    planned = plan(DESIRED, EMPTY, Options(only=("replications.all",)))
    assert "vpcs.main" in steps(planned)  # through the import, which the backfill waits for
    assert set(steps(plan(DESIRED, EMPTY, Options(only=("replications.all[eu]",))))) == set(steps(planned))
    assert steps(plan(DESIRED, EMPTY, Options(only=("instances.eu",)))) == {"instances.eu.namespaces.apps": "create"}
    assert plan(DESIRED, EMPTY, Options(only=("instances.eu",))).transfers == ()


def test_exclude_takes_dependents_along() -> None:
    planned = plan(DESIRED, EMPTY, Options(exclude=("vpcs.main",)))
    assert set(steps(planned)) == {
        "instances.eu.namespaces.apps",
        "instances.hub.namespaces.apps",
        "instances.hub.repositories.apps/web",
        "replications.all[eu]",
    }
    assert planned.transfers == ()


def test_exclude_wins_over_only() -> None:
    options = Options(only=("instances.hub",), exclude=("instances.hub.repositories",))
    assert set(steps(plan(DESIRED, EMPTY, options))) == {"instances.hub.namespaces.apps"}


@pytest.mark.parametrize("options", [Options(only=("instances.hubb",)), Options(exclude=("imports.o",))])
def test_an_address_that_selects_nothing_is_an_error(options: Options) -> None:
    assert the("R-OWN-3", plan(DESIRED, EMPTY, options).diagnostics).severity is Severity.ERROR


PRUNE = {"namespaces": None, "repositories": None, "replications": None}
"""Every kind, without a limit."""


def _crowded() -> tuple[Desired, Live]:
    """A rule, a namespace and its repository that nobody declares."""
    desired, live = pair(live_rules=[live_rule("crsr-1", "by-hand", "eu", "hub")])
    eu = replace(
        live_instance("eu", repository("old/a"), namespaces=[live_namespace(), live_namespace("old")]),
        sync_rules=live.instances[1].sync_rules,
    )
    settings = Settings(safety=Safety(max_deletes=10))
    return replace(desired, settings=settings), Live((eu, replace(live.instances[1], sync_rules=())))


def test_deletions_go_in_an_order_that_the_service_accepts() -> None:
    planned = plan(*_crowded(), Options(prune=True, allow_delete=PRUNE))
    assert set(steps(planned).values()) == {"delete"}
    assert _needs(planned, "instances.eu.namespaces.old") == [
        "instances.eu.repositories.old/a",
        "replications.by-hand[hub]",
    ]
    assert _needs(planned, "instances.eu.repositories.old/a") == ["replications.by-hand[hub]"]
    assert _needs(planned, "replications.by-hand[hub]") == []
    assert planned.summary.delete == 3


def test_a_deleted_rule_goes_before_a_new_one_so_that_roles_can_swap() -> None:
    desired, live = _crowded()
    swapped = replace(desired, replications=(rule("all", "hub", "eu"),))
    planned = plan(swapped, live, Options(prune=True, allow_delete=PRUNE))
    assert _needs(planned, "replications.all[eu]") == ["replications.by-hand[hub]"]
    assert not planned.errored


def _three(*rules: ReplicationRule, live_rules: Iterable[LiveSyncRule]) -> tuple[Desired, Live]:
    """Instances `eu`, `hub` and `us`, and live rules that start at `hub` or at `us`."""
    desired = Desired(
        Settings(safety=Safety(max_deletes=10)), tuple(instance(key) for key in ("eu", "hub", "us")), replications=rules
    )
    apps = (live_namespace(),)
    starting = {key: [r for r in live_rules if r.source_instance == f"cri-{key}"] for key in ("eu", "hub", "us")}
    return desired, Live(tuple(live_instance(key, namespaces=apps, rules=found) for key, found in starting.items()))


PRUNE_RULES = Options(prune=True, allow_delete={"replications": None})


def test_a_new_rule_waits_only_for_deletions_that_it_needs() -> None:
    old = [live_rule("1", "a", "hub", "eu", "other"), live_rule("2", "b", "hub", "us", "other")]
    planned = plan(*_three(rule("all", "hub", "eu"), live_rules=old), PRUNE_RULES)
    assert _needs(planned, "replications.all[eu]") == ["replications.a[eu]"]
    (change,) = [c for c in planned.changes if c.action is Action.CREATE]
    assert change.reason == "does not exist; only once `replications.a[eu]` is deleted, which the service demands"


def test_a_deletion_that_a_new_rule_needs_is_selected_with_it() -> None:
    old = [live_rule("1", "a", "hub", "eu", "other"), live_rule("2", "b", "hub", "us", "other")]
    chosen = replace(PRUNE_RULES, only=("replications.all",))
    planned = plan(*_three(rule("all", "hub", "eu"), live_rules=old), chosen)
    assert set(steps(planned)) == {"replications.a[eu]", "replications.all[eu]"}


def test_a_rule_that_gets_another_source_is_a_deletion_and_a_creation_with_addresses_of_their_own() -> None:
    old = [live_rule("1", "all", "us", "eu")]
    planned = plan(*_three(rule("all", "hub", "eu"), live_rules=old), PRUNE_RULES)
    assert steps(planned) == {"replications.all[eu]": "create", "replications.all[us->eu]": "delete"}
    assert _needs(planned, "replications.all[eu]") == ["replications.all[us->eu]"]
    assert not planned.errored


def test_selecting_a_namespace_for_deletion_selects_its_repositories() -> None:
    chosen = Options(prune=True, allow_delete=PRUNE, only=("instances.eu.namespaces.old",))
    assert set(steps(plan(*_crowded(), chosen))) == {"instances.eu.namespaces.old", "instances.eu.repositories.old/a"}
    spared = Options(prune=True, allow_delete=PRUNE, exclude=("instances.eu.repositories.old/a",))
    assert set(steps(plan(*_crowded(), spared))) == {"replications.by-hand[hub]"}


def test_too_many_deletions_make_a_plan_that_cannot_be_applied() -> None:
    desired, live = _crowded()
    strict = replace(desired, settings=Settings(safety=Safety(max_deletes=2)))
    planned = plan(strict, live, Options(prune=True, allow_delete=PRUNE))
    assert "R-SAFE-1" in rule_ids(planned.diagnostics)
    assert (planned.has_changes, planned.applyable) == (True, False)


def _topology(planned: Plan) -> list[str]:
    return [r for r in rule_ids(planned.diagnostics) if r.startswith("R-TOPO")]


def test_undeclared_live_rules_take_part_in_the_topology() -> None:
    desired, live = _crowded()
    chained = replace(desired, replications=(rule("all", "hub", "eu"),))
    planned = plan(chained, live)
    assert _topology(planned) == ["R-TOPO-3"]
    related = the("R-TOPO-3", planned.diagnostics).related
    assert any("live rule `by-hand` (crsr-1)" in r.note for r in related)


def test_a_live_rule_is_out_of_the_topology_only_when_this_plan_deletes_it() -> None:
    desired, live = _crowded()
    swapped = replace(desired, replications=(rule("all", "hub", "eu"),))
    pruning = Options(prune=True, allow_delete=PRUNE)
    assert _topology(plan(swapped, live, pruning)) == []
    assert _topology(plan(swapped, live, replace(pruning, exclude=("replications.by-hand",)))) == ["R-TOPO-3"]


def test_what_is_wrong_among_live_rules_alone_is_not_ours_to_tell() -> None:
    desired, live = pair(live_rules=[live_rule("1", "a", "hub", "eu"), live_rule("2", "b", "hub", "eu", "other")])
    assert _topology(plan(desired, live)) == []


@pytest.mark.parametrize(("tags", "expected"), [(".*", ["R-TOPO-6"]), ("", ["R-TOPO-6"]), ("dev-.*", [])])
def test_an_undeclared_rule_of_the_same_pair_repeats_a_scope_only_with_the_same_filter(
    tags: str, expected: list[str]
) -> None:
    mine = live_rule("1", "all", "hub", "eu")
    theirs = live_rule("2", "more", "hub", "eu", tags=tags)
    desired, live = pair(rule("all", "hub", "eu"), live_rules=[mine, theirs])
    allowing = replace(desired, settings=Settings(same_pair=SamePair.ALLOW))
    assert _topology(plan(allowing, live)) == expected


def test_manual_prerequisites_are_printed_until_nothing_is_left_to_do() -> None:
    theirs = Instance("theirs", "cn-hangzhou", "their", id="cri-theirs")
    across = replace(live_rule("1", "r", "hub", "theirs"), cross_account=True)
    desired, live = pair(rule("r", "hub", "theirs", user_id="42"), live_rules=[across])
    desired = replace(desired, instances=(*desired.instances, theirs))
    assert rule_ids(plan(desired, live).diagnostics) == ["R-REP-6"]
    more = replace(desired, namespaces=(*desired.namespaces, Namespace("hub", "new")))
    assert rule_ids(plan(more, live).diagnostics) == ["R-IMP-8", "R-REP-6"]


def test_an_incomplete_comparison_is_an_incomplete_plan() -> None:
    planned = plan(DESIRED, Live((live_instance("hub"),), (PERSONAL,)))
    assert (planned.complete, planned.errored, planned.applyable) == (False, True, False)


def test_the_plan_of_a_refused_draft_has_changes_and_no_bytes() -> None:
    drafted = planning.draft(DESIRED, EMPTY, Options())
    warning = Diagnostic("R-SPEC-1", Severity.WARNING, "something")
    planned = planning.refused(drafted, spec_digest=SPEC, live_digest=LIVE, diagnostics=[warning])
    assert not planned.complete
    assert (planned.summary.images, planned.summary.bytes) == (4, 0)
    assert warning in planned.diagnostics
    assert (planned.spec_digest, planned.live_digest) == (SPEC, LIVE)


def test_the_reason_of_a_transfer_counts_its_images() -> None:
    hub = [repository("apps/web", tag("v1"), tag("v2"), tag("v3"))]
    eu = [repository("apps/web", tag("v1", "else"))]
    desired, live = pair(rule("r", "hub", "eu", backfill=Backfill.ALL), hub=hub, eu=eu)
    (change,) = [c for c in plan(desired, live).changes if c.action is Action.TRANSFER]
    assert change.reason.split("; ")[0] == "2 missing, 1 different"


def test_what_an_import_brings_is_in_the_plans_desired_state() -> None:
    assert Repository("hub", "apps/web").address in {r.address for r in plan(DESIRED, EMPTY).desired.repositories}


def test_a_selection_of_images_takes_what_they_need_and_nothing_else() -> None:
    everything = plan(DESIRED, EMPTY)
    (chosen, *_) = everything.transfers
    planned = plan(DESIRED, EMPTY, Options(images=frozenset({chosen.target})))
    assert [str(transfer.target) for transfer in planned.transfers] == [str(chosen.target)]
    assert steps(planned) == {
        "imports.old": "transfer",
        "instances.eu.namespaces.apps": "create",
        "instances.hub.namespaces.apps": "create",
        "instances.hub.repositories.apps/web": "create",
        "replications.all[eu]": "create",
        "vpcs.main": "create",
    }
    nothing = plan(DESIRED, EMPTY, Options(images=frozenset()))
    assert (nothing.changes, nothing.transfers) == ((), ())


def test_images_that_cannot_be_read_make_a_plan_incomplete_and_not_empty() -> None:
    place = RepositoryName("personal.example", "apps/web")
    failed = {ManifestQuery(place, digest("v1")): Unreadable(Cause.GONE, "404")}
    planned = plan(DESIRED, replace(EMPTY, unreadable=failed))
    assert [transfer.target.tag for transfer in planned.transfers] == ["v2", "v2"]
    assert [(image.target.tag, image.retryable) for image in planned.unmovable] == [("v1", True)]
    assert (planned.complete, planned.errored, planned.applyable, planned.counted) == (False, False, True, True)
    assert planned.summary.images_unmovable == 1
