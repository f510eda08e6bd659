"""`reconciler show`: a saved plan or report, for people."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from reconciler.commands import options
from reconciler.commands.console import open_console
from reconciler.commands.exits import Exit, Refused
from reconciler.commands.options import PlanFormat


def show(
    file: Annotated[Path, typer.Argument(help="What `plan --out` or `apply --report` wrote.")],
    output: Annotated[PlanFormat, typer.Option("--format", help="How to print.")] = PlanFormat.HUMAN,
    verbose: options.Verbose = False,
    no_color: options.NoColor = False,
) -> int:
    """Render a saved plan or report. A stale plan is shown too, with a warning.

    \b
    Examples:
      reconciler show plan.json
      reconciler show plan.json --format markdown
    """
    from reconciler.commands.saved import plan_text, read_text
    from reconciler.render import report_human
    from reconciler.render.plan_json import NotAPlan
    from reconciler.render.plan_json import read as read_plan
    from reconciler.render.report_json import NotAReport
    from reconciler.render.report_json import read as read_report

    console = open_console(no_color=no_color)
    text = read_text(file)
    try:
        kept = read_plan(text)
    except NotAPlan as no_plan:
        try:
            report = read_report(text).report
        except NotAReport:
            raise Refused(
                f"`{file}`: {no_plan}", hint="show takes what `plan --out` or `apply --report` wrote"
            ) from None
        console.out(text if output is PlanFormat.JSON else report_human.render(report, console.style))
        return Exit.OK
    if _changed(kept.paths, kept.plan.spec_digest):
        console.note(
            f"warning: the specs have changed since this plan was made ({kept.created}); it is shown as it was"
        )
    console.out(
        text if output is PlanFormat.JSON else plan_text(kept.plan, output, console.style, None, verbose=verbose)
    )
    return Exit.OK


def _changed(paths: tuple[str, ...], digest: str) -> bool:
    import os

    from reconciler.spec.load import load

    return load(paths, environment=os.environ).digest != digest
