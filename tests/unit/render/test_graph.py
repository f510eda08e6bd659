from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from xml.etree import ElementTree

from syrupy.assertion import SnapshotAssertion

from reconciler.model import address
from reconciler.model.graph import Edge, Graph, Topology, TopologyLink, TopologyNode
from reconciler.model.json_value import pretty
from reconciler.render import graph_dot, graph_json, graph_mermaid, graph_svg

HOSTILE = 'say "hi"\n]; click <b>#x `y` \\" | --> {z}'


def test_mermaid(graph: Graph, topology: Topology, snapshot: SnapshotAssertion) -> None:
    assert graph_mermaid.graph(graph) == snapshot(name="graph")
    assert graph_mermaid.topology(topology) == snapshot(name="topology")


def test_dot(graph: Graph, topology: Topology, snapshot: SnapshotAssertion) -> None:
    assert graph_dot.graph(graph) == snapshot(name="graph")
    assert graph_dot.topology(topology) == snapshot(name="topology")


def test_svg(graph: Graph, topology: Topology, snapshot: SnapshotAssertion) -> None:
    assert graph_svg.graph(graph) == snapshot(name="graph")
    assert graph_svg.topology(topology) == snapshot(name="topology")


def test_json(
    graph: Graph, topology: Topology, snapshot: SnapshotAssertion, follows: Callable[[str, str], None]
) -> None:
    for name, text in (("graph", pretty(graph_json.graph(graph))), ("topology", pretty(graph_json.topology(topology)))):
        follows("graph.v1", text)
        assert text == snapshot(name=name)


def test_order_of_input_does_not_matter(graph: Graph, topology: Topology) -> None:
    turned = Graph(graph.nodes[::-1], graph.edges[::-1])
    around = Topology(topology.nodes[::-1], topology.links[::-1])
    assert graph_mermaid.graph(turned) == graph_mermaid.graph(graph)
    assert graph_dot.graph(turned) == graph_dot.graph(graph)
    assert graph_json.graph(turned) == graph_json.graph(graph)
    assert graph_mermaid.topology(around) == graph_mermaid.topology(topology)
    assert graph_dot.topology(around) == graph_dot.topology(topology)
    assert graph_json.topology(around) == graph_json.topology(topology)
    assert graph_svg.graph(turned) == graph_svg.graph(graph)
    assert graph_svg.topology(around) == graph_svg.topology(topology)


def test_what_only_an_edge_or_a_link_names_is_drawn(graph: Graph, topology: Topology) -> None:
    assert graph_mermaid.graph(replace(graph, nodes=())) == graph_mermaid.graph(graph)
    assert 'subgraph g2["unknown region"]\n    n3["partner"]' in graph_mermaid.topology(topology)


def test_labels_cannot_leave_their_quotes() -> None:
    hub = address.instance("hub")
    graph = Graph((), (Edge(address.namespace("hub", HOSTILE), hub, HOSTILE),))
    topology = Topology((TopologyNode(HOSTILE, HOSTILE, HOSTILE),), (TopologyLink(HOSTILE, "eu", "r", HOSTILE),))
    for text in (graph_mermaid.graph(graph), graph_mermaid.topology(topology)):
        assert all(line.count('"') % 2 == 0 for line in text.splitlines())
        quoted = "".join(text.split('"')[1::2])
        assert not set("<>`\\") & set(quoted)
        assert not set("<>`\\{}") & set("".join(text.replace("-->", "").split('"')[0::2]))
    for text in (graph_dot.graph(graph), graph_dot.topology(topology)):
        bare = text.replace("\\\\", "").replace('\\"', "")
        assert all(line.count('"') % 2 == 0 for line in bare.splitlines())
        assert not set("<>`#") & set("".join(bare.replace("->", "").split('"')[0::2]))
    for text in (graph_svg.graph(graph), graph_svg.topology(topology)):
        words = {element.text for element in ElementTree.fromstring(text).iter() if element.text}
        assert any("click <b>#x" in word for word in words)


def test_an_empty_graph_is_drawn_empty(follows: Callable[[str, str], None]) -> None:
    assert graph_mermaid.graph(Graph((), ())) == "flowchart LR\n"
    assert ElementTree.fromstring(graph_svg.graph(Graph((), ()))).get("width") == "40"
    follows("graph.v1", pretty(graph_json.topology(Topology((), ()))))
