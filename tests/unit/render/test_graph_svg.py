"""Pictures that a person can read: nothing lies on anything else, and everything is on the sheet."""

from __future__ import annotations

from itertools import combinations
from xml.etree import ElementTree

from hypothesis import given
from hypothesis import strategies as st

from reconciler.model import address
from reconciler.model.graph import Edge, Graph, Topology, TopologyLink, TopologyNode
from reconciler.render import graph_svg
from reconciler.render.graph_groups import Arrow, Box
from reconciler.render.graph_layout import Layout, Rectangle, lay_out

NAMES = [f"i{number}" for number in range(12)]


@st.composite
def topologies(draw: st.DrawFn) -> Topology:
    names = draw(st.lists(st.sampled_from(NAMES), unique=True))
    nodes = tuple(TopologyNode(name, draw(st.sampled_from(("cn-a", "eu-b", "us-c"))), "basic") for name in names)
    ends = st.tuples(st.sampled_from(NAMES), st.sampled_from(NAMES))
    pairs = draw(st.lists(ends, max_size=12))
    return Topology(nodes, tuple(TopologyLink(*pair, f"r{n}", "apps:v.*") for n, pair in enumerate(pairs)))


def overlap(one: Rectangle, other: Rectangle) -> bool:
    beside = one.x + one.width <= other.x + 0.01 or other.x + other.width <= one.x + 0.01
    below = one.y + one.height <= other.y + 0.01 or other.y + other.height <= one.y + 0.01
    return not (beside or below)


def clean(layout: Layout) -> bool:
    boxes, nodes = [place for _, place in layout.boxes], [place for _, place in layout.nodes]
    apart = not any(overlap(*pair) for group in (boxes, nodes) for pair in combinations(group, 2))
    inside = all(p.x >= 0 and p.y >= 0 and p.x + p.width <= layout.width for p in (*boxes, *nodes))
    return apart and inside and all(p.y + p.height <= layout.height for p in boxes)


columns = st.lists(st.lists(st.integers(1, 4), max_size=4), min_size=1, max_size=4)


@given(columns, st.data())
def test_nothing_lies_on_anything_else_whatever_the_arrows(shape: list[list[int]], data: st.DataObject) -> None:
    keys = iter(range(1000))
    drawn = [[Box("box", tuple((str(next(keys)), "node") for _ in range(n))) for n in column] for column in shape]
    known = [key for column in drawn for box in column for key, _ in box.nodes]
    ends = st.sampled_from(known) if known else st.nothing()
    arrows = data.draw(st.lists(st.builds(Arrow, ends, ends, st.just("why")), max_size=10 if known else 0))
    for labels in (0.0, 60.0):
        assert clean(lay_out(drawn, arrows, 90.0, labels=labels))


@given(topologies())
def test_every_rule_is_an_arrow_and_every_instance_a_node(topology: Topology) -> None:
    picture = ElementTree.fromstring(graph_svg.topology(topology))
    kinds = [element.get("class", "") for element in picture.iter()]
    assert sum(kind.startswith("arrow") for kind in kinds) == len(topology.links)
    named = {node.key for node in topology.nodes} | {
        end for link in topology.links for end in (link.source, link.target)
    }
    assert kinds.count("node") == len(named)
    sources = {link.source for link in topology.links}
    assert kinds.count("arrow turns") == sum(link.target in sources for link in topology.links)


def test_an_arrow_that_others_imply_is_grey() -> None:
    hub, apps, web = address.instance("hub"), address.namespace("hub", "apps"), address.repository("hub", "apps/web")
    edges = (Edge(apps, hub, "in instance"), Edge(web, hub, "in instance"), Edge(web, apps, "in namespace"))
    picture = ElementTree.fromstring(graph_svg.graph(Graph((hub, apps, web), edges)))
    kinds = [element.get("class", "") for element in picture.iter()]
    assert (kinds.count("arrow"), kinds.count("arrow implied")) == (2, 1)


def test_a_circle_of_dependencies_is_drawn_all_the_same() -> None:
    one, other = address.import_rule("a"), address.import_rule("b")
    text = graph_svg.graph(Graph((one, other), (Edge(one, other, "needs"), Edge(other, one, "needs"))))
    assert text.count('class="arrow') == 2


def test_long_labels_are_cut_and_told_in_full() -> None:
    label = "apps:" + "x" * 200
    text = graph_svg.topology(Topology((), (TopologyLink("a", "b", "r", label),)))
    assert f"<title>{label}</title>" in text
    assert "…</text>" in text
