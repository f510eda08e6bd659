"""The dependency graph and the replication topology as plain values, for rules, renderers and the schedule."""

from __future__ import annotations

from dataclasses import dataclass

from reconciler.model.address import Address
from reconciler.model.place import NOWHERE, Span


@dataclass(frozen=True, slots=True)
class Edge:
    """`dependent` can be worked on only after `dependency`, because of `reason`; `span` is where that was written."""

    dependent: Address
    dependency: Address
    reason: str
    span: Span = NOWHERE


@dataclass(frozen=True, slots=True)
class Graph:
    """Nodes and edges in address order. It may hold cycles until validation said otherwise."""

    nodes: tuple[Address, ...]
    edges: tuple[Edge, ...]


@dataclass(frozen=True, slots=True)
class TopologyNode:
    """`key` is an instance's key in the YAML, or what stands in for it when only the cloud knows it."""

    key: str
    region: str
    edition: str = ""


@dataclass(frozen=True, slots=True)
class TopologyLink:
    """One replication rule between two instances."""

    source: str
    target: str
    rule: str
    label: str
    span: Span = NOWHERE


@dataclass(frozen=True, slots=True)
class Topology:
    nodes: tuple[TopologyNode, ...]
    links: tuple[TopologyLink, ...]
