"""`reconciler plan`: what would change, image by image, without changing anything."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from reconciler.acr.hosts import Network
from reconciler.commands import options
from reconciler.commands.console import open_console
from reconciler.commands.exits import Exit
from reconciler.commands.options import PlanFormat


def plan(
    paths: options.Paths = None,
    out: Annotated[Path | None, typer.Option(metavar="FILE", help="Save the plan, for `apply FILE`.")] = None,
    output: Annotated[PlanFormat, typer.Option("--format", help="How to print.")] = PlanFormat.HUMAN,
    detailed_exitcode: Annotated[
        bool, typer.Option("--detailed-exitcode", help="Exit with 2 when there is something to do.")
    ] = False,
    only: options.Only = None,
    exclude: options.Exclude = None,
    prune: options.Prune = False,
    allow_delete: options.AllowDelete = None,
    live: options.LiveFile = None,
    record: options.RecordFile = None,
    endpoint_url: options.EndpointUrl = None,
    network: options.NetworkChoice = Network.PUBLIC,
    log_file: options.LogFile = None,
    parallelism: options.Parallelism = 8,
    verbose: options.Verbose = False,
    no_color: options.NoColor = False,
) -> int:
    """Read the live state, compare, and print what `apply` would do.

    Nothing is written to the cloud: the transport refuses every call that is not known to read.

    \b
    Examples:
      reconciler plan
      reconciler plan --out plan.json --detailed-exitcode
      reconciler plan --record live.json && reconciler plan --live live.json
    """
    from reconciler.commands.pipeline import check, make_plan, open_source, require_valid, selection, unplanned
    from reconciler.commands.saved import plan_text, require_writable, save_live, save_text

    console = open_console(no_color=no_color)
    for file in (out, record):
        if file is not None:
            require_writable(file)
    checked = check(paths)
    if checked.errored and output is not PlanFormat.HUMAN:
        console.out(plan_text(unplanned(checked), output, console.style, paths))
        return Exit.ERROR
    require_valid(checked, console)
    chosen = selection(only, exclude, prune, allow_delete)
    with open_source(
        live, endpoint_url, parallelism, console, network=network, log_file=log_file, desired=checked.loaded.desired
    ) as source:
        made, read = make_plan(checked, source, chosen)
    if record is not None:
        save_live(record, read)
    if out is not None and not made.errored:
        save_text(out, plan_text(made, PlanFormat.JSON, console.style, paths, options=chosen))
        console.note(f"saved: {out}; carry it out with `reconciler apply {out}`")
    elif out is not None:
        console.note(f"not saved: {out}; a plan with errors cannot be applied")
    told = plan_text(
        made, output, console.style, paths, verbose=verbose, source_line=checked.source_line, options=chosen
    )
    console.out(told)
    if made.errored or not made.complete:
        return Exit.ERROR
    return Exit.CHANGES if detailed_exitcode and made.has_changes else Exit.OK
