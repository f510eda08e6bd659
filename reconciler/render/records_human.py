"""Records as tables for a terminal, one for each kind."""

from __future__ import annotations

from collections.abc import Sequence

from reconciler.model.record import PastRun, Records
from reconciler.model.report import Verdict
from reconciler.render import units
from reconciler.render.style import Style, Tone, visible

_TONES: dict[Verdict, Tone] = {
    Verdict.DONE: Tone.CREATE,
    Verdict.PARTLY: Tone.WARNING,
    Verdict.FAILED: Tone.ERROR,
}
_HEAD = ("run", "result", "images", "imported", "skipped", "failed", "moved", "took", "MB/s")


def render(records: Records, style: Style) -> str:
    if not records.runs:
        return "no records\n"
    return _runs(records.runs, style)


def heading(name: str, created: str, paths: Sequence[str]) -> str:
    """What stands above the report of one run."""
    applied = f" of {', '.join(visible(path) for path in paths)}" if paths else ""
    return f"run {visible(name)}, {visible(created)}{applied}\n\n"


def _runs(runs: Sequence[PastRun], style: Style) -> str:
    rows = [_HEAD, *(_row(run) for run in runs)]
    widths = [max(len(row[column]) for row in rows) for column in range(len(_HEAD))]
    lines = [style.paint(_line(_HEAD, widths), Tone.STRONG)]
    for run, row in zip(runs, rows[1:], strict=True):
        line = _line(row, widths)
        word = run.verdict.value
        lines.append(line.replace(word, style.paint(word, _TONES[run.verdict]), 1))
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


def _line(row: Sequence[str], widths: Sequence[int]) -> str:
    """Words to the left, figures to the right."""
    cells = [cell.ljust(width) if column < 2 else cell.rjust(width) for column, (cell, width) in _columns(row, widths)]
    return "  ".join(cells).rstrip()


def _columns(row: Sequence[str], widths: Sequence[int]) -> list[tuple[int, tuple[str, int]]]:
    return list(enumerate(zip(row, widths, strict=True)))
