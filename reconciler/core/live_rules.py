"""Live replication rules that no file declares: which of them stand in the way, and which have to go first."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace

from reconciler.core import topology
from reconciler.core.locate import find_instances
from reconciler.model.address import Address, Kind
from reconciler.model.diagnostic import Diagnostic
from reconciler.model.graph import TopologyLink
from reconciler.model.live import Live, LiveSyncRule
from reconciler.model.plan import Action, Change
from reconciler.model.spec import Desired, SamePair


def check(desired: Desired, live: Live, claimed: set[str], changes: Iterable[Change]) -> tuple[Diagnostic, ...]:
    """The topology's laws once more, with the undeclared rules that stay; only what those add is reported."""
    deleted = {change.live_id for change in changes if change.action is Action.DELETE}
    declared = topology.links(desired.replications)
    staying = [link for rule, link in _links(desired, live) if rule.id not in claimed and rule.id not in deleted]
    if not staying:
        return ()
    same_pair = desired.settings.same_pair
    known = set(topology.check(declared, same_pair)) | set(topology.check(staying, same_pair))
    added = (d for d in topology.check((*declared, *staying), same_pair) if d not in known)
    way_out = "declare the live rules, or delete them with `--prune --allow-delete replications`"
    return tuple(replace(d, hint=f"{d.hint}; {way_out}" if d.hint else way_out) for d in added)


def gone_first(desired: Desired, live: Live, changes: Iterable[Change]) -> Mapping[Address, tuple[Address, ...]]:
    """New rules to the deletions without which the service refuses them: a target has to stop being one before it can
    be a source, or the target of another."""
    changes = tuple(changes)
    links = {rule.id: link for rule, link in _links(desired, live)}
    leaving = [
        (change.address, links[change.live_id])
        for change in changes
        if change.action is Action.DELETE and change.address.kind is Kind.REPLICATION and change.live_id in links
    ]
    coming = {link.rule: link for link in topology.links(desired.replications)}
    same_pair = desired.settings.same_pair
    waits = {
        change.address: tuple(sorted(old for old, link in leaving if in_the_way(link, new, same_pair)))
        for change in changes
        if change.action is not Action.DELETE and (new := coming.get(str(change.address)))
    }
    return {address: blockers for address, blockers in waits.items() if blockers}


def _links(desired: Desired, live: Live) -> list[tuple[LiveSyncRule, TopologyLink]]:
    """Every live rule as a link between keys where those are known, and ids where not."""
    names = {found.id: key for key, found in find_instances(desired, live).items()}
    names |= {i.id: i.key for i in desired.instances if i.id is not None}
    return [
        (
            rule,
            TopologyLink(
                names.get(rule.source_instance, rule.source_instance),
                names.get(rule.target_instance, rule.target_instance),
                f"live rule `{rule.name}` ({rule.id})",
                topology.scope(rule),
            ),
        )
        for found in live.instances
        for rule in found.sync_rules
    ]


def in_the_way(old: TopologyLink, new: TopologyLink, same_pair: SamePair) -> bool:
    """Whether two rules, legal alone, cannot be there together: what `topology.check` says of the two."""
    if old.target == new.source or old.source == new.target:
        return True
    if old.target != new.target:
        return False
    return old.source != new.source or same_pair is SamePair.DENY or old.label == new.label
