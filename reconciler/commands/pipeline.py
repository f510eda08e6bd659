"""The line from files to a plan, shared by every verb that needs a part of it."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from reconciler.acr.hosts import Network
from reconciler.commands.console import Console
from reconciler.commands.exits import Refused
from reconciler.model.diagnostic import Diagnostic, has_errors, in_order
from reconciler.model.graph import Graph
from reconciler.model.place import Span

if TYPE_CHECKING:
    from reconciler.commands.cloud import Cloud
    from reconciler.core.ownership import Options
    from reconciler.live.port import LiveSource
    from reconciler.model.drift import Drift
    from reconciler.model.live import Live
    from reconciler.model.plan import Plan
    from reconciler.model.spec import Desired
    from reconciler.spec.load import Loaded


@dataclass(frozen=True, slots=True)
class Checked:
    """Files, loaded and held against every rule that needs no cloud."""

    loaded: Loaded
    graph: Graph
    diagnostics: tuple[Diagnostic, ...]

    @property
    def errored(self) -> bool:
        return has_errors(self.diagnostics)

    def source_line(self, file: str, line: int) -> str | None:
        return self.loaded.source_line(Span(file, line, 1))


def check(paths: Sequence[Path] | None) -> Checked:
    from reconciler.core import graph, rules
    from reconciler.spec.load import load

    loaded = load(list(paths or [Path()]), environment=os.environ)
    dependency_graph = graph.build(loaded.desired)
    found = [*loaded.diagnostics, *rules.check(loaded.desired, dependency_graph)]
    return Checked(loaded, dependency_graph, in_order(found))


def require_valid(checked: Checked, console: Console, *, on_stdout: bool = True) -> None:
    """Tells the errors and raises Refused when there are some."""
    from reconciler.render import diagnostics_human

    if checked.errored:
        style, show = (console.style, console.out) if on_stdout else (console.note_style, console.note)
        show(diagnostics_human.render(checked.diagnostics, style, checked.source_line))
        raise Refused(told=True)


def unplanned(checked: Checked) -> Plan:
    """The plan of a spec with errors, for output that has to have the form of one: nothing was read or compared."""
    from reconciler.live.snapshot import live_digest
    from reconciler.model.live import Live
    from reconciler.model.plan import Plan, Summary

    loaded = checked.loaded
    nothing = live_digest(Live())
    return Plan((), (), checked.diagnostics, Summary(), loaded.digest, nothing, complete=False, desired=loaded.desired)


def uncompared(checked: Checked) -> Drift:
    """`unplanned` for drift."""
    from reconciler.live.snapshot import live_digest
    from reconciler.model.drift import Drift
    from reconciler.model.live import Live

    return Drift((), (), checked.diagnostics, checked.loaded.digest, live_digest(Live()))


def make_plan(checked: Checked, source: LiveSource, options: Options) -> tuple[Plan, Live]:
    """Listings first; contents only of what the listings show to be missing. Raises ReadFailed."""
    from reconciler.core import images, planning
    from reconciler.core.scope import scope_of
    from reconciler.live.snapshot import live_digest

    desired = checked.loaded.desired
    live = source.listings(scope_of(desired, contents=options.deletes_repositories(desired)))
    drafted = planning.draft(desired, live, options)
    live = source.tasks(live, drafted.queries)
    if live.tasks:
        drafted = planning.draft(desired, live, options)
    if not has_errors(drafted.diagnostics):
        while True:
            live = source.contents(live, images.manifest_queries(drafted.transfers))
            if not (live.unreadable or images.signs_inside(live, drafted.transfers)):
                break
            # What cannot be read is set aside, and signatures of what is inside come along; those are to be read, too.
            before, drafted = drafted, planning.draft(desired, live, options)
            if drafted.transfers == before.transfers:
                break
        live = source.presence(live, images.presence_queries(drafted.transfers, live))
        plan = planning.finish(
            drafted,
            live,
            spec_digest=checked.loaded.digest,
            live_digest=live_digest(live),
            diagnostics=checked.diagnostics,
        )
    else:
        plan = planning.refused(
            drafted,
            spec_digest=checked.loaded.digest,
            live_digest=live_digest(live),
            diagnostics=checked.diagnostics,
        )
    return plan, live


def look_for_drift(
    checked: Checked, source: LiveSource, *, only: Sequence[str], ignore: Sequence[str]
) -> tuple[Drift, Live]:
    """Drift of images counts when a second look at their repositories still finds it. Raises ReadFailed."""
    from reconciler.commands.saved import now_milliseconds
    from reconciler.core.drift import doubtful, find_drift, questions
    from reconciler.core.scope import scope_of
    from reconciler.live.snapshot import live_digest

    desired = checked.loaded.desired

    def compared(live: Live) -> tuple[Drift, Live]:
        live = source.tasks(live, questions(desired, live))
        found = find_drift(
            desired,
            live,
            only=only,
            ignore=ignore,
            spec_digest=checked.loaded.digest,
            live_digest=live_digest(live),
            now=now_milliseconds(),
            diagnostics=checked.diagnostics,
        )
        return found, live

    found, live = compared(source.listings(scope_of(desired)))
    again = doubtful(desired, live, found)
    return compared(source.tags(live, again)) if again else (found, live)


def selection(
    only: Sequence[str] | None, exclude: Sequence[str] | None, prune: bool, allow_delete: list[str] | None
) -> Options:
    """The command line's part of a plan. Raises typer.BadParameter."""
    from reconciler.commands.options import allowed_deletions
    from reconciler.core.ownership import Options

    return Options(prune, allowed_deletions(allow_delete), tuple(only or ()), tuple(exclude or ()))


