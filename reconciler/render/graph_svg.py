"""Graphs as pictures (SVG 1.1): every browser shows them, and nothing has to be installed to make them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from xml.sax.saxutils import escape

from reconciler.model.graph import Graph, Topology
from reconciler.render.graph_groups import Arrow, Box, draw_graph, draw_topology
from reconciler.render.graph_layout import Layout, Rectangle, Route, lay_out, text_width
from reconciler.render.style import visible

_LONGEST = 56
"""Letters of a label; the whole text is in the tooltip."""
_STYLE = """\
text { font: 12px system-ui, "Segoe UI", Helvetica, Arial, sans-serif; fill: #1f2328; }
.sheet { fill: #ffffff; } .box { fill: #f6f8fa; stroke: #d0d7de; } .title { fill: #57606a; font-weight: 600; }
.node { fill: #ffffff; stroke: #57606a; } .arrow { fill: none; stroke: #0969da; stroke-width: 1.3; }
.implied { stroke: #d0d7de; } .turns { stroke: #cf222e; } .tip { fill: #0969da; } .turning { fill: #cf222e; }
.label { font-size: 11px; fill: #57606a; paint-order: stroke; stroke: #ffffff; stroke-width: 4px; }"""


def graph(value: Graph) -> str:
    """What depends stands left of what it needs. Arrows that others imply are grey; reasons are in the tooltips."""
    drawing = draw_graph(value)
    needs = _joined(drawing.arrows)
    depth = _depths([key for box in drawing.boxes for key, _ in box.nodes], needs)
    deepest = max(depth.values(), default=-1)
    columns = [
        _kept(drawing.boxes, {key for key, found in depth.items() if found == wanted})
        for wanted in range(deepest, -1, -1)
    ]
    implied = _implied(needs, depth)
    return _picture("dependencies", lay_out(columns, drawing.arrows, 90.0), implied)


def topology(value: Topology) -> str:
    """Sources at the left, targets at the right, each in the box of its region. Red arrows lead to a source."""
    drawing = draw_topology(value)
    sources = {arrow.tail for arrow in drawing.arrows}
    targets = {arrow.head for arrow in drawing.arrows} - sources
    left = [_kept(drawing.boxes, sources), _kept(drawing.boxes, _idle(drawing.boxes, sources | targets))]
    columns = [[*left[0], *left[1]], _by_source(_kept(drawing.boxes, targets), left[0], drawing.arrows)]
    room = max((text_width(_short(arrow.label)) for arrow in drawing.arrows), default=0.0) + 20.0
    layout = lay_out([column for column in columns if column], drawing.arrows, 130.0 + room, labels=room)
    return _picture("topology", layout, frozenset(), room)


def _idle(boxes: Iterable[Box], busy: set[str]) -> set[str]:
    return {key for box in boxes for key, _ in box.nodes} - busy


def _kept(boxes: Iterable[Box], keys: set[str]) -> list[Box]:
    """The boxes with some of their nodes, without those that are left empty."""
    kept = (Box(box.title, tuple((key, label) for key, label in box.nodes if key in keys)) for box in boxes)
    return [box for box in kept if box.nodes]


def _by_source(boxes: Iterable[Box], sources: Iterable[Box], arrows: Iterable[Arrow]) -> list[Box]:
    """Targets of one source beside each other, so that few arrows cross."""
    order = {key: place for place, key in enumerate(key for box in sources for key, _ in box.nodes)}
    first: dict[str, int] = {}
    for arrow in arrows:
        first[arrow.head] = min(first.get(arrow.head, len(order)), order.get(arrow.tail, len(order)))

    def mean(box: Box) -> float:
        return sum(first[key] for key, _ in box.nodes) / len(box.nodes)

    sorted_inside = [Box(b.title, tuple(sorted(b.nodes, key=lambda node: (first[node[0]], node)))) for b in boxes]
    return sorted(sorted_inside, key=lambda box: (mean(box), box.title))


def _joined(arrows: Iterable[Arrow]) -> dict[str, set[str]]:
    found: dict[str, set[str]] = {}
    for arrow in arrows:
        found.setdefault(arrow.tail, set()).add(arrow.head)
    return found


def _depths(keys: Sequence[str], needs: dict[str, set[str]]) -> dict[str, int]:
    """How many steps it is at most from a node to one that needs nothing; in a circle the way back does not count."""
    depth: dict[str, int] = {}
    for start in keys:
        pending, path = [start], set[str]()
        while pending:
            key = pending[-1]
            ahead = [need for need in sorted(needs.get(key, ())) if need not in depth and need not in path]
            path.add(key)
            if ahead:
                pending.append(ahead[0])
                continue
            pending.pop()
            path.discard(key)
            if key not in depth:
                known = (depth[need] for need in needs.get(key, ()) if need in depth)
                depth[key] = max((steps + 1 for steps in known), default=0)
    return depth


def _implied(needs: dict[str, set[str]], depth: dict[str, int]) -> frozenset[tuple[str, str]]:
    """Arrows to what another need needs already. Without circles a need is less deep than what needs it."""
    reach: dict[str, set[str]] = {}
    found = set()
    for key in sorted(depth, key=lambda k: (depth[k], k)):
        ahead = needs.get(key, set())
        further = set[str]().union(*(reach.get(need, set()) for need in ahead))
        found |= {(key, need) for need in ahead & further}
        reach[key] = ahead | further
    return frozenset(found)


def _picture(name: str, layout: Layout, implied: frozenset[tuple[str, str]], room: float = 0.0) -> str:
    """With `room` for them, labels stand on the arrows: those run straight for as long as it is, before their tips."""
    size = f'width="{layout.width:.0f}" height="{layout.height:.0f}"'
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" {size} viewBox="0 0 {layout.width:.0f} {layout.height:.0f}">',
        f"<title>{name}</title>",
        f"<style>{_STYLE}</style>",
        _marker("tip", "tip"),
        _marker("turning", "turning"),
        f'<rect class="sheet" {size}/>',
    ]
    for title, place in layout.boxes:
        lines += [_rectangle("box", place, 6), _text("title", place.x + 10, place.y + 16, title)]
    faint = [route for route in layout.routes if (route.arrow.tail, route.arrow.head) in implied]
    lines += [_arrow(route, " implied", room) for route in faint]
    lines += [_arrow(route, " turns" if route.turn else "", room) for route in layout.routes if route not in faint]
    for label, place in layout.nodes:
        lines += [_rectangle("node", place, 4), _text("", place.x + 10, place.middle + 4, label)]
    if room:
        lines += [_text("label", *_beside(route), route.arrow.label, end=True) for route in layout.routes]
    return "\n".join([*lines, "</svg>"]) + "\n"


def _beside(route: Route) -> tuple[float, float]:
    """Where an arrow's label ends: above its tip, clear of the arrowhead; of one that turns, left of where it does."""
    (_, y1), (x2, y2) = route.start, route.end
    return (x2 - route.turn, (y1 + y2) / 2 + 4) if route.turn else (x2 - 14, y2 - 5)


def _marker(name: str, style: str) -> str:
    shape = f'<path class="{style}" d="M0 0L8 4L0 8z"/>'
    attributes = 'viewBox="0 0 8 8" refX="8" refY="4" markerWidth="7" markerHeight="7" orient="auto"'
    return f'<defs><marker id="{name}" {attributes}>{shape}</marker></defs>'


def _arrow(route: Route, style: str, straight: float) -> str:
    (x1, y1), (x2, y2) = route.start, route.end
    if route.turn:
        bend = route.turn * 4 / 3  # a curve reaches three quarters of the way to its control points
        path = f"M{x1:.1f} {y1:.1f}C{x1 - bend:.1f} {y1 - 10:.1f} {x2 - bend:.1f} {y2 + 10:.1f} {x2:.1f} {y2:.1f}"
    else:
        bent = x2 - straight
        half = (bent - x1) / 2
        path = f"M{x1:.1f} {y1:.1f}C{x1 + half:.1f} {y1:.1f} {bent - half:.1f} {y2:.1f} {bent:.1f} {y2:.1f}H{x2:.1f}"
    arrow = route.arrow
    told = _safe(f"{arrow.tail} -> {arrow.head}: {arrow.label}")
    marker = "" if style == " implied" else f' marker-end="url(#{"turning" if route.turn else "tip"})"'
    return f'<path class="arrow{style}" d="{path}"{marker}><title>{told}</title></path>'


def _rectangle(style: str, place: Rectangle, corner: int) -> str:
    where = f'x="{place.x:.1f}" y="{place.y:.1f}" width="{place.width:.1f}" height="{place.height:.1f}"'
    return f'<rect class="{style}" {where} rx="{corner}"/>'


def _text(style: str, x: float, y: float, text: str, *, end: bool = False) -> str:
    kind = f' class="{style}"' if style else ""
    anchor = ' text-anchor="end"' if end else ""
    shown, whole = _safe(_short(text)), _safe(text)
    tooltip = "" if shown == whole else f"<title>{whole}</title>"
    return f'<text{kind} x="{x:.1f}" y="{y:.1f}"{anchor}>{tooltip}{shown}</text>'


def _short(text: str) -> str:
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1]}…"


def _safe(text: str) -> str:
    return escape(visible(" ".join(text.split())))
