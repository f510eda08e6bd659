"""How graphs are laid out for people: nodes in boxes, links between them, everything in a fixed order."""

from __future__ import annotations

from dataclasses import dataclass

from reconciler.model.address import Address
from reconciler.model.graph import Edge, Graph, Topology, TopologyLink, TopologyNode
from reconciler.render.plan_groups import home


@dataclass(frozen=True, slots=True)
class Box:
    """`nodes` are (key, label); keys are unique in the drawing."""

    title: str
    nodes: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Arrow:
    tail: str
    head: str
    label: str


@dataclass(frozen=True, slots=True)
class Drawing:
    """What both drawing formats draw. Every arrow's ends are keys of nodes."""

    boxes: tuple[Box, ...]
    arrows: tuple[Arrow, ...]


def nodes_in_order(graph: Graph) -> list[Address]:
    """Also those that only an edge names."""
    named = {end for edge in graph.edges for end in (edge.dependent, edge.dependency)}
    return sorted({*graph.nodes, *named}, key=str)


def edges_in_order(graph: Graph) -> list[Edge]:
    return sorted(graph.edges, key=lambda e: (str(e.dependent), str(e.dependency), e.reason))


def instances_in_order(topology: Topology) -> list[TopologyNode]:
    """By region, then by key; also those that only a link names."""
    known = {node.key for node in topology.nodes}
    named = {end for link in topology.links for end in (link.source, link.target)} - known
    return sorted([*topology.nodes, *(TopologyNode(key, "") for key in named)], key=lambda n: (n.region, n.key))


def links_in_order(topology: Topology) -> list[TopologyLink]:
    return sorted(topology.links, key=lambda link: (link.source, link.target, link.rule, link.label))


def draw_graph(graph: Graph) -> Drawing:
    """A box for each instance; arrows go from what depends to what it needs."""
    return Drawing(
        _boxed([(home(node), str(node), str(node)) for node in nodes_in_order(graph)]),
        tuple(Arrow(str(e.dependent), str(e.dependency), e.reason) for e in edges_in_order(graph)),
    )


def draw_topology(topology: Topology) -> Drawing:
    """A box for each region; arrows go the way that images go."""
    return Drawing(
        _boxed(
            [
                (n.region or "unknown region", n.key, f"{n.key} ({n.edition})" if n.edition else n.key)
                for n in instances_in_order(topology)
            ]
        ),
        tuple(Arrow(link.source, link.target, link.label or link.rule) for link in links_in_order(topology)),
    )


def _boxed(nodes: list[tuple[str, str, str]]) -> tuple[Box, ...]:
    members: dict[str, list[tuple[str, str]]] = {}
    for title, key, label in nodes:
        members.setdefault(title, []).append((key, label))
    return tuple(Box(title, tuple(members[title])) for title in sorted(members))
