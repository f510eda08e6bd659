"""Graphs as JSON; schemas/graph.v1.json is the contract of both views."""

from __future__ import annotations

from reconciler.model.graph import Graph, Topology
from reconciler.model.json_value import Json
from reconciler.render.diagnostics_json import place
from reconciler.render.graph_groups import edges_in_order, instances_in_order, links_in_order, nodes_in_order

FORMAT_VERSION = "1.0"


def graph(value: Graph) -> Json:
    return {
        "format_version": FORMAT_VERSION,
        "view": "dependencies",
        "nodes": [{"address": str(node), "kind": node.kind.value} for node in nodes_in_order(value)],
        "edges": [
            {"dependent": str(e.dependent), "dependency": str(e.dependency), "reason": e.reason, **place(e.span)}
            for e in edges_in_order(value)
        ],
    }


def topology(value: Topology) -> Json:
    return {
        "format_version": FORMAT_VERSION,
        "view": "topology",
        "nodes": [{"key": n.key, "region": n.region, "edition": n.edition} for n in instances_in_order(value)],
        "links": [
            {
                "source": link.source,
                "target": link.target,
                "rule": link.rule,
                "label": link.label,
                **place(link.span),
            }
            for link in links_in_order(value)
        ],
    }
