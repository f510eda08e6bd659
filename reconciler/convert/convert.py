"""A foreign configuration -> our YAML and what there is to say about it: the one door into this room."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from reconciler.convert import image_syncer, regsync, skopeo
from reconciler.convert.copies import Told
from reconciler.convert.imports import Destination, imports_of
from reconciler.convert.yaml_text import written
from reconciler.model.diagnostic import Diagnostic, Severity, has_errors, in_order
from reconciler.model.place import Span
from reconciler.spec import fields, loader
from reconciler.spec.fields import Fields
from reconciler.spec.node import Entry, ListNode, MapNode, Node, Scalar


class Tool(StrEnum):
    SKOPEO = "skopeo"
    REGSYNC = "regsync"
    IMAGE_SYNCER = "image-syncer"


@dataclass(frozen=True, slots=True)
class Converted:
    """`text` is YAML of ours; empty when a diagnostic is an error."""

    text: str
    tool: Tool | None
    diagnostics: tuple[Diagnostic, ...]


def convert(text: str, file: str, destination: Destination, tool: Tool | None = None) -> Converted:
    """Without `tool` it is told by the file's keys. Never raises for what is in the file."""
    stream = loader.read(text, file, None)
    if has_errors(stream.diagnostics):
        return Converted("", tool, in_order(stream.diagnostics))
    root = stream.documents[0] if len(stream.documents) == 1 else None
    tool = tool or (_told_by_keys(root) if root is not None else None)
    if tool is None or not isinstance(root, MapNode):
        return Converted("", tool, (_unknown(file, root),))
    told = _READERS[tool](fields.of(Entry(root.span, root)))
    imports, notes = imports_of(told.copies, destination)
    found = in_order([*stream.diagnostics, *told.notes, *notes])
    if not has_errors(found) and not imports:
        found = (*found, _nothing(file, root))
    if has_errors(found):
        return Converted("", tool, found)
    return Converted(written(tool.value, file, imports, found), tool, found)


def _told_by_keys(root: Node) -> Tool | None:
    if not isinstance(root, MapNode):
        return None
    nodes = [entry.node for entry in root.entries.values()]
    if "sync" in root.entries and isinstance(root.entries["sync"].node, ListNode):
        return Tool.REGSYNC
    if any(isinstance(node, MapNode) and node.entries.keys() & set(skopeo.KEYS) for node in nodes):
        return Tool.SKOPEO
    images = root.entries["images"].node if "images" in root.entries else root
    if isinstance(images, MapNode) and images.entries and all(map(_is_target, images.entries.values())):
        return Tool.IMAGE_SYNCER
    return None


def _is_target(entry: Entry) -> bool:
    node = entry.node
    items = node.items if isinstance(node, ListNode) else (node,)
    return bool(items) and all(isinstance(item, Scalar) and isinstance(item.value, str) for item in items)


def _unknown(file: str, root: Node | None) -> Diagnostic:
    return Diagnostic(
        "R-CONV-1",
        Severity.ERROR,
        "this is no configuration of `skopeo sync`, regsync or image-syncer",
        hint="name the tool with `--from`, or correct the file",
        span=root.span if root is not None else Span(file, 1, 1),
    )


def _nothing(file: str, root: MapNode) -> Diagnostic:
    return Diagnostic(
        "R-CONV-2",
        Severity.ERROR,
        f"nothing in `{file}` can become an import",
        hint="see the other findings, and `reconciler explain R-CONV-3`",
        span=root.span,
    )


_READERS: Mapping[Tool, Callable[[Fields], Told]] = {
    Tool.SKOPEO: skopeo.read,
    Tool.REGSYNC: regsync.read,
    Tool.IMAGE_SYNCER: image_syncer.read,
}
