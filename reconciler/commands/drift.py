"""`reconciler drift`: what differs from the declared state, without any way to change it."""

from __future__ import annotations

from typing import Annotated

import typer

from reconciler.acr.hosts import Network
from reconciler.commands import options
from reconciler.commands.console import open_console
from reconciler.commands.exits import Exit
from reconciler.commands.options import TextFormat


def drift(
    paths: options.Paths = None,
    output: Annotated[TextFormat, typer.Option("--format", help="How to print.")] = TextFormat.HUMAN,
    only: options.Only = None,
    ignore: Annotated[
        list[str] | None,
        typer.Option(metavar="ADDRESS[:FIELD]", help="Leave out this address, or this field of it. Repeatable."),
    ] = None,
    live: options.LiveFile = None,
    record: options.RecordFile = None,
    endpoint_url: options.EndpointUrl = None,
    network: options.NetworkChoice = Network.PUBLIC,
    log_file: options.LogFile = None,
    parallelism: options.Parallelism = 8,
    verbose: options.Verbose = False,
    no_color: options.NoColor = False,
) -> int:
    """Compare settings and images with the declared state. Exit code 0: none, 2: drift, 1: error.

    Read-only by construction: the transport refuses every call that is not known to read.

    \b
    Examples:
      reconciler drift
      reconciler drift --ignore instances.hub.namespaces.apps:visibility
    """
    from reconciler.commands.pipeline import check, look_for_drift, open_source, require_valid, uncompared
    from reconciler.commands.saved import drift_text, save_live
    from reconciler.model.diagnostic import has_errors
    from reconciler.render import drift_human

    console = open_console(no_color=no_color)
    checked = check(paths)
    if checked.errored and output is TextFormat.JSON:
        console.out(drift_text(uncompared(checked)))
        return Exit.ERROR
    require_valid(checked, console)
    with open_source(
        live, endpoint_url, parallelism, console, network=network, log_file=log_file, desired=checked.loaded.desired
    ) as source:
        found, read = look_for_drift(checked, source, only=tuple(only or ()), ignore=tuple(ignore or ()))
    if record is not None:
        save_live(record, read)
    if output is TextFormat.HUMAN:
        console.out(drift_human.render(found, console.style, verbose=verbose, source_line=checked.source_line))
    else:
        console.out(drift_text(found))
    if has_errors(found.diagnostics) or not found.complete:
        return Exit.ERROR
    return Exit.CHANGES if found.found else Exit.OK
