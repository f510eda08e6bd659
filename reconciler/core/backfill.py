"""Backfills: what a replication rule does not move by itself, because it was pushed before the rule existed."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace

from reconciler.core import unread
from reconciler.core.comparison import Tags, Wanted, difference, drifted, tags_of, unreachable
from reconciler.core.explanation import explain
from reconciler.core.locate import in_scope, place_of
from reconciler.core.pattern import matcher
from reconciler.core.routing import Errand, choose, errand
from reconciler.core.select import is_companion, with_companions
from reconciler.model.diagnostic import Diagnostic, Severity
from reconciler.model.drift import ImageDrift, ImageState
from reconciler.model.image import Contents, ImageName
from reconciler.model.live import LiveInstance, LiveSyncRule, LiveTag
from reconciler.model.plan import Transfer, TransferReason, Via
from reconciler.model.rulebook import Rule
from reconciler.model.spec import Backfill, BackfillPolicy, ReplicationRule, Trigger
from reconciler.model.sync_task import SyncTask

RULES = (
    Rule(
        "R-REP-1",
        "tags differ between source and target of a replication",
        "Replication moves only what is pushed after the rule exists, and `backfill: missing` never overwrites, so "
        "these tags stay as they are.",
        "Set `backfill: all` to overwrite them at the target.",
        "service documentation, replication, existing images",
    ),
    Rule(
        "R-REP-2",
        "existing images are not replicated",
        "A replication rule moves only what is pushed after it exists, and `backfill: none` leaves the rest behind.",
        "Set `backfill: missing` to copy what the target lacks.",
        "service documentation, replication, existing images",
    ),
)

Arriving = Mapping[ImageName, Transfer]
"""What this plan's imports bring, by where it goes."""


@dataclass(frozen=True, slots=True)
class Ends:
    """What a replication joins, and the live rule that does it, if there is one."""

    source: LiveInstance
    target: LiveInstance
    rule: LiveSyncRule | None

    @property
    def reachable(self) -> bool:
        return bool(self.source.registry and self.target.registry)


@dataclass(frozen=True, slots=True)
class Known:
    """What else is known: `contents` may be empty, or know some of the images; `tasks` as `routing.latest` has them."""

    arriving: Arriving
    contents: Contents
    tasks: Mapping[Errand, SyncTask]
    policy: BackfillPolicy


