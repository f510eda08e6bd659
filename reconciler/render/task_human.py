"""One replication task for a terminal: its layers as they go, or the whole in one line."""

from __future__ import annotations

from reconciler.model.single_image import Outcome, Stage
from reconciler.model.sync_task import SyncTask, TaskStatus
from reconciler.render import units
from reconciler.render.style import Style, Tone, visible

TONES: dict[TaskStatus, Tone] = {
    TaskStatus.PENDING: Tone.FAINT,
    TaskStatus.SYNCHRONIZING: Tone.TRANSFER,
    TaskStatus.SUCCESS: Tone.CREATE,
    TaskStatus.ERROR: Tone.ERROR,
    TaskStatus.CANCELED: Tone.WARNING,
}
_LAYERS_SHOWN = 12
_BAR = 24


def line(task: SyncTask) -> str:
    """`rst-1 SYNCHRONIZING: 1/3 layers, 12.0 MiB of 30.0 MiB`."""
    text = f"{visible(task.id)} {task.status.value}"
    if task.layers:
        done = sum(layer.size == layer.synced for layer in task.layers)
        text += f": {units.count(done)}/{units.count(len(task.layers), 'layer')}"
        text += f", {units.size(task.synced)} of {units.size(task.size)}"
    return f"{text}, {visible(task.issue)}" if task.issue else text


def frame(task: SyncTask, style: Style) -> str:
    """The line and a bar for each layer; each ended by a newline."""
    lines = [style.paint(style.clip(line(task), style.width), Tone.STRONG)]
    for layer in task.layers[:_LAYERS_SHOWN]:
        share = layer.synced / layer.size if layer.size else 1.0
        full = int(_BAR * min(share, 1.0))
        done, rest = ("█", "░") if style.unicode else ("#", ".")
        bar = style.paint(done * full, Tone.TRANSFER) + style.paint(rest * (_BAR - full), Tone.FAINT)
        digest = visible(layer.digest.partition(":")[2][:12] or layer.digest)
        label, figures = f"  {digest:<12}  ", f"  {units.size(layer.synced)} of {units.size(layer.size)}"
        fits = len(label) + _BAR + len(figures) <= style.width
        lines.append(f"{label}{bar}{figures}" if fits else style.clip(label.rstrip() + figures, style.width))
    left = len(task.layers) - _LAYERS_SHOWN
    if left > 0:
        lines.append(style.paint(f"  and {units.count(left, 'more layer')}", Tone.FAINT))
    return "".join(f"{text}\n" for text in lines)


def outcome(found: Outcome, style: Style) -> str:
    """What became of one image, and the next step."""
    image = f"{visible(str(found.image.source))} -> {visible(str(found.image.target))}"
    task = visible(found.task.id) if found.task else ""
    match found.stage:
        case Stage.CREATED:
            return f"{image}\ntask {task} was made; `reconciler records --tasks` shows how it goes\n"
        case Stage.RUNNING:
            return f"{image}\ntask {task} is bringing it already; `reconciler records --tasks` shows how it goes\n"
        case Stage.REPLICATED:
            return f"{image}\n{style.paint('replicated', Tone.CREATE)}: {visible(found.digest)}\n"
        case Stage.UNCHANGED:
            return f"{image}\nnothing to do: the target has {visible(found.digest)}\n"
        case Stage.FAILED:
            return f"{image}\n{style.paint('failed', Tone.ERROR)}: {visible(found.reason)}\n"
