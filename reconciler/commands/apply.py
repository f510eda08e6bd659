"""`reconciler apply`: carry a plan out."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from reconciler.acr.hosts import Network
from reconciler.commands import options
from reconciler.commands.console import open_console
from reconciler.commands.exits import Exit, Refused


def apply(
    paths: Annotated[
        list[Path] | None,
        typer.Argument(
            metavar="PATH | FILE",
            help="Specs to plan and apply, or a plan that `plan --out` saved.",
            readable=False,
        ),
    ] = None,
    auto_approve: Annotated[bool, typer.Option("--auto-approve", help="Do not ask.")] = False,
    output: Annotated[
        options.TextFormat, typer.Option("--format", help="How to print the report.")
    ] = options.TextFormat.HUMAN,
    report: Annotated[Path | None, typer.Option(metavar="FILE", help="Write the report as JSON, too.")] = None,
    journal: options.JournalFolder = Path(".reconciler"),
    only: options.Only = None,
    exclude: options.Exclude = None,
    prune: options.Prune = False,
    allow_delete: options.AllowDelete = None,
    allow_billable: options.AllowBillable = False,
    endpoint_url: options.EndpointUrl = None,
    network: options.NetworkChoice = Network.PUBLIC,
    log_file: options.LogFile = None,
    parallelism: options.Parallelism = 8,
    workers: options.Workers = 64,
    per_host: options.PerHost = None,
    max_rate: options.MaxRate = None,
    verbose: options.Verbose = False,
    no_color: options.NoColor = False,
) -> int:
    """Plan and apply, or apply a saved plan exactly as it was saved.

    A saved plan is refused when the files or the live state have changed since. Exit code 0: done, 1: refused or
    nothing done, 3: partly done; the report says what is left, and applying again does it.

    \b
    Examples:
      reconciler apply
      reconciler apply --auto-approve --report report.json
      reconciler apply plan.json --auto-approve
    """
    from reconciler.commands.application import Application, ask
    from reconciler.commands.pipeline import selection
    from reconciler.commands.saved import is_plan, require_writable

    console = open_console(no_color=no_color)
    plans = [path for path in paths or () if is_plan(path)]
    if plans and len(paths or ()) > 1:
        raise Refused(f"`{plans[0]}` is a saved plan, which is applied alone", hint="leave out the other paths")
    saved = plans[0] if plans else None
    if saved is not None and (only or exclude or prune or allow_delete):
        raise Refused("a saved plan is applied as it is", hint="leave out the selection, or plan again with it")
    if report is not None:
        require_writable(report)
    application = Application(
        console,
        endpoint_url,
        journal,
        ask(console, auto_approve=auto_approve),
        parallelism,
        workers,
        result_on_stdout=output is options.TextFormat.HUMAN,
        reviewed=saved is not None and auto_approve,
        per_host=per_host,
        max_rate=options.bytes_per_second(max_rate),
        network=network,
        log_file=log_file,
        allow_billable=allow_billable,
    )
    if saved is not None:
        done = application.run_saved(saved, verbose=verbose)
    else:
        done = application.run(paths, selection(only, exclude, prune, allow_delete), verbose=verbose)
    return Exit.OK if done is None else application.tell(done, output, report)
