"""Text -> documents: YAML events become nodes with places, within bounds, and every mistake is a diagnostic."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum

import yaml

from reconciler.model.diagnostic import Diagnostic, Related
from reconciler.model.place import Span
from reconciler.spec import syntax
from reconciler.spec.interpolation import BadReference, interpolate
from reconciler.spec.node import Entry, ListNode, MapNode, Node, Scalar, size_of
from reconciler.spec.problem import error, shown
from reconciler.spec.scalars import NotFinite, resolve

MAX_DEPTH = 64
"""The deepest field of the format is nine levels down; recursion over nodes stays far from Python's limit."""
MAX_NODES = 1_000_000
"""Nodes of a document with its aliases written out: forty thousand instances, or a "billion laughs" cut short."""

_LOADER: type[yaml.BaseLoader | yaml.CBaseLoader] = getattr(yaml, "CBaseLoader", yaml.BaseLoader)
_CORE = "tag:yaml.org,2002:"
_FORBIDDEN = re.compile("[\x00-\x08\x0b-\x1f\x7f\ud800-\udfff]")
_MERGE = "<<"


@dataclass(frozen=True, slots=True)
class Stream:
    """The documents of one text, empty ones left out; `complete` is false when the rest could not be read."""

    documents: tuple[Node, ...]
    diagnostics: tuple[Diagnostic, ...]
    complete: bool


def read(text: str, file: str, environment: Mapping[str, str] | None) -> Stream:
    """Keys are text as written; plain scalars are resolved by the YAML 1.2 core rules after interpolation, of which
    there is none without an `environment`."""
    reader = _Reader(file, environment)
    complete = True
    try:
        for event in yaml.parse(text, Loader=_LOADER):
            reader.take(event)
    except _Refused as refused:
        reader.diagnostics.append(refused.diagnostic)
        complete = False
    except (yaml.YAMLError, ValueError, OverflowError) as failure:
        # The pure Python scanner lets chr() fail on escapes beyond Unicode.
        reader.diagnostics.append(syntax.problem(failure, text, file))
        complete = False
    return Stream(tuple(reader.documents), tuple(reader.diagnostics), complete)


class _Role(Enum):
    """What becomes of a key's value. A key that was reported already has its value dropped."""

    FIELD = "field"
    MERGE = "merge"
    DROPPED = "dropped"


class _Refused(Exception):
    def __init__(self, diagnostic: Diagnostic) -> None:
        super().__init__(diagnostic.summary)
        self.diagnostic = diagnostic


@dataclass(slots=True)
class _Frame:
    """A collection that is being read; in a mapping, `key` waits for its value."""

    span: Span
    anchor: str | None
    mapping: bool
    refused: bool
    items: list[Node] = field(default_factory=list)
    entries: dict[str, Entry] = field(default_factory=dict)
    merged: Entry | None = None
    key: tuple[str, Span, _Role] | None = None
    size: int = 1


