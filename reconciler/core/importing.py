"""Imports, image by image: the selection from a source against what the target instance holds."""

from __future__ import annotations

from collections.abc import Iterator

from reconciler.core import reach, unmovable, unread, unsettled
from reconciler.core.comparison import Wanted, difference, drifted, tags_of, unreachable
from reconciler.core.expand import target_name
from reconciler.core.locate import place_of
from reconciler.core.select import select
from reconciler.model.diagnostic import Diagnostic, Severity
from reconciler.model.image import ImageName
from reconciler.model.live import Live, LiveInstance, LiveOrigin
from reconciler.model.plan import Transfer, TransferReason
from reconciler.model.rulebook import Rule
from reconciler.model.source import described
from reconciler.model.spec import Desired, ImportRule

RULES = (
    Rule(
        "R-IMP-5",
        "two rules bring different images to one tag",
        "Two imports select images with different digests for the same tag of the same target repository; the last one "
        "would win, and the next plan would want to move the other one.",
        "Narrow one selection, or give it another namespace with `rename`.",
    ),
    Rule(
        "R-IMP-6",
        "tags at the target are kept although the source differs",
        "With `overwrite: false` an import leaves tags alone that have another digest at the target.",
        "Set `overwrite: true` (the default) to replace them.",
        "service documentation, image import, overwrite",
    ),
    Rule(
        "R-IMP-9",
        "an import's source does not exist",
        "The source has no namespace or no repository of this name; or the account never used Personal Edition in the "
        "named region.",
        "Correct `source.region`, `source.namespaces` or `source.repositories`.",
    ),
    Rule(
        "R-IMP-23",
        "an import's source is its target",
        "A repository would be copied onto itself: the source and the target, after `rename`, are one repository of "
        "one registry.",
        "Name another target or source, or give the namespace another name with `rename`.",
    ),
)


def compare_import(rule: ImportRule, target: LiveInstance, desired: Desired, live: Live, result: Wanted) -> None:
    """Adds to `result` what the import has to move and what it says on the way."""
    source = live.origin(rule.source.name) or LiveOrigin(rule.source.name, "")
    chosen = [repository for repository in source.repositories if rule.source.filter.matches(repository.name)]
    result.diagnostics += _namespaces(rule, source)
    result.complete &= not any(name in source.unreadable for name in rule.source.filter.namespaces)
    result.diagnostics += unsettled.check_asked(rule, source)
    result.diagnostics += unsettled.check_names(rule, chosen)
    result.diagnostics += unsettled.tell_clock(rule, source)
    reached = reach.reach(rule, source, desired)
    immutable = _immutable_repositories(rule.target, target, desired)
    unlisted = unread.unlisted(target)
    kept = moves = 0
    for repository in chosen:
        name = target_name(rule, repository.name)
        if not name:
            continue
        if broken := list(unsettled.broken_tags(rule, repository)):
            result.complete = False
            result.diagnostics += broken
        if repository.name == name and reach.same_registry(reached.host, target.registry):
            result.diagnostics.append(_onto_itself(rule, target, name))
            continue
        if repository.unreadable is not None:
            result.complete = False
            place = rule.places.at("source")
            result.diagnostics.append(unmovable.unlisted(rule.address, place, repository, repository.unreadable))
            continue
        if name in unlisted:
            result.unlisted.add((rule.target, name))
            continue
        there = tags_of(target.repository(name))
        for tag in select(repository.tags or (), rule.images, live.contents):
            reason = difference(tag, there.get(tag.name))
            if reason is None:
                result.unchanged += 1
                continue
            image = ImageName(place_of(target), name, tag.name)
            old = there.get(tag.name)
            origin = ImageName(reached.host, repository.name, tag.name)
            replaces = old.digest if old else None
            transfer = Transfer(
                rule.address, origin, image, tag.digest, reason, size=tag.size, pushed=tag.pushed, replaces=replaces
            )
            if reason is TransferReason.DIFFERENT and not rule.overwrite:
                kept += 1
                result.unmovable.append(unmovable.kept(transfer))
                continue
            result.drift.append(drifted(rule.address, image, tag, old))
            if reason is TransferReason.DIFFERENT and name in immutable:
                result.unmovable.append(unmovable.immutable(transfer))
                continue
            moves += 1
            result.transfers.append(transfer)
    if kept:
        result.diagnostics.append(_kept(rule, kept))
    if moves:
        result.diagnostics += reach.check(rule, reached)
    if moves and not target.registry:
        result.diagnostics.append(unreachable(rule.target, rule.places.at("target"), str(rule.address)))


def _immutable_repositories(key: str, target: LiveInstance, desired: Desired) -> frozenset[str]:
    declared = {r.name: r.tag_immutability for r in desired.repositories if r.instance == key}
    live = {r.name: r.tag_immutability for r in target.repositories}
    settings = live | {name: value for name, value in declared.items() if value is not None}
    return frozenset(name for name, value in settings.items() if value)


def _namespaces(rule: ImportRule, source: LiveOrigin) -> Iterator[Diagnostic]:
    """Those that are asked for and not there, or not to be read."""
    found = {namespace.name for namespace in source.namespaces} | {r.namespace for r in source.repositories}
    for index, name in enumerate(rule.source.filter.namespaces):
        if name in source.unreadable:
            yield unmovable.closed(rule, index, source.unreadable[name])
        elif name not in found:
            yield Diagnostic(
                "R-IMP-9",
                Severity.ERROR,
                f"{described(rule.source)} has no namespace `{name}`",
                hint=f"{_what_it_has(source)}correct `source.region` or `source.namespaces`",
                span=rule.places.at(f"source.namespaces[{index}]"),
                address=str(rule.address),
            )


def _what_it_has(source: LiveOrigin) -> str:
    if source.names is None:
        return ""
    return f"it has {', '.join(f'`{name}`' for name in sorted(source.names)) or 'none'}; "


def _onto_itself(rule: ImportRule, target: LiveInstance, name: str) -> Diagnostic:
    return Diagnostic(
        "R-IMP-23",
        Severity.ERROR,
        f"`{target.registry}/{name}` is both source and target",
        hint="name another target or source, or another namespace with `rename`",
        span=rule.places.span,
        address=str(rule.address),
    )


def _kept(rule: ImportRule, count: int) -> Diagnostic:
    return Diagnostic(
        "R-IMP-6",
        Severity.INFO,
        f"tags that have another digest at the target and are kept, because `overwrite` is false: {count}",
        hint="set `overwrite: true` to replace them",
        span=rule.places.at("overwrite"),
        address=str(rule.address),
    )
