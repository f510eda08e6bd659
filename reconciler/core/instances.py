"""Instances, declared against live: whether they are there, run, and are what they are declared to be."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from reconciler.core.cross_account import owners
from reconciler.core.eligibility import may_replicate
from reconciler.core.purchases import (
    bought,
    images_later,
    is_arriving,
    is_new,
    is_upgrade,
    offer_of,
    purchase_of,
    upgrade_of,
)
from reconciler.model.billing import Billable
from reconciler.model.diagnostic import Diagnostic, Severity
from reconciler.model.live import RUNNING, Live, LiveInstance
from reconciler.model.plan import Action, Change, FieldChange
from reconciler.model.rulebook import Rule
from reconciler.model.spec import Desired, Edition, Instance, Permission, ReplicationRule

RULES = (
    Rule(
        "R-LIVE-1",
        "a declared instance does not exist",
        "No Enterprise Edition instance with this name (or id) is in this region of the account. Nothing is bought "
        "without being asked for.",
        "Correct `name`, `id` or `region`; or buy the instance, in the console or with `purchase: {allow: [create]}`.",
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
        "console, unless `purchase` allows `upgrade`. No source shows that an upgrade can be ordered over the API for "
        "this product, so that permission is for those who have tried it.",
        "Upgrade the instance in the console, or declare its real edition.",
        "service documentation, replication, prerequisites",
    ),
)

CONSOLE = "Container Registry console > Instances > the card of the instance > Upgrade"
"""Where a person upgrades an instance ("Replicate images", prerequisites)."""


@dataclass(slots=True)
class ComparedInstances:
    """`usable` are the instances whose content can be compared, by key."""

    usable: dict[str, LiveInstance] = field(default_factory=dict)
    changes: list[Change] = field(default_factory=list)
    diagnostics: list[Diagnostic] = field(default_factory=list)
    unchanged: int = 0
    complete: bool = True


def compare_instances(desired: Desired, live: Live, instances: Mapping[str, LiveInstance]) -> ComparedInstances:
    """`instances` are the live ones by key, those that are yet to be bought included. Instances of other accounts
    cannot be looked at."""
    result = ComparedInstances()
    foreign = owners(desired)
    for instance in desired.instances:
        if instance.key in foreign:
            continue
        found = instances.get(instance.key)
        if found is None:
            result.diagnostics.append(_missing(instance))
            result.complete = False
        elif found.status != RUNNING and not is_arriving(instance, found):
            result.diagnostics.append(_not_running(instance, found))
            result.complete = False
        else:
            result.usable[instance.key] = found
            _compare(instance, found, desired, live, result)
    result.diagnostics += images_later(desired, result.usable)
    return result


def _compare(instance: Instance, found: LiveInstance, desired: Desired, live: Live, result: ComparedInstances) -> None:
    before = len(result.changes)
    if is_new(found):
        _buy(instance, live, result)
    else:
        _adopt(instance, found, desired, result)
    if len(result.changes) == before:
        result.unchanged += 1


def _buy(instance: Instance, live: Live, result: ComparedInstances) -> None:
    offer = offer_of(instance)
    if offer is None:
        raise ValueError(f"nothing is on offer for {instance.address}")
    billable = purchase_of(offer, live)
    fields = (
        FieldChange("name", None, instance.name),
        FieldChange("region", None, instance.region),
        *_cost(billable),
        *_settings(instance, None),
    )
    change = Change(instance.address, Action.CREATE, "does not exist, is bought", fields, billable=billable)
    result.changes.append(change)
    result.diagnostics.append(bought(instance, billable, f"bought for {_months(billable)}"))


def _adopt(instance: Instance, found: LiveInstance, desired: Desired, result: ComparedInstances) -> None:
    fields = list(_settings(instance, found))
    reason, billable = "differs from what is declared", None
    if found.status != RUNNING:
        fields.insert(0, FieldChange("status", found.status, RUNNING))
        issue = f" ({found.issue})" if found.issue else ""
        reason = f"was bought, is {found.status}{issue} and has to be {RUNNING}"
    edition = found.edition
    if instance.edition is not None and edition is not None and instance.edition is not edition:
        billable = _upgrade(instance, edition, found, result)
        if billable is not None:
            fields += [FieldChange("edition", edition, instance.edition), FieldChange("price", None, _price(billable))]
            reason, edition = "is upgraded", instance.edition
    if fields:
        result.changes.append(
            Change(instance.address, Action.UPDATE, reason, tuple(fields), live_id=found.id, billable=billable)
        )
    if edition is not None and not may_replicate(edition, desired.settings.standard_edition):
        fed = (rule for rule in desired.replications if rule.source == instance.key)
        result.diagnostics += [_no_source(instance, found, edition, rule) for rule in fed]


def _upgrade(instance: Instance, edition: Edition, found: LiveInstance, result: ComparedInstances) -> Billable | None:
    """What is ordered; None when the change is left to a person."""
    declared, purchase = instance.edition, instance.purchase
    if declared is None:
        return None
    better = is_upgrade(edition, declared)
    if better and purchase is not None and instance.may(Permission.UPGRADE):
        billable = upgrade_of(purchase, declared)
        result.diagnostics.append(bought(instance, billable, "upgraded"))
        return billable
    where = f"in the console ({CONSOLE})" if better else "in the console"
    reason = f"{'upgrade' if better else 'change'} the edition {where}"
    change = FieldChange("edition", edition, declared)
    result.changes.append(Change(instance.address, Action.MANUAL, reason, (change,), live_id=found.id))
    result.diagnostics.append(
        Diagnostic(
            "R-TIER-3",
            Severity.WARNING,
            f"`{instance.key}` is declared {declared} and is {edition}",
            hint=f"{reason}, or declare the real one",
            span=instance.places.at("edition"),
            address=str(instance.address),
        )
    )
    return None


def _settings(instance: Instance, found: LiveInstance | None) -> Iterator[FieldChange]:
    """What can be changed in place; a tag is a field of its own."""
    if instance.tags is not None:
        there = found.tags if found is not None else {}
        for key in sorted({*instance.tags, *there}):
            before, after = there.get(key), instance.tags.get(key)
            if before != after:
                yield FieldChange(f"tags.{key}", before, after)
    group = found.resource_group if found is not None else None
    if instance.resource_group is not None and instance.resource_group != group:
        yield FieldChange("resource_group", group, instance.resource_group)


def _cost(billable: Billable) -> Iterator[FieldChange]:
    yield FieldChange("product", None, billable.product)
    yield FieldChange("edition", None, billable.edition)
    yield FieldChange("period_months", None, billable.period_months)
    yield FieldChange("renewal", None, billable.renewal)
    yield FieldChange("price", None, _price(billable))


def _months(billable: Billable) -> str:
    return "1 month" if billable.period_months == 1 else f"{billable.period_months} months"


def _price(billable: Billable) -> str:
    return billable.price or f"unknown: {billable.unknown}"


def _missing(instance: Instance) -> Diagnostic:
    known_by = f"id `{instance.id}`" if instance.id else f"name `{instance.name}`"
    return Diagnostic(
        "R-LIVE-1",
        Severity.ERROR,
        f"no instance with {known_by} exists in `{instance.region}`",
        hint="correct `name`, `id` or `region`, or buy the instance: in the console, or with "
        "`purchase: {allow: [create]}`",
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


def _no_source(instance: Instance, found: LiveInstance, edition: Edition, rule: ReplicationRule) -> Diagnostic:
    return Diagnostic(
        "R-TIER-1",
        Severity.ERROR,
        f"`{instance.key}` is a {edition} instance and cannot be a replication source",
        hint=f"upgrade `{found.name}` to Advanced: {CONSOLE}, or `purchase: {{allow: [upgrade]}}`",
        span=rule.places.at("source"),
        address=str(rule.address),
    )
