"""The report of a run for a terminal: what failed and why first to the eye, then the figures."""

from __future__ import annotations

from collections.abc import Sequence

from reconciler.model.report import ImageOutcome, Report, StepOutcome, StepResult
from reconciler.render import diagnostics_human, units
from reconciler.render.report_tally import ImportTally, imports, total
from reconciler.render.style import MARKS, Style, Tone, visible

SKIPPED_SHOWN = 3
"""Of each repository: they are as the spec wants them, so a few are enough to see why."""

_TONES: dict[StepResult, Tone] = {
    StepResult.DONE: Tone.CREATE,
    StepResult.FAILED: Tone.ERROR,
    StepResult.BLOCKED: Tone.WARNING,
    StepResult.MANUAL: Tone.MANUAL,
}
_RANK = (StepResult.DONE, StepResult.MANUAL, StepResult.BLOCKED, StepResult.FAILED)
"""What needs a human stands last, next to the summary."""


def render(report: Report, style: Style) -> str:
    blocks: list[str] = []
    if report.steps:
        ranked = sorted(report.steps, key=lambda s: (_RANK.index(s.result), str(s.address)))
        blocks.append("\n".join(_step(step, style) for step in ranked))
    blocks += [_import(entry, style) for entry in imports(report)]
    blocks += diagnostics_human.blocks(report.diagnostics, style)
    blocks.append(style.paint(summary_line(report), Tone.STRONG))
    return "\n\n".join(blocks) + "\n"


def summary_line(report: Report) -> str:
    """`apply: 3 done, 1 failed; 12 selected, 10 imported, …; 12s, 240 requests (236 expected), 2 retries`."""
    if not report.steps and not report.images:
        return "apply: nothing to do" if report.complete else "apply: nothing to do in what could be read"
    counts = [(result, sum(s.result is result for s in report.steps)) for result in StepResult]
    parts = [", ".join(f"{units.count(number)} {_COUNTED[result]}" for result, number in counts if number)]
    if report.images:
        parts.append(total(report).sentence())
    if report.images_unchanged:
        parts.append(f"{units.count(report.images_unchanged, 'image')} there before")
    expected = f" ({units.count(report.requests_expected)} expected)" if report.requests_expected else ""
    parts.append(
        f"{units.duration(report.seconds)} in all, {units.count(report.requests, 'request')}{expected}, "
        f"{units.count(report.retries, 'retry', 'retries')}"
    )
    return "apply: " + "; ".join(part for part in parts if part)


_COUNTED: dict[StepResult, str] = {
    StepResult.DONE: "done",
    StepResult.FAILED: "failed",
    StepResult.BLOCKED: "blocked",
    StepResult.MANUAL: "left to do by hand",
}


def _step(step: StepOutcome, style: Style) -> str:
    mark = MARKS[step.action]
    result = style.paint(f"{step.result.value:<7}", _TONES[step.result])
    took = f" ({units.duration(step.seconds)})" if step.result is StepResult.DONE and step.seconds else ""
    reason = f": {visible(step.reason)}" if step.reason else ""
    return f"{result} {style.paint(f'{mark.symbol:>3}', mark.tone)} {visible(str(step.address))}{took}{reason}"


def _import(entry: ImportTally, style: Style) -> str:
    lines = [f"{style.paint(visible(str(entry.address)), Tone.STRONG)}: {entry.total.sentence()}"]
    for name, tally in entry.repositories:
        lines.append(f"  {visible(str(name))}: {tally.sentence()}")
        lines += [_failure(image, style) for image in tally.failures]
        lines += _skipped(tally.left_alone)
    return "\n".join(lines)


def _skipped(images: Sequence[ImageOutcome]) -> list[str]:
    lines = [f"    skipped {visible(image.target.tag)}: {visible(image.reason)}" for image in images[:SKIPPED_SHOWN]]
    left = len(images) - len(lines)
    return [*lines, f"    and {units.count(left)} more skipped; `--format json` lists all"] if left else lines


def _failure(image: ImageOutcome, style: Style) -> str:
    again = " (another run may succeed)" if image.retryable else ""
    return f"    {style.paint('failed', Tone.ERROR)} {visible(image.target.tag)}: {visible(image.reason)}{again}"
