"""Whether an instance may hold what a plan adds to it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from reconciler.core.locate import find_instances
from reconciler.model.address import Kind
from reconciler.model.diagnostic import Diagnostic, Severity
from reconciler.model.live import Live, LiveInstance
from reconciler.model.plan import Action, Change, QuotaCheck, Transfer
from reconciler.model.quota import INCLUDED, QuotaUse
from reconciler.model.rulebook import Rule
from reconciler.model.spec import Desired

_SOURCE = "GetInstanceUsage of the instance; what an edition includes: What is Container Registry, 2026-06"

RULES = (
    Rule(
        "R-QUOTA-1",
        "more namespaces than the instance may hold",
        "The service refuses to create a namespace beyond the quota of the instance. The quota is what the edition "
        "includes and what was bought on top of it.",
        "Declare fewer namespaces, delete some, or buy more in the console: the quota grows in steps of 5.",
        _SOURCE,
    ),
    Rule(
        "R-QUOTA-2",
        "more repositories than the instance may hold",
        "The service refuses to create a repository beyond the quota of the instance, and a push to one that would be "
        "created by it. Repositories that an import or a replication brings count, too.",
        "Select fewer repositories, delete some, or buy more in the console: the quota grows in steps of 1,000.",
        _SOURCE,
    ),
    Rule(
        "R-QUOTA-3",
        "more VPCs than the instance may be bound to",
        "The service refuses to bind a VPC beyond the quota of the instance.",
        "Bind fewer VPCs, or buy more in the console: up to 100 on top.",
        _SOURCE,
    ),
    Rule(
        "R-QUOTA-4",
        "a quota is nearly used up",
        "After this plan, more than nine tenths of what the instance may hold is used. Pushes to a namespace that "
        "creates repositories by itself fail when it is all used.",
        "Delete what nobody needs, or buy more in the console before it is needed.",
        _SOURCE,
    ),
)

_RULES: Mapping[Kind, str] = {Kind.NAMESPACE: "R-QUOTA-1", Kind.REPOSITORY: "R-QUOTA-2", Kind.VPC: "R-QUOTA-3"}
_WORDS: Mapping[Kind, str] = {Kind.NAMESPACE: "namespaces", Kind.REPOSITORY: "repositories", Kind.VPC: "VPCs"}
_NEARLY = 0.9


@dataclass(frozen=True, slots=True)
class _Additions:
    """What comes and goes, by instance key and kind. VPCs and repositories are named, so that none counts twice."""

    created: Mapping[tuple[str, Kind], frozenset[str]]
    deleted: Counter[tuple[str, Kind]]


def checks(
    desired: Desired, live: Live, changes: Iterable[Change], transfers: Iterable[Transfer]
) -> tuple[QuotaCheck, ...]:
    """What is used, added and allowed, for each instance and kind that the plan adds to, in address order."""
    found = find_instances(desired, live)
    counted = _additions(desired, found, changes, transfers)
    made = []
    for instance in desired.instances:
        there = found.get(instance.key)
        for kind in _RULES:
            added = len(counted.created.get((instance.key, kind), ())) - counted.deleted[instance.key, kind]
            use = _use(there, kind)
            if added > 0 and use is not None:
                included = _included(there, kind)
                made.append(QuotaCheck(instance.address, _WORDS[kind].lower(), use.used, added, use.limit, included))
    return tuple(made)


def check(desired: Desired, made: Iterable[QuotaCheck]) -> list[Diagnostic]:
    by_word = {word.lower(): kind for kind, word in _WORDS.items()}
    hints = {rule.id: f"{rule.fix[0].lower()}{rule.fix[1:].rstrip('.')}" for rule in RULES}
    places = {instance.address: instance.places.span for instance in desired.instances}
    diagnostics = []
    for quota in made:
        kind = by_word[quota.kind]
        after = quota.used + quota.added
        if after > quota.limit:
            rule, severity = _RULES[kind], Severity.ERROR
            summary = f"`{quota.address}` may hold {quota.limit:,} {_WORDS[kind]}, and the plan leads to {after:,}"
        elif after > quota.limit * _NEARLY:
            rule, severity = "R-QUOTA-4", Severity.WARNING
            summary = f"`{quota.address}` will have {after:,} of {quota.limit:,} {_WORDS[kind]}"
        else:
            continue
        diagnostics.append(
            Diagnostic(rule, severity, summary, _detail(quota), hints[rule], places[quota.address], str(quota.address))
        )
    return diagnostics


def _detail(quota: QuotaCheck) -> str:
    bought = ""
    if quota.included is not None:
        extra = quota.limit - quota.included
        bought = (
            f" ({quota.included:,} with its edition, {extra:,} bought on top)" if extra > 0 else " (with its edition)"
        )
    return f"used: {quota.used:,}; added by this plan: {quota.added:,}; allowed: {quota.limit:,}{bought}"


def _use(there: LiveInstance | None, kind: Kind) -> QuotaUse | None:
    """None when nobody knows: the instance is not there, or it does not tell."""
    if there is None or there.usage is None:
        return None
    if kind is Kind.NAMESPACE:
        return there.usage.namespaces
    return there.usage.repositories if kind is Kind.REPOSITORY else there.usage.vpcs


def _included(there: LiveInstance | None, kind: Kind) -> int | None:
    included = INCLUDED.get(there.edition) if there is not None and there.edition is not None else None
    if included is None or kind is Kind.VPC:
        return None
    return included.namespaces if kind is Kind.NAMESPACE else included.repositories


def _additions(
    desired: Desired, found: Mapping[str, LiveInstance], changes: Iterable[Change], transfers: Iterable[Transfer]
) -> _Additions:
    created: dict[tuple[str, Kind], set[str]] = {}
    deleted: Counter[tuple[str, Kind]] = Counter()
    for change in changes:
        kind = change.address.kind
        if change.action is Action.DELETE and kind in (Kind.NAMESPACE, Kind.REPOSITORY):
            deleted[change.address.parts[0], kind] += 1
        elif change.action is Action.CREATE and kind in (Kind.NAMESPACE, Kind.REPOSITORY):
            created.setdefault((change.address.parts[0], kind), set()).add(change.address.parts[1])
    for key, vpc in _bound(desired, found, changes):
        created.setdefault((key, Kind.VPC), set()).add(vpc)
    for key, repository in _pushed(found, transfers):
        created.setdefault((key, Kind.REPOSITORY), set()).add(repository)
    return _Additions({place: frozenset(names) for place, names in created.items()}, deleted)


def _bound(desired: Desired, found: Mapping[str, LiveInstance], changes: Iterable[Change]) -> Iterator[tuple[str, str]]:
    """VPCs that an instance is not bound to yet."""
    creates = {change.address for change in changes if change.action is Action.CREATE}
    for binding in desired.vpcs:
        there = found.get(binding.instance)
        known = {link.vpc for link in there.vpc_links} if there is not None else set()
        if binding.address in creates and binding.vpc not in known:
            yield binding.instance, binding.vpc


def _pushed(found: Mapping[str, LiveInstance], transfers: Iterable[Transfer]) -> Iterator[tuple[str, str]]:
    """Repositories that come about because an image is pushed to them."""
    by_registry = {instance.registry: (key, instance) for key, instance in found.items() if instance.registry}
    for transfer in transfers:
        key, instance = by_registry.get(transfer.target.registry, ("", None))
        if instance is not None and instance.repository(transfer.target.repository) is None:
            yield key, transfer.target.repository
