"""`reconciler records`: what past runs did, and what they left to do again."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from reconciler.acr.hosts import Network
from reconciler.commands import options
from reconciler.commands.console import open_console
from reconciler.commands.exits import Exit, Refused


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
    tasks: Annotated[
        bool, typer.Option("--tasks", help="The service's replication tasks, in place of the runs of this folder.")
    ] = False,
    watch: Annotated[bool, typer.Option("--watch", help="With --tasks: until none is under way any more.")] = False,
    rule: Annotated[str | None, typer.Option(metavar="NAME", help="With --tasks: of this rule only.")] = None,
    instance: Annotated[
        str | None, typer.Option(metavar="KEY", help="With --tasks: to or from this instance only.")
    ] = None,
    since: Annotated[str | None, typer.Option(metavar="AGE", help="With --tasks: no older; 90m, 12h, 7d.")] = None,
    limit: Annotated[int, typer.Option(min=1, metavar="N", help="With --tasks: the newest N.")] = 50,
    spec: Annotated[
        list[Path] | None,
        typer.Option("--spec", metavar="PATH", help="With --tasks: specs with the instances; default: this folder."),
    ] = None,
    journal: options.JournalFolder = Path(".reconciler"),
    endpoint_url: options.EndpointUrl = None,
    network: options.NetworkChoice = Network.PUBLIC,
    log_file: options.LogFile = None,
    no_color: options.NoColor = False,
) -> int:
    """Show the runs of `apply` in this folder, or one of them; run the failed images of one again. With --tasks: the
    same for the service's replication tasks, where a retry is a new task.

    The newest 50 reports are kept. A retry plans the same files anew and moves what failed and is still missing, with
    the namespaces and repositories that it needs; its exit codes are those of `apply`.

    \b
    Examples:
      reconciler records
      reconciler records last --failed
      reconciler records --retry --auto-approve
      reconciler records --tasks --watch
      reconciler records --tasks --failed --since 24h --retry
    """
    from reconciler.commands import retrying, run_records, task_records
    from reconciler.commands.runs import LAST, Runs

    console = open_console(no_color=no_color)
    wanted = task_records.Wanted(failed, rule, instance, since, limit, spec)
    if tasks:
        if run is not None:
            raise Refused(f"`{run}` is a run, and `--tasks` shows replication tasks", hint="leave out one of them")
        return task_records.show(
            wanted,
            console,
            endpoint_url,
            network,
            output,
            watch=watch,
            retry=retry,
            auto_approve=auto_approve,
            log_file=log_file,
        )
    wanted.require_default(watch=watch)
    runs = Runs(journal)
    if retry:
        return retrying.retry(
            runs, run or LAST, console, endpoint_url, network, output, auto_approve=auto_approve, log_file=log_file
        )
    if auto_approve:
        raise Refused("`--auto-approve` is for `--retry`", hint="leave it out to look at records")
    if log_file is not None:
        raise Refused("`--log-file` is for `--retry` and `--tasks`", hint="leave it out: nothing is called for this")
    run_records.show(runs, run, console, output, failed=failed)
    return Exit.OK
