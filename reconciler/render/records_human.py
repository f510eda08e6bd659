"""Records as tables for a terminal, one for each kind."""

from __future__ import annotations

from collections.abc import Sequence

from reconciler.model.record import PastRun, Records, TaskRecord
from reconciler.model.report import Verdict
from reconciler.model.sync_task import SyncTask, TaskStatus
from reconciler.render import task_human, units
from reconciler.render.style import Style, Tone, visible

_TONES: dict[Verdict, Tone] = {
    Verdict.DONE: Tone.CREATE,
    Verdict.PARTLY: Tone.WARNING,
    Verdict.FAILED: Tone.ERROR,
}
_TASK_HEAD = ("task", "status", "trigger", "rule", "image", "to", "copied", "took", "issue")
_HEAD = ("run", "result", "images", "imported", "skipped", "failed", "moved", "took", "MB/s")


def render(records: Records, style: Style, now: int = 0) -> str:
    """`now` is epoch milliseconds, for tasks that run."""
    if records.tasks is not None:
        return _tasks(records.tasks, style, now) if records.tasks else "no tasks\n"
    if not records.runs:
        return "no records\n"
    return _table(_HEAD, [(_row(run), run.verdict.value, _TONES[run.verdict]) for run in records.runs], style)


def frame(tasks: Sequence[TaskRecord], style: Style, lines: int, now: int) -> str:
    """The table for a terminal of `style.width` cells and `lines` lines, which it is painted over in: where they are
    not enough, what is under way goes first, then what is newest."""
    if not tasks:
        return ""
    room = max(lines - 3, 1)
    by_interest = sorted(range(len(tasks)), key=lambda number: _interest(tasks[number].task, number))
    shown = sorted(by_interest[:room])
    text = _tasks([tasks[number] for number in shown], style, now, clipped=True)
    hidden = [tasks[number] for number in by_interest[room:]]
    if not hidden:
        return text
    ended = sum(not record.task.running for record in hidden)
    more = f"and {units.count(len(hidden))} more, {units.count(ended)} ended"
    return text + style.paint(style.clip(more, style.width), Tone.FAINT) + "\n"


def _interest(task: SyncTask, number: int) -> tuple[int, int]:
    if task.running:
        return task.status is TaskStatus.PENDING, number
    return 2, -number


def heading(name: str, created: str, paths: Sequence[str]) -> str:
    """What stands above the report of one run."""
    applied = f" of {', '.join(visible(path) for path in paths)}" if paths else ""
    return f"run {visible(name)}, {visible(created)}{applied}\n\n"


def task_line(record: TaskRecord) -> str:
    """One task without a table: `hub:apps/web:v1 -> eu (apps): rst-1 SYNCHRONIZING: 1/3 layers, …`."""
    image, target = _ends(record)
    by = f" ({visible(record.rule)})" if record.rule else ""
    return f"{image} -> {target}{by}: {task_human.line(record.task)}"


def _tasks(records: Sequence[TaskRecord], style: Style, now: int, *, clipped: bool = False) -> str:
    rows = []
    for record in records:
        task = record.task
        image, target = _ends(record)
        seconds = record.seconds(now)
        row = (
            visible(task.id),
            task.status.value,
            task.trigger.value,
            visible(record.rule) or "-",
            image,
            target,
            _progress(task),
            "-" if seconds is None else units.duration(seconds),
            visible(task.issue),
        )
        rows.append((row, task.status.value, task_human.TONES[task.status]))
    return _table(_TASK_HEAD, rows, style, figures=range(6, 8), clipped=clipped)


def _ends(record: TaskRecord) -> tuple[str, str]:
    """The target with what differs from the source."""
    source, target = record.task.source, record.task.target
    same = (source.repository, source.tag) == (target.repository, target.tag)
    renamed = "" if same else f":{target.repository}:{target.tag}"
    return visible(f"{record.source}:{source.repository}:{source.tag}"), visible(f"{record.target}{renamed}")


def _progress(task: SyncTask) -> str:
    if task.status is TaskStatus.SUCCESS:
        return "100%"
    if not task.size:
        return "-"
    return f"{100 * task.synced // task.size}% of {units.size(task.size)}"


def _table(
    head: tuple[str, ...],
    found: Sequence[tuple[tuple[str, ...], str, Tone]],
    style: Style,
    figures: range | None = None,
    *,
    clipped: bool = False,
) -> str:
    """Rows with the word in them that is coloured; `figures` are the columns that go to the right. Lines that are
    `clipped` keep to the style's width."""
    right = range(2, len(head)) if figures is None else figures
    widths = [max(len(row[column]) for row in (head, *(row for row, _, _ in found))) for column in range(len(head))]

    def line(row: Sequence[str]) -> str:
        text = _line(row, widths, right)
        return style.clip(text, style.width) if clipped else text

    lines = [style.paint(line(head), Tone.STRONG)]
    lines += [line(row).replace(word, style.paint(word, tone), 1) for row, word, tone in found]
    return "\n".join(lines) + "\n"


def _row(run: PastRun) -> tuple[str, ...]:
    counts = (run.selected, run.imported, run.skipped, run.failed)
    return (
        visible(run.id),
        run.verdict.value,
        *(units.count(number) for number in counts),
        units.size(run.bytes_moved),
        units.duration(run.seconds),
        units.rate(run.bytes_moved, run.seconds).removesuffix(" MB/s"),
    )


def _line(row: Sequence[str], widths: Sequence[int], right: range) -> str:
    columns = enumerate(zip(row, widths, strict=True))
    cells = [cell.rjust(width) if column in right else cell.ljust(width) for column, (cell, width) in columns]
    return "  ".join(cells).rstrip()
