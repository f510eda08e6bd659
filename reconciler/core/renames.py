"""Hints for what looks like a rename: the service knows none, so it is a creation beside something undeclared."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from difflib import SequenceMatcher

from reconciler.core.locate import find_instances
from reconciler.model.address import Address, Kind
from reconciler.model.diagnostic import Diagnostic, Severity
from reconciler.model.live import Live, LiveInstance
from reconciler.model.place import Span
from reconciler.model.plan import Action, Change
from reconciler.model.rulebook import Rule
from reconciler.model.spec import Desired, Repository

RULES = (
    Rule(
        "R-OWN-4",
        "something created looks like something undeclared",
        "Namespaces and repositories cannot be renamed. A declaration under another name makes a new one, and leaves "
        "the old one behind with its images.",
        "Keep the old name, or copy the images first: declare both and replicate or import what is needed.",
    ),
)

_ALIKE = 0.75
"""From this likeness of two names on, `storefront` and `store-front` are one and `web` and `api` are two."""


def check(
    desired: Desired, live: Live, changes: Iterable[Change], undeclared: Iterable[Change]
) -> Iterator[Diagnostic]:
    """`undeclared` are the deletions that would be; each is told of one creation at most, the one most alike."""
    instances = find_instances(desired, live)
    places = {r.address: r.places.span for group in (desired.namespaces, desired.repositories) for r in group}
    summaries = {r.address: r for r in desired.repositories if not r.origin}
    left = [change for change in undeclared if change.address.kind in (Kind.NAMESPACE, Kind.REPOSITORY)]
    for change in changes:
        if change.action is not Action.CREATE or change.address.kind not in (Kind.NAMESPACE, Kind.REPOSITORY):
            continue
        if change.address.kind is Kind.REPOSITORY and change.address not in summaries:
            continue
        scored = [
            (likeness, old.address)
            for old in left
            if old.address.kind is change.address.kind and old.address.parts[0] == change.address.parts[0]
            if (likeness := _likeness(change.address, old.address, summaries, instances)) >= _ALIKE
        ]
        if scored:
            _, old = max(scored, key=lambda found: (found[0], str(found[1])))
            yield _hint(change.address, old, places.get(change.address))


def _likeness(
    new: Address, old: Address, declared: Mapping[Address, Repository], instances: Mapping[str, LiveInstance]
) -> float:
    alike = SequenceMatcher(None, old.parts[1], new.parts[1]).ratio()
    if new.kind is Kind.REPOSITORY:
        repository = instances[old.parts[0]].repository(old.parts[1])
        summary = declared[new].summary
        if repository is not None and summary and summary == repository.summary:
            return 1.0
    return alike


def _hint(new: Address, old: Address, place: Span | None) -> Diagnostic:
    return Diagnostic(
        "R-OWN-4",
        Severity.INFO,
        f"`{new.parts[1]}` is created and looks like `{old.parts[1]}`, which is not declared: nothing can be renamed",
        hint=f"keep the name `{old.parts[1]}`, or copy its images before it goes",
        span=place,
        address=str(new),
    )
