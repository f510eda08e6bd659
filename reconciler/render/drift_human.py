"""Drift for a terminal: what was changed outside, resource by resource and image by image."""

from __future__ import annotations

from itertools import groupby

from reconciler.model.diagnostic import has_errors
from reconciler.model.drift import Drift, ImageDrift, ImageState
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
    ordered = sorted(drift.images, key=lambda i: (str(i.address), i.image, i.state))
    for address, images in groupby(ordered, key=lambda i: str(i.address)):
        blocks.append(_images(address, list(images), style, verbose))
    blocks += diagnostics_human.blocks(drift.diagnostics, style, source_line)
    blocks.append(style.paint(summary_line(drift), Tone.STRONG))
    return "\n\n".join(blocks) + "\n"


def summary_line(drift: Drift) -> str:
    """`drift: 2 resources differ, 3 images missing, 1 image extra`."""
    if not drift.found:
        if has_errors(drift.diagnostics):
            return "drift: unknown before the errors are solved"
        if not drift.complete:
            return "no drift in what could be compared; something could not"
        return "no drift: everything that was compared is as declared"
    number = len(drift.changes)
    parts = [f"{units.count(number, 'resource')} {'differs' if number == 1 else 'differ'}"] if number else []
    for state in ImageState:
        found = sum(i.state is state for i in drift.images)
        if found:
            parts.append(f"{units.count(found, 'image')} {state.value}")
    incomplete = "" if drift.complete else "; incomplete, because something could not be compared"
    return "drift: " + ", ".join(parts) + incomplete


def _images(address: str, images: list[ImageDrift], style: Style, verbose: bool) -> str:
    shown = images if verbose else images[:LISTED_IMAGES]
    lines = [
        f"{style.paint(visible(address), Tone.STRONG)}: {units.count(len(images), 'image')} out of step with the source"
    ]
    for image in shown:
        symbol, tone = _STATES[image.state]
        name = style.paint(f"{symbol:>3} {visible(str(image.image))}", tone)
        lines.append(f"{name}: {image.state.value}{_digests(image)}")
    left = len(images) - len(shown)
    if left:
        lines.append(f"    and {units.count(left, 'more image', 'more images')}; `--format json` lists all")
    return "\n".join(lines)


def _digests(image: ImageDrift) -> str:
    if image.expected and image.actual:
        return f", {_short(image.actual)} instead of {_short(image.expected)}"
    known = image.expected or image.actual
    return f", {_short(known)}" if known else ""


def _short(digest: Digest) -> str:
    return visible(digest.partition(":")[2][:12])