@contextmanager
def open_source(
    recorded: Path | None,
    endpoint_url: str | None,
    parallelism: int,
    console: Console,
    *,
    network: Network = Network.PUBLIC,
    log_file: Path | None = None,
    desired: Desired | None = None,
) -> Iterator[LiveSource]:
    """Where the live state comes from: a recording, or the cloud through a transport that cannot write."""
    if recorded is not None:
        from reconciler.commands.saved import read_json
        from reconciler.live import snapshot
        from reconciler.live.recorded import RecordedSource

        yield RecordedSource(snapshot.parse(read_json(recorded)))
        return
    with open_to_read(endpoint_url, parallelism, console, network=network, log_file=log_file, desired=desired) as cloud:
        yield cloud.source


@contextmanager
def open_to_read(
    endpoint_url: str | None,
    parallelism: int,
    console: Console,
    *,
    network: Network = Network.PUBLIC,
    log_file: Path | None = None,
    desired: Desired | None = None,
) -> Iterator[Cloud]:
    """The cloud through a transport that cannot write."""
    from reconciler.commands.progress import told_waiting

    with (
        told_waiting(console),
        open_told(
            endpoint_url,
            console,
            writes=False,
            parallelism=parallelism,
            network=network,
            log_file=log_file,
            desired=desired,
        ) as cloud,
    ):
        yield cloud


@contextmanager
def open_told(
    endpoint_url: str | None,
    console: Console,
    *,
    writes: bool,
    network: Network,
    log_file: Path | None,
    desired: Desired | None,
    parallelism: int = 8,
    stop: threading.Event | None = None,
) -> Iterator[Cloud]:
    """The cloud, whose calls are told on `console` where they are slow and noted in `log_file`. Raises Refused."""
    from reconciler.commands.cloud import open_cloud
    from reconciler.commands.progress import told_calls
    from reconciler.commands.request_log import request_log

    with (
        request_log(log_file, console.note) as recorder,
        open_cloud(
            endpoint_url,
            writes=writes,
            parallelism=parallelism,
            stop=stop,
            listener=told_calls(console),
            recorder=recorder,
            network=network,
            desired=desired,
        ) as cloud,
    ):
        yield cloud
