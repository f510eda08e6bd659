"""Past runs on the screen: all of them as a table, or the report of one."""

from __future__ import annotations

from reconciler.commands.console import Console
from reconciler.commands.options import TextFormat
from reconciler.commands.runs import Runs


def show(runs: Runs, run: str | None, console: Console, output: TextFormat, *, failed: bool) -> None:
    """Raises Refused when there is no such run."""
    from reconciler.commands.saved import records_text, report_text
    from reconciler.model.record import Records
    from reconciler.model.report import Verdict
    from reconciler.render import records_human, report_human

    if run is not None:
        name, kept = runs.find(run)
        report = kept.report.only_failed() if failed else kept.report
        if output is TextFormat.JSON:
            console.out(report_text(report, kept.paths, kept.created) if failed else runs.text(name))
        else:
            heading = records_human.heading(name, kept.created, kept.paths)
            console.out(heading + report_human.render(report, console.style))
        return
    found = Records(tuple(past for past in runs.summaries() if not failed or past.verdict is not Verdict.DONE))
    console.out(records_text(found) if output is TextFormat.JSON else records_human.render(found, console.style))
