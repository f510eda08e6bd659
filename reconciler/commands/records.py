"""`reconciler records`: what past runs did, and what they left to do again."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from reconciler.acr.hosts import Network
from reconciler.commands import options
from reconciler.commands.console import open_console
from reconciler.commands.exits import Exit, Refused
from reconciler.commands.runs import LAST


def records(
    run: Annotated[
        str | None, typer.Argument(metavar="RUN", help="A run as the list calls it, or `last`; default: list all.")
    ] = None,
    failed: Annotated[bool, typer.Option("--failed", help="Only what failed.")] = False,
    retry: Annotated[
        bool, typer.Option("--retry", help="Move the images again that failed in RUN (default: last), and no others.")
    ] = False,
    output: Annotated[options.TextFormat, typer.Option("--format", help="How to print.")] = options.TextFormat.HUMAN,
    auto_approve: Annotated[bool, typer.Option("--auto-approve", help="With --retry: do not ask.")] = False,
    journal: options.JournalFolder = Path(".reconciler"),
    endpoint_url: options.EndpointUrl = None,
    network: options.NetworkChoice = Network.PUBLIC,
    no_color: options.NoColor = False,
) -> int:
    """Show the runs of `apply` in this folder, or one of them; run the failed images of one again.

    The newest 50 reports are kept. A retry plans the same files anew and moves what failed and is still missing, with
    the namespaces and repositories that it needs; its exit codes are those of `apply`.

    \b
    Examples:
      reconciler records
      reconciler records last --failed
      reconciler records --retry --auto-approve
    """
    from reconciler.commands import retrying
    from reconciler.commands.runs import Runs
    from reconciler.commands.saved import records_text, report_text
    from reconciler.model.record import Records
    from reconciler.model.report import Verdict
    from reconciler.render import records_human, report_human

    console = open_console(no_color=no_color)
    runs = Runs(journal)
    if retry:
        return retrying.retry(runs, run or LAST, console, endpoint_url, network, output, auto_approve=auto_approve)
    if auto_approve:
        raise Refused("`--auto-approve` is for `--retry`", hint="leave it out to look at records")
    if run is not None:
        name, kept = runs.find(run)
        report = kept.report.only_failed() if failed else kept.report
        if output is options.TextFormat.JSON:
            console.out(report_text(report, kept.paths, kept.created) if failed else runs.text(name))
        else:
            console.out(
                records_human.heading(name, kept.created, kept.paths) + report_human.render(report, console.style)
            )
        return Exit.OK
    found = Records(tuple(past for past in runs.summaries() if not failed or past.verdict is not Verdict.DONE))
    console.out(
        records_text(found) if output is options.TextFormat.JSON else records_human.render(found, console.style)
    )
    return Exit.OK
