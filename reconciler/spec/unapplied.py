"""What the format has and this version does not act on yet. An entry goes when its feature comes."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from reconciler.model.diagnostic import Diagnostic, Severity
from reconciler.model.place import Span
from reconciler.spec.conformance import address_of
from reconciler.spec.node import ListNode, MapNode, Node, Scalar


@dataclass(frozen=True, slots=True)
class Unapplied:
    """`path` has `*` for any key or list item; with `value`, only that value is meant and not the whole field."""

    path: tuple[str, ...]
    what: str
    rule: str = "R-SPEC-21"
    severity: Severity = Severity.WARNING
    value: str | None = None


# Ignoring what decides which images move would move other images than the ones asked for: those are errors.
UNAPPLIED = (
    Unapplied(("imports", "*", "source", "type"), "source type `oss`", "R-IMP-10", Severity.ERROR, "oss"),
    Unapplied(("imports", "*", "source", "type"), "source type `directory`", "R-IMP-11", Severity.ERROR, "directory"),
    Unapplied(("imports", "*", "source", "type"), "source type `registry`", "R-IMP-12", Severity.ERROR, "registry"),
)


def check(root: MapNode) -> Iterator[Diagnostic]:
    for entry in UNAPPLIED:
        for node, key, path in _matches(root, root.span, entry.path, ()):
            if entry.value is None:
                yield _finding(entry, key, path)
            elif isinstance(node, Scalar) and node.value == entry.value:
                yield _finding(entry, node.span, path)


def _finding(entry: Unapplied, span: Span, path: tuple[str, ...]) -> Diagnostic:
    if entry.severity is Severity.ERROR:
        summary, hint = f"{entry.what} is not supported by this version", "remove it from the spec"
    else:
        summary = f"{entry.what} is read but not applied by this version"
        hint = "remove it, or set it up in the console"
    return Diagnostic(entry.rule, entry.severity, summary, hint=hint, span=span, address=address_of(path))


def _matches(
    node: Node, key: Span, rest: tuple[str, ...], path: tuple[str, ...]
) -> Iterator[tuple[Node, Span, tuple[str, ...]]]:
    if not rest:
        yield node, key, path
    elif isinstance(node, MapNode):
        for name in node.entries if rest[0] == "*" else (rest[0],):
            if name in node.entries:
                inner = node.entries[name]
                yield from _matches(inner.node, inner.key, rest[1:], (*path, name))
    elif isinstance(node, ListNode) and rest[0] == "*":
        for item in node.items:
            yield from _matches(item, item.span, rest[1:], (*path, "*"))
