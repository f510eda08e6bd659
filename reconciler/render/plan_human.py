"""The plan for a terminal: only what would change, and one line that sums it up."""

from __future__ import annotations

from reconciler.model.address import Address, Kind
from reconciler.model.diagnostic import Severity
from reconciler.model.plan import Action, Change, Plan, Transfer
from reconciler.render import diagnostics_human, units
from reconciler.render.diagnostics_human import SourceLine
from reconciler.render.field_text import field_text
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
from reconciler.render.style import MARKS, Style, Tone, visible

LISTED_IMAGES = 10
"""Images shown per import or backfill unless all are asked for: a screen holds a few imports' worth."""

_DIGEST_SHOWN = 12


def render(plan: Plan, style: Style, *, verbose: bool = False, source_line: SourceLine | None = None) -> str:
    """`verbose` lists every image. Warnings and then errors stand right above the summary, where they are seen."""
    moving = movements(plan)
    blocks = [_group(group, moving, style, verbose) for group in groups(plan.changes)]
    planned = {change.address for change in plan.changes}
    alone = [movement for address, movement in moving.items() if address not in planned]
    if alone:
        blocks.append("\n".join(line for m in alone for line in _movement(m, style, verbose)))
    for severity in (Severity.INFO, Severity.WARNING, Severity.ERROR):
        found = [d for d in plan.diagnostics if d.severity is severity]
        blocks += diagnostics_human.blocks(found, style, source_line)
    blocks.append(style.paint(summary_line(plan), Tone.STRONG))
    return "\n\n".join(blocks) + "\n"


def _group(group: Group, moving: dict[Address, Movement], style: Style, verbose: bool) -> str:
    lines = [style.paint(visible(group.title), Tone.STRONG)]
    for change in group.changes:
        movement = moving.get(change.address)
        if change.action is Action.TRANSFER and movement is not None:
            lines += _movement(movement, style, verbose, route_of(change))
        else:
            lines += change_lines(change, style)
            lines += _movement(movement, style, verbose) if movement is not None else []
    return "\n".join(lines)


def change_lines(change: Change, style: Style) -> list[str]:
    """The change with its reason, then a line for each field."""
    mark = MARKS[change.action]
    head = style.paint(f"{mark.symbol:>3} {visible(str(change.address))}", mark.tone)
    why = why_changed(change)
    reason = f": {visible(why)}" if why else ""
    fields = [f"      {visible(field_text(field, change.action))}" for field in shown_fields(change)]
    return [f"{head}{reason}", *fields]


def _movement(movement: Movement, style: Style, verbose: bool, route: str = "") -> list[str]:
    mark = MARKS[Action.TRANSFER]
    head = style.paint(f"{mark.symbol:>3} {visible(str(movement.address))}", mark.tone)
    shown = movement.transfers if verbose else movement.transfers[:LISTED_IMAGES]
    rows = [_image(transfer) for transfer in shown]
    widths = [max((len(row[i]) for row in rows), default=0) for i in range(3)]
    lines = [f"{head}: {movement.sentence()}"]
    if route:
        lines.append(f"      {visible(route)}")
    for name, digest, size, reason in rows:
        lines.append(f"      {name:<{widths[0]}}  {style.paint(digest, Tone.FAINT)}  {size:>{widths[2]}}  {reason}")
    left = len(movement.transfers) - len(shown)
    if left:
        lines.append(f"      and {units.count(left, 'more image', 'more images')}; `--format json` lists all")
    return lines


def route_of(change: Change) -> str:
    """What a backfill says of the way that its images go; empty for everything else."""
    return change.reason if change.address.kind is Kind.BACKFILL else ""


def _image(transfer: Transfer) -> tuple[str, str, str, str]:
    algorithm, _, hexadecimal = transfer.digest.partition(":")
    return (
        visible(f"{transfer.target.repository}:{transfer.target.tag}"),
        visible((hexadecimal or algorithm)[:_DIGEST_SHOWN]),
        units.size(transfer.size),
        why_moved(transfer),
    )