def compare_replication(rule: ReplicationRule, ends: Ends, known: Known, result: Wanted) -> None:
    """Adds to `result` what the target lacks and who moves it.

    What an import of the same plan pushes is moved by the service, since the rule is there before the push. What a
    running task is about is waited for. The rest goes one way, which `routing.choose` tells. A repository whose tags
    could not be listed on one side is left out.
    """
    matches = matcher(rule.tags)
    due: list[Transfer] = []
    routed: list[tuple[int, LiveTag]] = []
    in_place = differing = left = moving = 0
    at_source = _after_imports(rule, ends.source, known.arriving)
    unlisted = {rule.source: unread.unlisted(ends.source), rule.target: unread.unlisted(ends.target)}
    for repository in sorted({*at_source, *(r.name for r in ends.target.repositories if in_scope(rule, r.name))}):
        if unknown := {(key, repository) for key, names in unlisted.items() if repository in names}:
            result.unlisted |= unknown
            continue
        tags = at_source.get(repository, {})
        there = tags_of(ends.target.repository(repository))
        ordinary = (tag for tag in tags.values() if _selected(matches, tag))
        chosen = with_companions(ordinary, tags.values(), known.contents)
        for tag in chosen:
            reason = difference(tag, there.get(tag.name))
            if reason is None:
                in_place += 1
                continue
            image = ImageName(place_of(ends.target), repository, tag.name)
            origin = ImageName(place_of(ends.source), repository, tag.name)
            task = None
            if origin not in known.arriving:
                result.owe(ends.source, repository, tag.name)
                task = known.tasks.get(errand(ends.source, ends.target, repository, tag.name))
            seen = drifted(rule.address, image, tag, there.get(tag.name))
            result.drift.append(explain(seen, rule, ends.rule, task, filtered=matches(tag.name)))
            on_its_way = task is not None and task.running
            # A companion tag that the rule's filter does not match is not replicated with its image.
            by_service = origin in known.arriving and rule.trigger is Trigger.PUSH and matches(tag.name)
            if rule.backfill is Backfill.NONE:
                left += not by_service and not on_its_way
                continue
            kept = reason is TransferReason.DIFFERENT and rule.backfill is Backfill.MISSING
            if kept and not by_service and not on_its_way:
                differing += 1
                continue
            if not by_service and not on_its_way:
                routed.append((len(due), tag))
            moving += on_its_way
            old = there.get(tag.name)
            due.append(
                Transfer(
                    rule.backfill_address,
                    origin,
                    image,
                    tag.digest,
                    reason,
                    Via.RULE if by_service else Via.TASK,
                    size=tag.size,
                    pushed=tag.pushed,
                    replaces=old.digest if old else None,
                )
            )
        result.drift += _extra(rule, ImageName(place_of(ends.target), repository, ""), there, chosen, matches)
    result.unchanged += in_place
    result.in_place[rule.address] = in_place
    result.diagnostics += _notes(rule, differing, left)
    if moving:
        result.on_the_way[rule.backfill_address] = moving
    if routed:
        route = choose(known.policy, [tag for _, tag in routed], reachable=ends.reachable)
        result.routes[rule.backfill_address] = route.why
        for index, _ in routed:
            due[index] = replace(due[index], via=route.via)
        if route.via is Via.EXECUTOR and not ends.reachable:
            closed = rule.target if ends.source.registry else rule.source
            result.diagnostics.append(unreachable(closed, rule.places.at("target"), str(rule.address)))
    result.transfers += due


def _after_imports(
    rule: ReplicationRule, source: LiveInstance, arriving: Arriving
) -> Mapping[str, Mapping[str, LiveTag]]:
    """Repository to tags of the source, as they will be once this plan's imports are done."""
    found = {r.name: dict(tags_of(r)) for r in source.repositories if in_scope(rule, r.name)}
    for image, transfer in arriving.items():
        if image.registry == place_of(source) and in_scope(rule, image.repository):
            tag = LiveTag(image.tag, transfer.digest, transfer.size, transfer.pushed)
            found.setdefault(image.repository, {})[image.tag] = tag
    return found


def _selected(matches: Callable[[str], bool], tag: LiveTag) -> bool:
    return not is_companion(tag.name) and matches(tag.name)


def _extra(
    rule: ReplicationRule,
    repository: ImageName,
    there: Tags,
    expected: tuple[LiveTag, ...],
    matches: Callable[[str], bool],
) -> Iterator[ImageDrift]:
    names = {tag.name for tag in expected}
    for tag in there.values():
        if tag.name not in names and _selected(matches, tag):
            image = ImageName(repository.registry, repository.repository, tag.name)
            yield ImageDrift(rule.address, ImageState.EXTRA, image, None, tag.digest)


def _notes(rule: ReplicationRule, differing: int, left: int) -> Iterator[Diagnostic]:
    if differing:
        yield Diagnostic(
            "R-REP-1",
            Severity.WARNING,
            f"tags that differ at `{rule.target}` and are not overwritten: {differing}",
            hint="set `backfill: all` to overwrite them",
            span=rule.places.at("backfill"),
            address=str(rule.address),
        )
    if left:
        yield Diagnostic(
            "R-REP-2",
            Severity.WARNING,
            f"existing images that are not at `{rule.target}` and will not be replicated: {left}",
            detail="a rule moves only what is pushed after it exists",
            hint="set `backfill: missing` to copy them",
            span=rule.places.at("backfill"),
            address=str(rule.address),
        )
