"""Which instances may take part in replication: their editions, and the clouds that their regions belong to."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from reconciler.model.cloud import CloudClass, cloud_class
from reconciler.model.diagnostic import Diagnostic, Severity
from reconciler.model.live import LiveInstance
from reconciler.model.rulebook import Rule
from reconciler.model.spec import Desired, Edition, Permission, ReplicationRule, StandardEdition

RULES = (
    Rule(
        "R-TIER-1",
        "a replication source is not an Advanced instance",
        "Only Advanced Edition instances (Premium in newer English pages) can be the source of a replication rule. "
        "Newer Chinese pages name Standard too, which is a setting.",
        "Upgrade the instance: in the console, or by `purchase: {allow: [upgrade]}` with `edition: advanced`; or set "
        "`settings.replication.standard_edition: allow` for a Standard instance.",
        "service documentation, replication, prerequisites",
    ),
    Rule(
        "R-TIER-2",
        "a replication target is neither a Basic nor an Advanced instance",
        "The service's page names Basic and Advanced as targets. Newer Chinese pages name Standard too, which is a "
        "setting; no page names Economy.",
        "Use a Basic or Advanced instance as the target, or set `settings.replication.standard_edition: allow` for a "
        "Standard one.",
        "service documentation, replication, prerequisites",
    ),
    Rule(
        "R-CLOUD-1",
        "replication leaves the public cloud",
        "Images cannot be replicated from public cloud regions to Finance Cloud or Gov Cloud regions.",
        "Use a target in a public cloud region.",
        "service documentation, replication, prerequisites",
    ),
    Rule(
        "R-CLOUD-2",
        "replication between non-public regions is not documented",
        "The service's pages describe replication among public cloud regions only.",
        "Try one rule first; the service may refuse it.",
        "service documentation, replication",
    ),
)

_SETTING = "set `settings.replication.standard_edition: allow`"


def may_replicate(edition: Edition, standard: StandardEdition) -> bool:
    return edition is Edition.ADVANCED or (edition is Edition.STANDARD and standard is StandardEdition.ALLOW)


def may_receive(edition: Edition, standard: StandardEdition) -> bool:
    return edition is Edition.BASIC or may_replicate(edition, standard)


def check_declared(desired: Desired) -> Iterator[Diagnostic]:
    yield from _sources(desired)
    standard = desired.settings.standard_edition
    for rule in desired.replications:
        target = desired.instance(rule.target)
        edition = target.edition if target is not None else None
        if target is not None and edition is not None and not may_receive(edition, standard):
            yield _no_target(rule, edition, f"its edition is declared at {target.places.at('edition')}")
        yield from _cloud_class(rule, desired)


def check_live(desired: Desired, instances: Mapping[str, LiveInstance]) -> Iterator[Diagnostic]:
    """Targets whose real edition cannot receive, when that is not what is declared or about to be changed."""
    standard = desired.settings.standard_edition
    for rule in desired.replications:
        target, live = desired.instance(rule.target), instances.get(rule.target)
        if target is None or live is None or live.edition is None or may_receive(live.edition, standard):
            continue
        declared = target.edition
        if declared is None or (may_receive(declared, standard) and not target.may(Permission.UPGRADE)):
            yield _no_target(rule, live.edition, f"that is the edition of `{live.name}` ({live.id})")


def _sources(desired: Desired) -> Iterator[Diagnostic]:
    # An entry with several targets is several rules with one source: it is told once.
    first = {(rule.name, rule.source): rule for rule in reversed(desired.replications)}
    for rule in reversed(first.values()):
        source = desired.instance(rule.source)
        if source is None or source.edition is None:
            continue
        if may_replicate(source.edition, desired.settings.standard_edition):
            continue
        way = "declare `edition: advanced` and upgrade it: in the console, or by `purchase: {allow: [upgrade]}`"
        yield Diagnostic(
            "R-TIER-1",
            Severity.ERROR,
            f"`{rule.source}` is a {source.edition} instance and cannot be a replication source",
            detail=f"its edition is declared at {source.places.at('edition')}",
            hint=f"{way}; or {_SETTING}" if source.edition is Edition.STANDARD else way,
            span=rule.places.at("source"),
            address=str(rule.address),
        )


def _no_target(rule: ReplicationRule, edition: Edition, detail: str) -> Diagnostic:
    way = "use a basic or advanced instance"
    return Diagnostic(
        "R-TIER-2",
        Severity.ERROR,
        f"`{rule.target}` is {_article(edition)} {edition} instance and cannot be a replication target",
        detail=detail,
        hint=f"{way}, or {_SETTING}" if edition is Edition.STANDARD else way,
        span=rule.places.at("target"),
        address=str(rule.address),
    )


def _article(edition: Edition) -> str:
    return "an" if edition[0] in "ae" else "a"


def _cloud_class(rule: ReplicationRule, desired: Desired) -> Iterator[Diagnostic]:
    source, target = desired.instance(rule.source), desired.instance(rule.target)
    if source is None or target is None:
        return
    origin, goal = cloud_class(source.region), cloud_class(target.region)
    if origin is goal is CloudClass.PUBLIC:
        return
    refused = origin is CloudClass.PUBLIC
    text = f"`{source.region}` ({origin} cloud) to `{target.region}` ({goal} cloud)"
    yield Diagnostic(
        "R-CLOUD-1" if refused else "R-CLOUD-2",
        Severity.ERROR if refused else Severity.WARNING,
        f"images cannot be replicated from {text}" if refused else f"replication from {text} is not documented",
        hint="use a target in a public cloud region" if refused else "try one rule first",
        span=rule.places.at("target"),
        address=str(rule.address),
    )
