"""Drift for a terminal: what was changed outside, resource by resource and image by image."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import groupby

from reconciler.model.diagnostic import has_errors
from reconciler.model.drift import Cause, Drift, ImageDrift, ImageState
from reconciler.model.image import Digest
from reconciler.render import diagnostics_human, units
from reconciler.render.diagnostics_human import SourceLine
from reconciler.render.plan_groups import groups
from reconciler.render.plan_human import change_lines
from reconciler.render.style import Style, Tone, visible

LISTED_IMAGES = 20

_STATES: dict[ImageState, tuple[str, Tone]] = {
    ImageState.MISSING: ("+", Tone.CREATE),
    ImageState.DIFFERENT: ("~", Tone.UPDATE),
    ImageState.EXTRA: ("?", Tone.FAINT),
    ImageState.IN_FLIGHT: (">", Tone.TRANSFER),
    ImageState.LEFT: (".", Tone.FAINT),
}
_WORDS = {ImageState.IN_FLIGHT: "on the way", ImageState.LEFT: "left behind"}
_CAUSES: dict[Cause, str] = {
    Cause.UNKNOWN: "",
    Cause.OLDER_THAN_RULE: "older than the rule",
    Cause.MANUAL_RULE: "the rule replicates nothing by itself",
    Cause.TASK_FAILED: "its replication failed",
    Cause.CHANGED_AT_TARGET: "it had arrived, and was changed at the target since",
    Cause.NO_TASK: "pushed after the rule, and the service made no task for it",
}


def render(drift: Drift, style: Style, *, verbose: bool = False, source_line: SourceLine | None = None) -> str:
    """Changes are shown as what would bring each resource back; `verbose` lists every image."""
    blocks = [
        "\n".join(
            [style.paint(visible(group.title), Tone.STRONG)]
            + [line for change in group.changes for line in change_lines(change, style)]
        )
        for group in groups(drift.changes)
    ]
    blocks += _by_address(drift.images, "out of step with the source", style, verbose)
    for state, what in ((ImageState.IN_FLIGHT, "on the way"), (ImageState.LEFT, "left behind, as declared")):
        blocks += _by_address((i for i in drift.explained if i.state is state), what, style, verbose)
    blocks += diagnostics_human.blocks(drift.diagnostics, style, source_line)
    oldest = drift.oldest
    if oldest is not None:
        pushed, age = units.timestamp(oldest.pushed), units.age(drift.age(oldest))
        blocks.append(f"longest under way or due: {visible(str(oldest.image))}, pushed {pushed}, {age} ago")
    blocks.append(style.paint(summary_line(drift), Tone.STRONG))
    return "\n\n".join(blocks) + "\n"


def summary_line(drift: Drift) -> str:
    """`drift: 2 resources differ, 3 images missing, 1 image extra; 4 images on the way`."""
    apart = [
        f"{units.count(number, 'image')} {_word(state)}"
        for state in ImageState
        if state.explained and (number := sum(i.state is state for i in drift.explained))
    ]
    rest = f"; {', '.join(apart)}" if apart else ""
    if not drift.found:
        if has_errors(drift.diagnostics):
            return "drift: unknown before the errors are solved"
        if not drift.complete:
            return f"no drift in what could be compared; something could not{rest}"
        return f"no drift: everything that was compared is as declared{rest}"
    number = len(drift.changes)
    parts = [f"{units.count(number, 'resource')} {'differs' if number == 1 else 'differ'}"] if number else []
    for state in ImageState:
        found = sum(i.state is state for i in drift.images)
        if found:
            parts.append(f"{units.count(found, 'image')} {_word(state)}")
    incomplete = "" if drift.complete else "; incomplete, because something could not be compared"
    return "drift: " + ", ".join(parts) + rest + incomplete


def _by_address(images: Iterable[ImageDrift], what: str, style: Style, verbose: bool) -> Iterator[str]:
    ordered = sorted(images, key=lambda i: (str(i.address), i.image, i.state))
    for address, found in groupby(ordered, key=lambda i: str(i.address)):
        yield _images(address, list(found), what, style, verbose)


def _images(address: str, images: list[ImageDrift], what: str, style: Style, verbose: bool) -> str:
    shown = images if verbose else images[:LISTED_IMAGES]
    lines = [f"{style.paint(visible(address), Tone.STRONG)}: {units.count(len(images), 'image')} {what}"]
    for image in shown:
        symbol, tone = _STATES[image.state]
        name = style.paint(f"{symbol:>3} {visible(str(image.image))}", tone)
        lines.append(f"{name}: {_word(image.state)}{_digests(image)}{_why(image)}")
    left = len(images) - len(shown)
    if left:
        lines.append(f"    and {units.count(left, 'more image', 'more images')}; `--format json` lists all")
    return "\n".join(lines)


def _word(state: ImageState) -> str:
    return _WORDS.get(state, state.value)


def _why(image: ImageDrift) -> str:
    cause = _CAUSES[image.cause]
    if image.task and image.cause is not Cause.OLDER_THAN_RULE:
        told = f"task {visible(image.task)}: {visible(image.detail)}"
        cause = f"{cause} ({told})" if cause else told
    return f"; {cause}" if cause else ""


def _digests(image: ImageDrift) -> str:
    if image.expected and image.actual:
        return f", {_short(image.actual)} instead of {_short(image.expected)}"
    known = image.expected or image.actual
    return f", {_short(known)}" if known else ""


def _short(digest: Digest) -> str:
    return visible(digest.partition(":")[2][:12])
