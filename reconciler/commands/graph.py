"""`reconciler graph`: the dependency graph, or the replication topology."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

import typer

from reconciler.commands.console import open_console
from reconciler.commands.exits import Exit
from reconciler.commands.options import NoColor, Paths


class GraphFormat(StrEnum):
    MERMAID = "mermaid"
    DOT = "dot"
    JSON = "json"


class View(StrEnum):
    DEPENDENCIES = "dependencies"
    TOPOLOGY = "topology"


def graph(
    paths: Paths = None,
    view: Annotated[View, typer.Option(help="What to draw.")] = View.DEPENDENCIES,
    output: Annotated[GraphFormat, typer.Option("--format", help="How to draw it.")] = GraphFormat.MERMAID,
    no_color: NoColor = False,
) -> int:
    """Draw what depends on what and why, or which instance replicates to which; offline.

    A graph with errors in it is drawn too, so that they can be seen; the exit code is 1 then.

    \b
    Examples:
      reconciler graph --format dot | dot -Tsvg > graph.svg
      reconciler graph --view topology
    """
    from reconciler.commands.pipeline import check
    from reconciler.core.topology import topology
    from reconciler.model.json_value import pretty
    from reconciler.render import diagnostics_human, graph_dot, graph_json, graph_mermaid

    console = open_console(no_color=no_color)
    checked = check(paths)
    if checked.errored:
        console.note(diagnostics_human.render(checked.diagnostics, console.note_style, checked.source_line))
    dependencies, instances = checked.graph, topology(checked.loaded.desired)
    match output, view:
        case GraphFormat.MERMAID, View.DEPENDENCIES:
            text = graph_mermaid.graph(dependencies)
        case GraphFormat.MERMAID, View.TOPOLOGY:
            text = graph_mermaid.topology(instances)
        case GraphFormat.DOT, View.DEPENDENCIES:
            text = graph_dot.graph(dependencies)
        case GraphFormat.DOT, View.TOPOLOGY:
            text = graph_dot.topology(instances)
        case _, View.DEPENDENCIES:
            text = pretty(graph_json.graph(dependencies))
        case _:
            text = pretty(graph_json.topology(instances))
    console.out(text)
    return Exit.ERROR if checked.errored else Exit.OK
