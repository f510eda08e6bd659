"""The plan as a comment on a pull request."""

from __future__ import annotations

from collections.abc import Iterable

from reconciler.model.diagnostic import Diagnostic, Severity, in_order
from reconciler.model.place import NOWHERE
from reconciler.model.plan import Action, Change, Plan
from reconciler.render import units
from reconciler.render.field_text import field_text
from reconciler.render.markdown import LIMIT, Page, Section, code, prose
from reconciler.render.plan_groups import (
    Group,
    Movement,
    groups,
    movements,
    shown_fields,
    summary_line,
    why_changed,
    why_moved,
)
from reconciler.render.style import MARKS

_ELSEWHERE = "`reconciler plan --format json` has everything."
_NOUNS = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.INFO: "note"}


def render(plan: Plan, *, limit: int = LIMIT) -> str:
    """Under `limit` characters: the summary, errors and warnings, then what changes, then the images."""
    page = Page(f"## Registry plan\n\n{prose(summary_line(plan))}\n")
    for severity in Severity:
        found = [d for d in plan.diagnostics if d.severity is severity]
        if found:
            page.sections.append(_findings(severity, found))
    moving = movements(plan)
    others = (c for c in plan.changes if c.action is not Action.TRANSFER or c.address not in moving)
    page.sections += [_changes(group) for group in groups(others)]
    page.sections += [_images(movement) for movement in moving.values()]
    return page.text(_ELSEWHERE, limit)


def _findings(severity: Severity, found: Iterable[Diagnostic]) -> Section:
    rows = tuple(
        (
            code(d.rule),
            prose(d.summary),
            code(str(d.span)) if d.span is not None and d.span != NOWHERE else code(d.address) if d.address else "",
            prose(d.hint),
        )
        for d in in_order(found)
    )
    title = units.count(len(rows), _NOUNS[severity])
    opened = severity is Severity.ERROR
    return Section(title, ("rule", "what", "where", "what to do"), rows, f"{_NOUNS[severity]}s", opened)


def _changes(group: Group) -> Section:
    rows = tuple(
        (MARKS[c.action].symbol + " " + c.action.value, code(str(c.address)), _fields(c), prose(why_changed(c)))
        for c in group.changes
    )
    title = f"{code(group.title)}: {units.count(len(rows), 'change')}"
    return Section(title, ("action", "address", "fields", "reason"), rows, "changes")


def _fields(change: Change) -> str:
    return "<br>".join(code(field_text(field, change.action)) for field in shown_fields(change))


def _images(movement: Movement) -> Section:
    rows = tuple((code(str(t.target)), code(t.digest), units.size(t.size), why_moved(t)) for t in movement.transfers)
    title = f"{code(str(movement.address))}: {movement.sentence()}"
    return Section(title, ("image", "digest", "size", "reason"), rows, "images")
