"""Where boxes, nodes and arrows of a drawing go: columns of boxes, each box as near as can be to what it is joined to.

Units are those of SVG: pixels at a zoom of one, y grows downwards.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from unicodedata import east_asian_width

from reconciler.render.graph_groups import Arrow, Box

LETTER = 6.8
"""The mean width of a letter of the sans-serif fonts of browsers at 12 pixels, on the safe side."""
HEADER = 24.0
PADDING = 10.0
NODE_GAP = 8.0
BOX_GAP = 18.0
NODE_HEIGHT = 28.0
PORT = 15.0
"""Arrows that come in at one node are so far apart that each can have its label."""
_SWEEPS = 3


@dataclass(frozen=True, slots=True)
class Rectangle:
    x: float
    y: float
    width: float
    height: float

    @property
    def middle(self) -> float:
        return self.y + self.height / 2


@dataclass(frozen=True, slots=True)
class Route:
    """`turn` is how far left an arrow goes that has to turn around, because both of its ends are in one column."""

    arrow: Arrow
    start: tuple[float, float]
    end: tuple[float, float]
    turn: float = 0.0


@dataclass(frozen=True, slots=True)
class Layout:
    """`boxes` and `nodes` come with their title or label."""

    width: float
    height: float
    boxes: tuple[tuple[str, Rectangle], ...]
    nodes: tuple[tuple[str, Rectangle], ...]
    routes: tuple[Route, ...]


def text_width(text: str) -> float:
    return sum(LETTER * (1.8 if east_asian_width(letter) in "WF" else 1.0) for letter in text)


def lay_out(columns: Sequence[Sequence[Box]], arrows: Sequence[Arrow], gap: float, *, labels: float = 0.0) -> Layout:
    """`columns` from left to right, with `gap` between them. Every arrow's ends are keys of nodes in them.

    With `labels`, the width of the widest, there is room for one at each arrow's tip.
    """
    incoming = Counter(arrow.head for arrow in arrows)
    heights = {
        key: max(NODE_HEIGHT, PORT * incoming[key] + PADDING) if labels else NODE_HEIGHT
        for column in columns
        for box in column
        for key, _ in box.nodes
    }
    tops = _tops(columns, arrows, heights)
    top = min(tops.values(), default=0.0) - HEADER - 2 * PADDING
    texts, boxes, nodes = [], [], {}
    where = {key: number for number, column in enumerate(columns) for box in column for key, _ in box.nodes}
    turns = [abs(tops[a.head] - tops[a.tail]) for a in arrows if where[a.head] == where[a.tail]]
    left = 2 * PADDING + (_reach(max(turns)) + labels if turns else 0.0)
    for column in columns:
        shown = [text for box in column for text in (box.title, *(label for _, label in box.nodes))]
        inner = max((text_width(text) for text in shown), default=0.0) + 2 * PADDING
        for box in column:
            for key, label in box.nodes:
                nodes[key] = Rectangle(left + PADDING, tops[key] - top, inner, heights[key])
                texts.append((label, nodes[key]))
            first, last = nodes[box.nodes[0][0]], nodes[box.nodes[-1][0]]
            bottom = last.y + last.height + PADDING
            place = Rectangle(left, first.y - HEADER, inner + 2 * PADDING, bottom - first.y + HEADER)
            boxes.append((box.title, place))
        left += inner + 2 * PADDING + gap
    height = max((place.y + place.height for _, place in boxes), default=0.0) + 2 * PADDING
    width = left - gap + 2 * PADDING if columns else 4 * PADDING
    return Layout(width, height, tuple(boxes), tuple(texts), _routes(arrows, nodes, spread=bool(labels)))


def _tops(columns: Sequence[Sequence[Box]], arrows: Sequence[Arrow], heights: Mapping[str, float]) -> dict[str, float]:
    """The upper edge of every node."""
    joined: dict[str, list[str]] = {key: [] for key in heights}
    for arrow in arrows:
        joined[arrow.tail].append(arrow.head)
        joined[arrow.head].append(arrow.tail)
    where = {key: number for number, column in enumerate(columns) for box in column for key, _ in box.nodes}
    tops: dict[str, float] = {}
    for column in columns:
        tops |= _stacked(column, heights, [0.0] * len(column))
    for sweep in range(_SWEEPS):
        for number in reversed(range(len(columns))) if sweep % 2 == 0 else range(len(columns)):
            column = columns[number]
            wished = [_wished(box, number, joined, where, tops, heights) for box in column]
            tops |= _stacked(column, heights, wished)
    return tops


def _wished(
    box: Box,
    column: int,
    joined: Mapping[str, Sequence[str]],
    where: Mapping[str, int],
    tops: Mapping[str, float],
    heights: Mapping[str, float],
) -> float:
    """The middle of what a box is joined to in other columns; where it is, when it is joined to nothing."""
    ends = [end for key, _ in box.nodes for end in joined[key] if where[end] != column] or [k for k, _ in box.nodes]
    return sum(tops[end] + heights[end] / 2 for end in ends) / len(ends)


def _stacked(column: Sequence[Box], heights: Mapping[str, float], wished: Sequence[float]) -> dict[str, float]:
    """Boxes in their order, none over another, with the least squares of distance to where they wish to be.

    Boxes that push each other move as one block, at the mean of what its members wish.
    """
    blocks: list[tuple[float, float, list[Box]]] = []  # the wished top edge, the height, and who is in it
    for box, middle in zip(column, wished, strict=True):
        height = _height(box, heights) + BOX_GAP
        block = (middle - height / 2, height, [box])
        while blocks and blocks[-1][0] + blocks[-1][1] > block[0]:
            top, taken, members = blocks.pop()
            count, more = len(members), len(block[2])
            block = ((top * count + (block[0] - taken) * more) / (count + more), taken + block[1], members + block[2])
        blocks.append(block)
    tops: dict[str, float] = {}
    for top, _, members in blocks:
        y = top
        for box in members:
            inside = y + HEADER
            for key, _ in box.nodes:
                tops[key] = inside
                inside += heights[key] + NODE_GAP
            y += _height(box, heights) + BOX_GAP
    return tops


def _height(box: Box, heights: Mapping[str, float]) -> float:
    return HEADER + sum(heights[key] + NODE_GAP for key, _ in box.nodes) - NODE_GAP + PADDING


def _reach(height: float) -> float:
    """How far to the side an arrow goes that turns around over so much height."""
    return 30.0 + height / 8


def _routes(arrows: Sequence[Arrow], nodes: Mapping[str, Rectangle], *, spread: bool) -> tuple[Route, ...]:
    """Arrows that come in at one node come in one below the other with `spread`, in the order of their origins."""
    coming: dict[str, list[Arrow]] = {}
    for arrow in arrows:
        coming.setdefault(arrow.head, []).append(arrow)
    routes = []
    for head, group in coming.items():
        target = nodes[head]
        for place, arrow in enumerate(sorted(group, key=lambda a: (nodes[a.tail].x, nodes[a.tail].y, a.label))):
            source = nodes[arrow.tail]
            y = target.y + target.height * (place + 1) / (len(group) + 1) if spread else target.middle
            if source.x == target.x:
                turn = _reach(abs(source.middle - y))
                routes.append(Route(arrow, (source.x, source.middle), (target.x, y), turn))
            else:
                routes.append(Route(arrow, (source.x + source.width, source.middle), (target.x, y)))
    return tuple(routes)
