"""`reconciler graph`: the dependency graph, or the replication topology."""

from __future__ import annotations

from collections.abc import Callable
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, assert_never

import typer

from reconciler.commands.console import open_console
from reconciler.commands.exits import Exit
from reconciler.commands.options import NoColor, Paths

if TYPE_CHECKING:
    from reconciler.model.graph import Graph, Topology


class GraphFormat(StrEnum):
    MERMAID = "mermaid"
    DOT = "dot"
    JSON = "json"
    SVG = "svg"


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
      reconciler graph --format svg > graph.svg
      reconciler graph --view topology
    """
    from reconciler.commands.pipeline import check
    from reconciler.core.topology import topology
    from reconciler.render import diagnostics_human

    console = open_console(no_color=no_color)
    checked = check(paths)
    if checked.errored:
        console.note(diagnostics_human.render(checked.diagnostics, console.note_style, checked.source_line))
    draw_graph, draw_topology = _renderer(output)
    if view is View.DEPENDENCIES:
        console.out(draw_graph(checked.graph))
    else:
        console.out(draw_topology(topology(checked.loaded.desired)))
    return Exit.ERROR if checked.errored else Exit.OK


def _renderer(output: GraphFormat) -> tuple[Callable[[Graph], str], Callable[[Topology], str]]:
    """How each view is drawn."""
    match output:
        case GraphFormat.MERMAID:
            from reconciler.render import graph_mermaid

            return graph_mermaid.graph, graph_mermaid.topology
        case GraphFormat.DOT:
            from reconciler.render import graph_dot

            return graph_dot.graph, graph_dot.topology
        case GraphFormat.SVG:
            from reconciler.render import graph_svg

            return graph_svg.graph, graph_svg.topology
        case GraphFormat.JSON:
            from reconciler.model.json_value import pretty
            from reconciler.render import graph_json

            return (lambda value: pretty(graph_json.graph(value))), (lambda value: pretty(graph_json.topology(value)))
        case _:
            assert_never(output)
