"""Backfills: what a replication rule does not move by itself, because it was pushed before the rule existed."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from reconciler.core.comparison import Tags, Wanted, difference, drifted, tags_of, unreachable
from reconciler.core.locate import in_scope
from reconciler.core.pattern import matcher
from reconciler.core.select import is_companion, with_companions
from reconciler.model.diagnostic import Diagnostic, Severity
from reconciler.model.drift import ImageDrift, ImageState
from reconciler.model.image import Contents, ImageName
from reconciler.model.live import LiveInstance, LiveTag
from reconciler.model.plan import Transfer, TransferReason, Via
from reconciler.model.rulebook import Rule
from reconciler.model.spec import Backfill, ReplicationRule, Trigger

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


def compare_replication(
    rule: ReplicationRule,
    source: LiveInstance,
    target: LiveInstance,
    arriving: Arriving,
    contents: Contents,
    result: Wanted,
) -> None:
    """Adds to `result` what the target lacks and who moves it. `contents` may be empty, or know some of the images.

    What an import of the same plan pushes is moved by the service, since the rule is there before the push.
    """
    matches = matcher(rule.tags)
    moves = differing = left = 0
    at_source = _after_imports(rule, source, arriving)
    for repository in sorted({*at_source, *(r.name for r in target.repositories if in_scope(rule, r.name))}):
        tags = at_source.get(repository, {})
        there = tags_of(target.repository(repository))
        ordinary = (tag for tag in tags.values() if _selected(matches, tag))
        chosen = with_companions(ordinary, tags.values(), contents)
        for tag in chosen:
            reason = difference(tag, there.get(tag.name))
            if reason is None:
                result.unchanged += 1
                continue
            image = ImageName(target.registry, repository, tag.name)
            result.drift.append(drifted(rule.address, image, tag, there.get(tag.name)))
            origin = ImageName(source.registry, repository, tag.name)
            # A companion tag that the rule's filter does not match is not replicated with its image.
            by_service = origin in arriving and rule.trigger is Trigger.PUSH and matches(tag.name)
            if rule.backfill is Backfill.NONE:
                left += not by_service
            elif reason is TransferReason.DIFFERENT and rule.backfill is Backfill.MISSING and not by_service:
                differing += 1
            else:
                moves += 1
                via = Via.RULE if by_service else Via.EXECUTOR
                old = there.get(tag.name)
                result.transfers.append(
                    Transfer(
                        rule.backfill_address,
                        origin,
                        image,
                        tag.digest,
                        reason,
                        via,
                        size=tag.size,
                        pushed=tag.pushed,
                        replaces=old.digest if old else None,
                    )
                )
        result.drift += _extra(rule, ImageName(target.registry, repository, ""), there, chosen, matches)
    result.diagnostics += _notes(rule, differing, left)
    if moves and not (source.registry and target.registry):
        closed = rule.target if source.registry else rule.source
        result.diagnostics.append(unreachable(closed, rule.places.at("target"), str(rule.address)))


def _after_imports(
    rule: ReplicationRule, source: LiveInstance, arriving: Arriving
) -> Mapping[str, Mapping[str, LiveTag]]:
    """Repository to tags of the source, as they will be once this plan's imports are done."""
    found = {r.name: dict(tags_of(r)) for r in source.repositories if in_scope(rule, r.name)}
    for image, transfer in arriving.items():
        if image.registry == source.registry and in_scope(rule, image.repository):
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
