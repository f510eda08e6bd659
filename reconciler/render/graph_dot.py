"""Graphs in the DOT language (https://graphviz.org/doc/info/lang.html)."""

from __future__ import annotations

from reconciler.model.graph import Graph, Topology
from reconciler.render.graph_groups import Drawing, draw_graph, draw_topology
from reconciler.render.style import visible


def graph(value: Graph) -> str:
    return _digraph("dependencies", draw_graph(value))


def topology(value: Topology) -> str:
    return _digraph("topology", draw_topology(value))


def _digraph(name: str, drawing: Drawing) -> str:
    lines = [f"digraph {name} {{", "  rankdir=LR;", "  node [shape=box];"]
    for number, box in enumerate(drawing.boxes):
        lines += [f"  subgraph cluster_{number} {{", f"    label={_quoted(box.title)};"]
        lines += [f"    {_quoted(key)} [label={_quoted(label)}];" for key, label in box.nodes]
        lines.append("  }")
    for arrow in drawing.arrows:
        label = f" [label={_quoted(arrow.label)}]" if arrow.label else ""
        lines.append(f"  {_quoted(arrow.tail)} -> {_quoted(arrow.head)}{label};")
    return "\n".join([*lines, "}"]) + "\n"


def _quoted(text: str) -> str:
    flat = visible(" ".join(text.split()))
    return '"' + flat.replace("\\", "\\\\").replace('"', '\\"') + '"'
