"""`reconciler export`: the live state as a spec."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from reconciler.acr.hosts import Network
from reconciler.commands import options
from reconciler.commands.console import open_console
from reconciler.commands.exits import Exit


def export(
    region: Annotated[
        list[str] | None,
        typer.Option(metavar="REGION", help="Only this region. Repeatable; default: every region of the service."),
    ] = None,
    instance: Annotated[
        str | None, typer.Option(metavar="ID|NAME", help="Only this instance, by its id or its name.")
    ] = None,
    out: Annotated[Path | None, typer.Option(metavar="FILE", help="Write to FILE; default: print.")] = None,
    live: options.LiveFile = None,
    record: options.RecordFile = None,
    endpoint_url: options.EndpointUrl = None,
    network: options.NetworkChoice = Network.PUBLIC,
    log_file: options.LogFile = None,
    parallelism: options.Parallelism = 8,
    no_color: options.NoColor = False,
) -> int:
    """Write the live state as YAML that validates and plans empty.

    What cannot be declared is left out with a comment that says why. Nothing is written to the cloud. Exit code 0:
    written, 1: not.

    \b
    Examples:
      reconciler export --out registry.yaml
      reconciler export --region cn-hangzhou --region eu-central-1
      reconciler export --instance acme-hub > hub.yaml
    """
    from reconciler.commands.exporting import exported, read_account, read_recording
    from reconciler.commands.pipeline import open_to_read
    from reconciler.commands.saved import require_writable, save_live, save_text

    console = open_console(no_color=no_color)
    for file in (out, record):
        if file is not None:
            require_writable(file)
    if live is not None:
        read, asked = read_recording(live, region or (), instance)
    else:
        with open_to_read(endpoint_url, parallelism, console, network=network, log_file=log_file) as cloud:
            read, asked = read_account(cloud, region or (), instance)
    if record is not None:
        save_live(record, read)
    text = exported(read, asked)
    if out is None:
        console.out(text)
    else:
        save_text(out, text)
        console.note(f"written: {out}; look at its comments, then `reconciler plan {out}`")
    return Exit.OK