class _Reader:
    def __init__(self, file: str, environment: Mapping[str, str] | None) -> None:
        self.documents: list[Node] = []
        self.diagnostics: list[Diagnostic] = []
        self._file = file
        self._environment = environment
        self._stack: list[_Frame] = []
        self._anchors: dict[str, Node] = {}

    def take(self, event: yaml.Event) -> None:
        if isinstance(event, yaml.ScalarEvent):
            self._scalar(event)
        elif isinstance(event, yaml.CollectionStartEvent):
            self._open(event)
        elif isinstance(event, yaml.CollectionEndEvent):
            self._close()
        elif isinstance(event, yaml.AliasEvent):
            self._alias(event)
        elif isinstance(event, yaml.DocumentStartEvent):
            self._anchors = {}

    def _span(self, event: yaml.Event) -> Span:
        mark = event.start_mark
        return Span(self._file, mark.line + 1, mark.column + 1) if mark else Span(self._file, 1, 1)

    def _scalar(self, event: yaml.ScalarEvent) -> None:
        span = self._span(event)
        frame = self._stack[-1] if self._stack else None
        if frame is not None and frame.mapping and frame.key is None:
            plain = event.implicit[0] and event.tag is None
            self._key(frame, event.value, span, plain=plain)
            if event.anchor:
                self._anchors[event.anchor] = Scalar(event.value, span, event.value)
            return
        node = self._value(event, span)
        if event.anchor:
            self._anchors[event.anchor] = node
        self._add(node)

    def _key(self, frame: _Frame, text: str, span: Span, *, plain: bool) -> None:
        merge = plain and text == _MERGE
        first = frame.merged if merge else frame.entries.get(text)
        role = _Role.MERGE if merge else _Role.FIELD
        if not text:
            self._report("R-SPEC-6", "a key is empty", span, "write the key's name before the `:`")
            role = _Role.DROPPED
        elif first is not None:
            summary, related = (
                f"key `{shown(text)}` is given twice in one mapping",
                Related(first.key, "first given here"),
            )
            self.diagnostics.append(error("R-SPEC-4", summary, span, "keep one of the two", related=(related,)))
            role = _Role.DROPPED
        frame.key = (text, span, role)

    def _value(self, event: yaml.ScalarEvent, span: Span) -> Scalar:
        text, tag = event.value, event.tag
        if self._environment is not None and "${" in text:
            try:
                text = interpolate(text, self._environment)
            except BadReference as bad:
                return self._broken("R-SPEC-7", str(bad), span, bad.hint)
        if (event.style == '"' or text is not event.value) and _FORBIDDEN.search(text):
            return self._broken(
                "R-SPEC-2", "the value holds a control character", span, "remove it; no field takes control characters"
            )
        if tag is not None and not tag.startswith(_CORE) and tag != "!":
            return self._bad_tag(tag, span)
        kind = tag.removeprefix(_CORE) if tag is not None else ("" if event.implicit[0] else "str")
        if kind in ("str", "!"):
            return Scalar(text, span, text)
        try:
            value = resolve(text)
        except NotFinite:
            return self._broken(
                "R-SPEC-6", f"`{shown(text)}` is not a finite number", span, "write a finite number, or quote the text"
            )
        if kind and not _has_kind(value, kind):
            return self._bad_tag(tag or kind, span)
        return Scalar(value, span, text)

    def _open(self, event: yaml.CollectionStartEvent) -> None:
        span = self._span(event)
        if len(self._stack) >= MAX_DEPTH:
            raise _Refused(
                error("R-SPEC-5", f"values are nested more than {MAX_DEPTH} levels deep", span, "flatten the file")
            )
        mapping = isinstance(event, yaml.MappingStartEvent)
        refused = event.tag not in (None, "!", _CORE + ("map" if mapping else "seq"))
        if refused:
            self._bad_tag(event.tag or "", span)
        self._stack.append(_Frame(span, event.anchor, mapping, refused))

    def _close(self) -> None:
        frame = self._stack.pop()
        node: Node
        if frame.refused:
            node = Scalar(None, frame.span, broken=True)
        elif frame.mapping:
            node = MapNode(self._with_merged(frame), frame.span, frame.size)
        else:
            node = ListNode(tuple(frame.items), frame.span, frame.size)
        if frame.anchor:
            self._anchors[frame.anchor] = node
        self._add(node)

    def _alias(self, event: yaml.AliasEvent) -> None:
        span, name = self._span(event), event.anchor or ""
        if any(frame.anchor == name for frame in self._stack):
            raise _Refused(
                error("R-SPEC-5", f"alias `*{shown(name)}` contains itself", span, "write the value out instead")
            )
        node = self._anchors.get(name)
        if node is None:
            node = self._broken(
                "R-SPEC-3",
                f"alias `*{shown(name)}` has no anchor",
                span,
                f"define `&{shown(name)}` earlier in the same document",
            )
        self._add(node, alias=True, at=span)

    def _add(self, node: Node, *, alias: bool = False, at: Span | None = None) -> None:
        if not self._stack:
            if not (isinstance(node, Scalar) and node.value is None and not node.broken):
                self.documents.append(node)
            return
        frame = self._stack[-1]
        frame.size += size_of(node)
        if alias and frame.size > MAX_NODES:
            raise _Refused(
                error("R-SPEC-5", f"aliases expand to more than {MAX_NODES} values", at, "write fewer aliases")
            )
        if not frame.mapping:
            frame.items.append(node)
        elif frame.key is None:
            self._report("R-SPEC-6", "a key is not text", at or node.span, "write the key as plain text")
            frame.key = ("", node.span, _Role.DROPPED)
        else:
            text, span, role = frame.key
            frame.key = None
            if role is _Role.MERGE:
                frame.merged = Entry(span, node)
            elif role is _Role.FIELD:
                frame.entries[text] = Entry(span, node)

    def _with_merged(self, frame: _Frame) -> dict[str, Entry]:
        """Keys written here win over merged ones, earlier merged mappings over later ones."""
        if frame.merged is None:
            return frame.entries
        entries, merged = frame.entries, frame.merged.node
        for source in merged.items if isinstance(merged, ListNode) else (merged,):
            if isinstance(source, MapNode):
                entries = {**source.entries, **entries}
            elif not (isinstance(source, Scalar) and source.broken):
                self._report(
                    "R-SPEC-6", "`<<` merges something that is no mapping", frame.merged.key, "merge a mapping"
                )
        return entries

    def _report(self, rule: str, summary: str, span: Span, hint: str) -> None:
        self.diagnostics.append(error(rule, summary, span, hint))

    def _broken(self, rule: str, summary: str, span: Span, hint: str) -> Scalar:
        self._report(rule, summary, span, hint)
        return Scalar(None, span, broken=True)

    def _bad_tag(self, tag: str, span: Span) -> Scalar:
        name = "!!" + tag.removeprefix(_CORE) if tag.startswith(_CORE) else tag
        return self._broken("R-SPEC-6", f"YAML tag `{shown(name)}` is not accepted here", span, "remove the tag")


def _has_kind(value: bool | int | float | str | None, kind: str) -> bool:
    match kind:
        case "null":
            return value is None
        case "bool":
            return isinstance(value, bool)
        case "int":
            return isinstance(value, int) and not isinstance(value, bool)
        case "float":
            return isinstance(value, int | float) and not isinstance(value, bool)
        case _:
            return False
