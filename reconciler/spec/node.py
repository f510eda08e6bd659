"""What a YAML document holds: values with the places where they were written."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeAlias

from reconciler.model.json_value import Json
from reconciler.model.place import Span


@dataclass(frozen=True, slots=True)
class Scalar:
    """`text` is what was written. A broken scalar was reported already; nothing more is said about it."""

    value: bool | int | float | str | None
    span: Span
    text: str = ""
    broken: bool = False


@dataclass(frozen=True, slots=True)
class ListNode:
    """`size` counts every node inside, itself included, with aliases written out."""

    items: tuple[Node, ...]
    span: Span
    size: int = 1


@dataclass(frozen=True, slots=True)
class Entry:
    """A key's place and its value."""

    key: Span
    node: Node


@dataclass(frozen=True, slots=True)
class MapNode:
    """`size` counts every node inside, itself included, with aliases written out."""

    entries: Mapping[str, Entry]
    span: Span
    size: int = 1


Node: TypeAlias = Scalar | ListNode | MapNode


def size_of(node: Node) -> int:
    return 1 if isinstance(node, Scalar) else node.size


def plain(node: Node) -> Json:
    """The data alone; a broken scalar becomes null."""
    if isinstance(node, Scalar):
        return node.value
    if isinstance(node, ListNode):
        return [plain(item) for item in node.items]
    return {key: plain(entry.node) for key, entry in node.entries.items()}


@dataclass(frozen=True, slots=True)
class Found:
    """A node by path: `key` is where its key (or list item) starts; `broken` when it or a node above it is."""

    node: Node
    key: Span
    broken: bool


def find(root: Node, path: tuple[str | int, ...]) -> Found:
    """The node at `path`, or the deepest one above it that exists."""
    node, key = root, root.span
    for step in path:
        if isinstance(node, MapNode) and isinstance(step, str) and step in node.entries:
            entry = node.entries[step]
            node, key = entry.node, entry.key
        elif isinstance(node, ListNode) and isinstance(step, int) and step < len(node.items):
            node = node.items[step]
            key = node.span
        else:
            break
    return Found(node, key, isinstance(node, Scalar) and node.broken)
