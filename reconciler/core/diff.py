"""Settings, declared against live: one code path for every kind, the differences are in the kind table."""

from __future__ import annotations

from collections.abc import Mapping, Set
from dataclasses import dataclass, field

from reconciler.core import building, cross_account, eligibility, network, unread
from reconciler.core.fields import KINDS, compare
from reconciler.core.instances import compare_instances
from reconciler.core.locate import find_instances, instance_id, match_rules
from reconciler.core.pairing import check_pair
from reconciler.core.projection import Paired, World
from reconciler.model.diagnostic import Diagnostic, Severity
from reconciler.model.live import Live, LiveInstance
from reconciler.model.plan import Action, Change
from reconciler.model.rulebook import Rule
from reconciler.model.spec import UNKNOWN_USER, Desired, ReplicationRule

RULES = (
    Rule(
        "R-REP-3",
        "a replication rule is replaced",
        "The service cannot change a replication rule, so a changed one is deleted and created again. What is pushed "
        "between the two is not replicated by the rule, so apply looks for it afterwards and copies it by tasks.",
        "Apply when few pushes are expected; when the run is killed in between, the next one finds what is missing.",
        "cr 2018-12-01 has Create, List and Delete for sync rules and no update",
    ),
    Rule(
        "R-REP-8",
        "the id of another account is not known",
        "`reconciler export` writes zeros where the API does not tell the id of the account that a rule replicates to. "
        "That does for comparing, and not for creating the rule.",
        "Write the id of the other account as `account.user_id`.",
        "ListRepoSyncRule of cr 2018-12-01 tells no more than that there is another account",
    ),
)


@dataclass(slots=True)
class Compared:
    """`complete` is false when something could not be compared; `claimed` are the ids of live objects that are ours.
    `unlisted` are repositories, by instance key and name, that are left as they are since they could not be read."""

    changes: list[Change] = field(default_factory=list)
    diagnostics: list[Diagnostic] = field(default_factory=list)
    unchanged: int = 0
    complete: bool = True
    claimed: set[str] = field(default_factory=set)
    unlisted: set[tuple[str, str]] = field(default_factory=set)


def compare_settings(desired: Desired, live: Live) -> Compared:
    """`desired` is the expanded state."""
    result = Compared()
    instances = find_instances(desired, live)
    compared = compare_instances(desired, live, instances)
    usable = compared.usable
    result.changes += compared.changes
    result.diagnostics += compared.diagnostics
    result.unchanged += compared.unchanged
    result.complete = compared.complete
    world = World(desired, live, usable)
    for kind in KINDS.values():
        for paired in kind.pairs(world):
            _add(result, paired)
    result.diagnostics += [*network.check(desired, live), *building.check(desired, live)]
    result.unlisted.update(unread.unsettled(desired, usable))
    result.complete &= not result.unlisted
    _replications(desired, usable, unread.namespaces(desired, live), result)
    return result


def _add(result: Compared, paired: Paired) -> None:
    if paired.live_id:
        result.claimed.add(paired.live_id)
    action, changes = compare(paired.address.kind, paired.declared, paired.observed)
    if action is None:
        result.unchanged += 1
        return
    reason = {
        Action.CREATE: "does not exist",
        Action.UPDATE: paired.reason or "differs from what is declared",
        Action.REPLACE: f"{', '.join(change.path for change in changes)} cannot be changed in place",
    }[action]
    if paired.origin:
        reason += f", brought by {paired.origin}"
    result.changes.append(Change(paired.address, action, reason, changes, live_id=paired.live_id))


def _replications(
    desired: Desired, instances: Mapping[str, LiveInstance], unknown: Set[tuple[str, str]], result: Compared
) -> None:
    replaced = {change.address for change in result.changes if change.action is Action.REPLACE}
    matched = match_rules(desired.replications, desired, instances)
    sent = replaced | {change.address for change in result.changes if change.action is Action.CREATE}
    for rule in desired.replications:
        if rule.source not in instances:
            continue
        if rule.address in sent and rule.user_id == UNKNOWN_USER:
            result.diagnostics.append(_unknown_account(rule))
        if rule.address in replaced:
            result.diagnostics.append(
                Diagnostic(
                    "R-REP-3",
                    Severity.WARNING,
                    f"`{rule.address}` is deleted and created again: pushes in between are not replicated by it",
                    hint="apply when few pushes are expected; the same apply copies what is pushed in between",
                    span=rule.places.span,
                    address=str(rule.address),
                )
            )
        if not instance_id(rule.target, desired, instances):
            continue
        result.diagnostics += check_pair(rule, desired, instances, unknown)
        result.diagnostics += cross_account.unknowable(rule, matched.get(rule))
    result.diagnostics += eligibility.check_live(desired, instances)


def _unknown_account(rule: ReplicationRule) -> Diagnostic:
    return Diagnostic(
        "R-REP-8",
        Severity.ERROR,
        f"the account of `{rule.target}` is not known, and `{rule.address}` has to be created with it",
        hint="write the id of the other account as `account.user_id`",
        span=rule.places.at("account.user_id"),
        address=str(rule.address),
    )
