"""Documents -> one document: sections are joined by key, and nothing is ever overridden."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from reconciler.model.diagnostic import Diagnostic, Related
from reconciler.model.place import NOWHERE, Span
from reconciler.spec.node import Entry, MapNode, Node, Scalar
from reconciler.spec.problem import error, shown

SECTIONS = ("settings", "instances", "vpcs", "imports", "replications", "personal", "networks")
VERSION = 1


@dataclass(frozen=True, slots=True)
class Merged:
    root: MapNode
    diagnostics: tuple[Diagnostic, ...]


def merge(documents: Iterable[Node]) -> Merged:
    """Every document says `version`; a key of a section, or of `settings`, is declared in one place only."""
    top: dict[str, Entry] = {}
    sections: dict[str, dict[str, Entry]] = {}
    places: dict[str, Entry] = {}
    diagnostics: list[Diagnostic] = []
    for document in documents:
        if not isinstance(document, MapNode):
            if not (isinstance(document, Scalar) and document.broken):
                diagnostics.append(_not_a_mapping("the document", document.span))
            continue
        diagnostics.extend(_version(document))
        for key, entry in document.entries.items():
            if key == "version" or (isinstance(entry.node, Scalar) and entry.node.broken):
                continue
            if key not in SECTIONS:
                top.setdefault(key, entry)
            elif isinstance(entry.node, MapNode):
                places.setdefault(key, entry)
                diagnostics.extend(_join(sections.setdefault(key, {}), entry.node, key))
            elif not (isinstance(entry.node, Scalar) and entry.node.value is None):
                diagnostics.append(_not_a_mapping(f"`{key}`", entry.node.span))
    for key, entries in sections.items():
        top[key] = Entry(places[key].key, MapNode(entries, places[key].node.span))
    return Merged(MapNode(top, NOWHERE), tuple(diagnostics))


def _join(into: dict[str, Entry], section: MapNode, name: str) -> Iterable[Diagnostic]:
    for key, entry in section.entries.items():
        first = into.setdefault(key, entry)
        if first is entry:
            continue
        yield error(
            "R-SPEC-8",
            f"`{name}.{shown(key)}` is declared twice",
            entry.key,
            "keep one of the two declarations",
            address="" if name == "settings" else f"{name}.{key}",
            related=(Related(first.key, "first declared here"),),
        )


def _version(document: MapNode) -> Iterable[Diagnostic]:
    entry = document.entries.get("version")
    if entry is None:
        yield error(
            "R-SPEC-9",
            "the document does not say which version of the format it is written in",
            document.span,
            f"start it with `version: {VERSION}`",
        )
        return
    node = entry.node
    if isinstance(node, Scalar) and (node.broken or (node.value == VERSION and type(node.value) is int)):
        return
    written = f": {shown(node.text)}" if isinstance(node, Scalar) else ""
    yield error("R-SPEC-9", f"version of the format is not known{written}", node.span, f"write `version: {VERSION}`")


def _not_a_mapping(what: str, span: Span) -> Diagnostic:
    return error("R-SPEC-12", f"{what} is not a mapping", span, "write `key: value` lines")
