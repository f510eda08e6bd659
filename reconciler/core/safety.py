"""Thresholds: a plan that would delete or move more than the YAML allows is refused before anything happens."""

from __future__ import annotations

import math
from collections.abc import Iterator
from fractions import Fraction

from reconciler.model.diagnostic import Diagnostic, Severity
from reconciler.model.plan import Summary
from reconciler.model.rulebook import Rule
from reconciler.model.spec import Settings

RULES = (
    Rule(
        "R-SAFE-1",
        "more deletions than allowed",
        "The plan deletes more objects than `settings.safety.max_deletes`, a count or a share of the managed objects.",
        "Look at the deletions, then raise the threshold when they are meant.",
    ),
    Rule(
        "R-SAFE-2",
        "more images than allowed",
        "The plan moves more images than `settings.safety.max_images`.",
        "Narrow the selection, or raise the threshold.",
    ),
    Rule(
        "R-SAFE-3",
        "more bytes than allowed",
        "The plan moves more bytes than `settings.safety.max_bytes`.",
        "Narrow the selection, or raise the threshold.",
    ),
)


def check_thresholds(settings: Settings, summary: Summary, managed: int) -> Iterator[Diagnostic]:
    """`managed` is the number of objects that the YAML declares; a share of it is rounded up."""
    safety = settings.safety
    limit = safety.max_deletes if isinstance(safety.max_deletes, int) else _share(safety.max_deletes, managed)
    limits = (
        ("R-SAFE-1", "max_deletes", "objects to delete", summary.delete, limit),
        ("R-SAFE-2", "max_images", "images to move", summary.images, safety.max_images),
        ("R-SAFE-3", "max_bytes", "bytes to move", summary.bytes, safety.max_bytes),
    )
    for rule, name, what, count, allowed in limits:
        if count > allowed:
            yield Diagnostic(
                rule,
                Severity.ERROR,
                f"{what}: {count:,}; allowed: {allowed:,}",
                hint=f"raise `settings.safety.{name}` when that is meant",
                span=settings.places.at(f"safety.{name}") if settings.places.fields else None,
            )


def _share(share: float, managed: int) -> int:
    # In floating point 7% of 100 is a little more than 7, which would round up to 8.
    return math.ceil(Fraction(str(share)) * managed)
