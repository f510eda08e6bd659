"""Typed access to a mapping's fields. What is absent or has another type reads as None: the schema said so already."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import TypeVar

from reconciler.model.place import Places, Span
from reconciler.spec.node import Entry, ListNode, MapNode, Node, Scalar

E = TypeVar("E", bound=StrEnum)


@dataclass(frozen=True, slots=True)
class Text:
    value: str
    span: Span


@dataclass(frozen=True, slots=True)
class Fields:
    """A mapping's fields; `key` is where the mapping's own key was written."""

    node: MapNode
    key: Span

    def __contains__(self, name: str) -> bool:
        return name in self.node.entries

    def text(self, name: str) -> str | None:
        value = self._value(name)
        return value if isinstance(value, str) else None

    def flag(self, name: str) -> bool | None:
        value = self._value(name)
        return value if isinstance(value, bool) else None

    def number(self, name: str) -> int | None:
        value = self._value(name)
        if isinstance(value, bool) or not isinstance(value, int | float) or value != int(value):
            return None
        return int(value)

    def choice(self, name: str, choices: type[E]) -> E | None:
        value = self._value(name)
        return next((choice for choice in choices if choice == value), None)

    def texts(self, name: str) -> tuple[Text, ...]:
        """The texts of a list, each with its place."""
        node = self._node(name)
        items = node.items if isinstance(node, ListNode) else ()
        return tuple(Text(i.value, i.span) for i in items if isinstance(i, Scalar) and isinstance(i.value, str))

    def inside(self, name: str) -> Fields:
        """The fields of a mapping; none when it is absent."""
        entry = self.node.entries.get(name)
        return of(entry) if entry else Fields(MapNode({}, self.key), self.key)

    def each(self, name: str) -> Iterator[Fields]:
        """The mappings of a list."""
        node = self._node(name)
        for item in node.items if isinstance(node, ListNode) else ():
            if isinstance(item, MapNode):
                yield Fields(item, item.span)

    def mapping(self, name: str) -> dict[str, str] | None:
        """A mapping of text to text."""
        node = self._node(name)
        if not isinstance(node, MapNode):
            return None
        values = ((key, entry.node) for key, entry in node.entries.items())
        return {k: v.value for k, v in values if isinstance(v, Scalar) and isinstance(v.value, str)}

    def entries(self, name: str) -> Iterator[tuple[str, Fields]]:
        """The mappings that a mapping holds, by key; an empty value is a mapping without fields."""
        yield from self.inside(name).mappings()

    def mappings(self) -> Iterator[tuple[str, Fields]]:
        """The fields that are mappings themselves, by key; an empty value is a mapping without fields."""
        for key, entry in self.node.entries.items():
            empty = isinstance(entry.node, Scalar) and entry.node.value is None and not entry.node.broken
            if isinstance(entry.node, MapNode) or empty:
                yield key, of(entry)

    def pairs(self) -> Iterator[tuple[Text, Text]]:
        """The fields that are texts: key and value, each with its place."""
        for key, entry in self.node.entries.items():
            if isinstance(entry.node, Scalar) and isinstance(entry.node.value, str):
                yield Text(key, entry.key), Text(entry.node.value, entry.node.span)

    def key_span(self, name: str) -> Span:
        """Where a field's key is, or the mapping's own when the field was not written."""
        entry = self.node.entries.get(name)
        return entry.key if entry else self.key

    def span(self, name: str) -> Span:
        """Where a field's value is, or the mapping's key when the field was not written."""
        node = self._node(name)
        return node.span if node else self.key

    def places(self, *, without: tuple[str, ...] = ()) -> Places:
        """Every field inside by path (`images.tags`, `targets[0]`), but for the fields `without`."""
        fields = {
            path: span
            for name, entry in self.node.entries.items()
            if name not in without
            for path, span in _paths(name, entry.node)
        }
        return Places(self.key, MappingProxyType(fields))

    def _node(self, name: str) -> Node | None:
        entry = self.node.entries.get(name)
        return entry.node if entry else None

    def _value(self, name: str) -> bool | int | float | str | None:
        node = self._node(name)
        return node.value if isinstance(node, Scalar) else None


def of(entry: Entry) -> Fields:
    node = entry.node
    return Fields(node if isinstance(node, MapNode) else MapNode({}, node.span), entry.key)


def _paths(path: str, node: Node) -> Iterator[tuple[str, Span]]:
    yield path, node.span
    if isinstance(node, MapNode):
        for key, entry in node.entries.items():
            yield from _paths(f"{path}.{key}", entry.node)
    elif isinstance(node, ListNode):
        for index, item in enumerate(node.items):
            yield from _paths(f"{path}[{index}]", item)
