"""Graphs as Mermaid flowcharts (https://mermaid.js.org/syntax/flowchart.html)."""

from __future__ import annotations

import re

from reconciler.model.graph import Graph, Topology
from reconciler.render.graph_groups import Drawing, draw_graph, draw_topology
from reconciler.render.style import visible

_ACTIVE = re.compile(r"[\"#<>&`\\;]")


def graph(value: Graph) -> str:
    return _flowchart(draw_graph(value))


def topology(value: Topology) -> str:
    return _flowchart(draw_topology(value))


def _flowchart(drawing: Drawing) -> str:
    lines = ["flowchart LR"]
    names: dict[str, str] = {}
    for number, box in enumerate(drawing.boxes):
        lines.append(f"  subgraph g{number}[{_quoted(box.title)}]")
        for key, label in box.nodes:
            names[key] = f"n{len(names)}"
            lines.append(f"    {names[key]}[{_quoted(label)}]")
        lines.append("  end")
    for arrow in drawing.arrows:
        label = f"|{_quoted(arrow.label)}|" if arrow.label else ""
        lines.append(f"  {names[arrow.tail]} -->{label} {names[arrow.head]}")
    return "\n".join(lines) + "\n"


def _quoted(text: str) -> str:
    """Mermaid's own entities, `#` and a code: a quote, HTML or Markdown in a label would otherwise be obeyed."""
    flat = visible(" ".join(text.split()))
    return '"' + _ACTIVE.sub(lambda match: f"#{ord(match.group())};", flat) + '"'
