"""`reconciler replicate`: one image now."""

from __future__ import annotations

from typing import Annotated

import typer

from reconciler.acr.hosts import Network
from reconciler.commands import options
from reconciler.commands.console import open_console
from reconciler.commands.exits import Exit
from reconciler.commands.options import TextFormat


def replicate(
    source: Annotated[str, typer.Argument(metavar="SRC", help="INSTANCE:NAMESPACE/REPOSITORY:TAG.")],
    target: Annotated[
        str, typer.Argument(metavar="DST", help="INSTANCE[:NAMESPACE/REPOSITORY[:TAG]]; the rest is as at the source.")
    ],
    paths: options.Paths = None,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace another image under the tag.")] = False,
    wait: Annotated[bool, typer.Option("--wait", help="Wait until the image is at the target.")] = False,
    priority: Annotated[int, typer.Option(min=1, max=5, metavar="1..5", help="5 goes first.")] = 3,
    user_id: Annotated[
        str | None,
        typer.Option(metavar="UID", help="The account that owns DST, when it is another one; DST is then ID@REGION."),
    ] = None,
    output: Annotated[TextFormat, typer.Option("--format", help="How to print.")] = TextFormat.HUMAN,
    endpoint_url: options.EndpointUrl = None,
    network: options.NetworkChoice = Network.PUBLIC,
    log_file: options.LogFile = None,
    no_color: options.NoColor = False,
) -> int:
    """Copy one image from one instance to another by a task of the service; no byte comes through this machine.

    INSTANCE is a key of the specs in PATH, or ID@REGION, for which no spec is needed. An image that is at the target,
    or on its way there, gets no task. Exit code 0: done, on its way, or nothing to do; 1: refused or failed.

    \b
    Examples:
      reconciler replicate hub:apps/web:v1 eu --wait
      reconciler replicate hub:apps/web:v1 eu:apps/web:stable --overwrite registry.yaml
      reconciler replicate cri-abc@cn-hangzhou:apps/web:v1 cri-def@eu-central-1 --format json
    """
    from reconciler.commands.pipeline import open_told
    from reconciler.commands.replicating import Request, carry_out
    from reconciler.commands.saved import outcome_text
    from reconciler.model.single_image import Stage
    from reconciler.render import task_human

    console = open_console(no_color=no_color)
    request = Request(source, target, paths, overwrite, priority, user_id)
    image = request.parsed(console)
    with open_told(
        endpoint_url, console, writes=True, network=network, log_file=log_file, desired=image.desired
    ) as cloud:
        found = carry_out(cloud.cr, image, request, console, wait=wait)
    console.out(outcome_text(found) if output is TextFormat.JSON else task_human.outcome(found, console.style))
    return Exit.ERROR if found.stage is Stage.FAILED else Exit.OK
