"""Settings, declared against live: one code path for every kind, the differences are in the kind table."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from reconciler.core.fields import KINDS, compare
from reconciler.core.locate import find_instances, instance_id
from reconciler.core.pairing import check_pair
from reconciler.core.projection import Paired, World
from reconciler.model.diagnostic import Diagnostic, Severity
from reconciler.model.live import Live, LiveInstance
from reconciler.model.plan import Action, Change, FieldChange
from reconciler.model.rulebook import Rule
from reconciler.model.spec import Desired, Edition, Instance

RULES = (
    Rule(
        "R-LIVE-1",
        "a declared instance does not exist",
        "No Enterprise Edition instance with this name (or id) is in this region of the account. Nothing is bought "
        "without being asked for.",
        "Correct `name`, `id` or `region`, or buy the instance in the console.",
    ),
    Rule(
        "R-LIVE-2",
        "an instance is not running",
        "The instance exists but is not RUNNING, so its content can be neither compared nor changed.",
        "Wait until it runs, or look at the issue that the service names.",
    ),
    Rule(
        "R-TIER-3",
        "an instance has another edition than declared",
        "The edition that the service reports is not the one in the YAML. Changing it costs money and is a step in the "
        "console.",
        "Upgrade the instance in the console, or declare its real edition.",
        "service documentation, replication, prerequisites",
    ),
    Rule(
        "R-REP-3",
        "a replication rule is replaced",
        "The service cannot change a replication rule, so a changed one is deleted and created again. What is pushed "
        "between the two is not replicated by the rule; the backfill of the next plan finds it.",
        "Apply when few pushes are expected, and keep `backfill: missing`.",
        "cr 2018-12-01 has Create, List and Delete for sync rules and no update",
    ),
)


@dataclass(slots=True)
class Compared:
    """`complete` is false when something could not be compared; `claimed` are the ids of live objects that are ours."""

    changes: list[Change] = field(default_factory=list)
    diagnostics: list[Diagnostic] = field(default_factory=list)
    unchanged: int = 0
    complete: bool = True
    claimed: set[str] = field(default_factory=set)


def compare_settings(desired: Desired, live: Live) -> Compared:
    """`desired` is the expanded state."""
    result = Compared()
    instances = find_instances(desired, live)
    usable = _instances(desired, instances, result)
    world = World(desired, live, usable)
    for kind in KINDS.values():
        for paired in kind.pairs(world):
            _add(result, paired)
    _replications(desired, usable, result)
    return result


def _instances(desired: Desired, instances: Mapping[str, LiveInstance], result: Compared) -> Mapping[str, LiveInstance]:
    """The instances whose content can be compared."""
    foreign = {rule.target for rule in desired.replications if rule.user_id is not None}
    usable: dict[str, LiveInstance] = {}
    for instance in desired.instances:
        if instance.key in foreign:
            continue
        live = instances.get(instance.key)
        if live is None:
            result.diagnostics.append(_missing(instance))
            result.complete = False
        elif live.status != "RUNNING":
            result.diagnostics.append(_not_running(instance, live))
            result.complete = False
        else:
            usable[instance.key] = live
            _edition(instance, live, desired, result)
    return usable


def _missing(instance: Instance) -> Diagnostic:
    known_by = f"id `{instance.id}`" if instance.id else f"name `{instance.name}`"
    return Diagnostic(
        "R-LIVE-1",
        Severity.ERROR,
        f"no instance with {known_by} exists in `{instance.region}`",
        hint="correct `name`, `id` or `region`, or buy the instance in the console; nothing is bought from here",
        span=instance.places.span,
        address=str(instance.address),
    )


def _not_running(instance: Instance, live: LiveInstance) -> Diagnostic:
    issue = f" ({live.issue})" if live.issue else ""
    return Diagnostic(
        "R-LIVE-2",
        Severity.ERROR,
        f"instance `{live.name}` is {live.status}{issue}, not RUNNING",
        hint="wait until it runs, then plan again",
        span=instance.places.span,
        address=str(instance.address),
    )


def _edition(instance: Instance, live: LiveInstance, desired: Desired, result: Compared) -> None:
    place = instance.places.at("edition")
    if instance.edition is not None and live.edition is not None and instance.edition is not live.edition:
        reason = f"{'upgrade' if instance.edition is Edition.ADVANCED else 'change'} the edition in the console"
        change = FieldChange("edition", live.edition, instance.edition)
        result.changes.append(Change(instance.address, Action.MANUAL, reason, (change,), live_id=live.id))
        result.diagnostics.append(
            Diagnostic(
                "R-TIER-3",
                Severity.WARNING,
                f"`{instance.key}` is declared {instance.edition} and is {live.edition}",
                hint="change the edition in the console, or declare the real one",
                span=place,
                address=str(instance.address),
            )
        )
    else:
        result.unchanged += 1
    if live.edition in (None, Edition.ADVANCED):
        return
    for rule in desired.replications:
        if rule.source == instance.key:
            result.diagnostics.append(
                Diagnostic(
                    "R-TIER-1",
                    Severity.ERROR,
                    f"`{instance.key}` is a {live.edition} instance and cannot be a replication source",
                    hint=f"upgrade `{live.name}` to Advanced in the console",
                    span=rule.places.at("source"),
                    address=str(rule.address),
                )
            )


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


def _replications(desired: Desired, instances: Mapping[str, LiveInstance], result: Compared) -> None:
    replaced = {change.address for change in result.changes if change.action is Action.REPLACE}
    for rule in desired.replications:
        if rule.source not in instances:
            continue
        if rule.address in replaced:
            result.diagnostics.append(
                Diagnostic(
                    "R-REP-3",
                    Severity.WARNING,
                    f"`{rule.address}` is deleted and created again: pushes in between are not replicated by it",
                    hint="apply when few pushes are expected; what was missed is backfilled by the next apply",
                    span=rule.places.span,
                    address=str(rule.address),
                )
            )
        if not instance_id(rule.target, desired, instances):
            continue
        result.diagnostics += check_pair(rule, desired, instances)
