"""Drift: the comparison of a plan without anything to apply, at the level of settings and of images."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from reconciler.core import graph, unread
from reconciler.core.diff import compare_settings
from reconciler.core.expand import expand
from reconciler.core.images import task_queries, wanted
from reconciler.core.locate import find_instances
from reconciler.core.ownership import Options, compare_ownership
from reconciler.core.purchases import with_purchases
from reconciler.model.address import Address
from reconciler.model.diagnostic import Diagnostic, Severity, in_order
from reconciler.model.drift import Drift, ImageDrift, RuleState
from reconciler.model.image import Digest
from reconciler.model.live import Live
from reconciler.model.plan import Action, Change
from reconciler.model.scope import TagQuery, TaskQuery
from reconciler.model.spec import Desired


def find_drift(
    desired: Desired,
    live: Live,
    *,
    only: Sequence[str] = (),
    ignore: Sequence[str] = (),
    spec_digest: Digest,
    live_digest: Digest,
    now: int,
    diagnostics: Iterable[Diagnostic] = (),
) -> Drift:
    """`ignore` holds addresses, or `address:field` to leave out one field of it; `only` holds addresses. `now` is epoch
    milliseconds."""
    live = with_purchases(desired, live)
    expanded = expand(desired, live)
    settings = compare_settings(expanded, live)
    images = wanted(expanded, live, imports_first=False)
    unmanaged = compare_ownership(expanded, live, settings.claimed, Options())
    found = [*diagnostics, *settings.diagnostics, *images.diagnostics, *unmanaged.diagnostics]
    found += unread.check(expanded, live, settings.unlisted | images.unlisted)
    found += _naming_nothing(expanded, images.drift, only, ignore)
    changes = (_without_ignored(change, ignore) for change in settings.changes)
    kept = (change for change in changes if change is not None and _chosen(change.address, only))
    seen = [image for image in images.drift if _chosen(image.address, only) and not _ignored(image, ignore)]
    seen.sort(key=lambda image: (image.address, image.image))
    return Drift(
        tuple(sorted(kept, key=lambda change: change.address)),
        tuple(image for image in seen if not image.state.explained),
        in_order(found),
        spec_digest,
        live_digest,
        settings.complete and images.complete,
        tuple(image for image in seen if image.state.explained),
        tuple(
            RuleState(address, images.in_place[address], tuple(image for image in seen if image.address == address))
            for address in sorted(images.in_place)
            if _chosen(address, only) and not _hidden(address, ignore)
        ),
        now,
    )


def questions(desired: Desired, live: Live) -> tuple[TaskQuery, ...]:
    """What to ask of the replication tasks before `find_drift`."""
    return task_queries(wanted(expand(desired, live), live, imports_first=False))


def doubtful(desired: Desired, live: Live, drift: Drift) -> tuple[TagQuery, ...]:
    """The repositories, on both sides of replications, whose images differ in `drift`.

    Sides are not listed in one moment: what was pushed or delivered in between looks like drift until both are listed
    again.
    """
    rules = {rule.address: rule for rule in expand(desired, live).replications}
    instances = find_instances(desired, live)
    found: set[TagQuery] = set()
    for image in drift.images:
        rule = rules.get(image.address)
        for key in (rule.source, rule.target) if rule is not None else ():
            there = instances[key].repository(image.image.repository) if key in instances else None
            if there is not None and there.tags is not None:
                found.add(TagQuery(instances[key].id, there.name))
    return tuple(sorted(found))


def _naming_nothing(
    desired: Desired, images: Iterable[ImageDrift], only: Sequence[str], ignore: Sequence[str]
) -> Iterator[Diagnostic]:
    """A misspelt address must neither narrow the comparison to nothing nor look as if it hid something."""
    known = {*graph.build(desired).nodes, *(image.address for image in images)}
    for option, severity, patterns in (("--only", Severity.ERROR, only), ("--ignore", Severity.WARNING, ignore)):
        for pattern in patterns:
            prefix = pattern if option == "--only" else pattern.partition(":")[0]
            if not any(address.within(prefix) for address in known):
                yield Diagnostic(
                    "R-OWN-3",
                    severity,
                    f"no resource has the address `{prefix}`, which `{option}` names",
                    hint="copy an address from `reconciler graph`",
                )


def _chosen(address: Address, only: Sequence[str]) -> bool:
    return not only or any(address.within(prefix) for prefix in only)


def _ignored(image: ImageDrift, ignore: Sequence[str]) -> bool:
    return _hidden(image.address, ignore)


def _hidden(address: Address, ignore: Sequence[str]) -> bool:
    return any(address.within(pattern) for pattern in ignore)


def _without_ignored(change: Change, ignore: Sequence[str]) -> Change | None:
    if any(change.address.within(pattern) for pattern in ignore):
        return None
    own = f"{change.address}:"
    paths = {pattern.removeprefix(own) for pattern in ignore if pattern.startswith(own)}
    fields = tuple(field for field in change.fields if field.path not in paths)
    if change.action is not Action.CREATE and change.fields and not fields:
        return None
    return replace(change, fields=fields)
