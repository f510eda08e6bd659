"""Every rule of the program in one table, gathered from the rooms that check them."""

from __future__ import annotations

import re
from collections.abc import Mapping

from reconciler.model.rulebook import Rule


def rulebook() -> Mapping[str, Rule]:
    """Rule id to rule, in the order of ids."""
    from reconciler.convert.notes import RULES as CONVERT_RULES
    from reconciler.core import (
        backfill,
        building,
        comparison,
        cross_account,
        diff,
        eligibility,
        expand,
        foreign,
        graph,
        importing,
        instances,
        network,
        ownership,
        pairing,
        platforms,
        purchases,
        quotas,
        reach,
        renames,
        rules,
        safety,
        topology,
        unmovable,
        unread,
        unsettled,
    )
    from reconciler.spec.rules import RULES as SPEC_RULES

    rooms = (
        SPEC_RULES,
        CONVERT_RULES,
        backfill.RULES,
        building.RULES,
        expand.RULES,
        comparison.RULES,
        cross_account.RULES,
        diff.RULES,
        eligibility.RULES,
        foreign.RULES,
        graph.RULES,
        importing.RULES,
        instances.RULES,
        network.RULES,
        ownership.RULES,
        pairing.RULES,
        platforms.RULES,
        purchases.RULES,
        reach.RULES,
        quotas.RULES,
        renames.RULES,
        rules.RULES,
        safety.RULES,
        topology.RULES,
        unmovable.RULES,
        unread.RULES,
        unsettled.RULES,
    )
    found = [rule for room in rooms for rule in room]
    return {rule.id: rule for rule in sorted(found, key=_order)}


def as_markdown(book: Mapping[str, Rule]) -> str:
    """docs/rules.md: one section for each rule."""
    parts = [
        "# Rules\n",
        "Every finding carries the id of its rule. `reconciler explain ID` prints the same text.\n",
        "This page is generated from the program by `make docs`.\n",
    ]
    for rule in book.values():
        parts.append(f"## {rule.id}: {rule.title}\n\n{rule.text}\n\n**Fix.** {rule.fix}\n")
        if rule.source:
            parts.append(f"*Source: {rule.source}.*\n")
    return "\n".join(parts)


def _order(rule: Rule) -> tuple[str, int]:
    match = re.fullmatch(r"(.*-)(\d+)", rule.id)
    return (match[1], int(match[2])) if match else (rule.id, 0)
