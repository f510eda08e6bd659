"""Data against the schema: every violation in our words, at its place, with one fix."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TypeAlias

from reconciler.model.diagnostic import Diagnostic
from reconciler.model.json_value import Json
from reconciler.spec.merge import VERSION
from reconciler.spec.node import Found, ListNode, MapNode, Node, Scalar, find, plain
from reconciler.spec.problem import choice, closest, error, shown
from reconciler.spec.schema import Violation, violations

Path: TypeAlias = tuple[str | int, ...]

_KINDS = {
    "string": "text",
    "integer": "a whole number",
    "boolean": "`true` or `false`",
    "array": "a list",
    "object": "a mapping",
}
_YAML_1_1 = {"yes": "true", "on": "true", "y": "true", "no": "false", "off": "false", "n": "false"}


def data_of(root: MapNode) -> dict[str, Json]:
    """The merged spec as data; `version` stands for every document's."""
    return {"version": VERSION, **{key: plain(entry.node) for key, entry in root.entries.items()}}


def check(root: MapNode, data: Json) -> Iterator[Diagnostic]:
    """Everything in which `data`, the data of `root`, departs from schemas/spec.v1.json."""
    found = list(violations(data))
    unknown = {v.path: _extra(v, find(root, v.path)) for v in found if v.keyword == "additionalProperties"}
    for violation in found:
        place = find(root, violation.path)
        if not place.broken:
            yield from _explain(violation, place, unknown.get(violation.path, []))


def address_of(path: Sequence[str | int]) -> str:
    """The address that a path of the merged spec lies in, or nothing."""
    names = [str(step) for step in path]
    if len(names) < 2 or names[0] not in ("instances", "vpcs", "imports", "replications"):
        return ""
    inside = names[0] == "instances" and len(names) >= 4 and names[2] in ("namespaces", "repositories", "endpoints")
    return ".".join(names[:4] if inside else names[:2])


def _extra(violation: Violation, found: Found) -> list[str]:
    known = _known(violation)
    return [key for key in found.node.entries if key not in known] if isinstance(found.node, MapNode) else []


def _known(violation: Violation) -> list[str]:
    properties = violation.schema.get("properties")
    return list(properties) if isinstance(properties, Mapping) else []


def _explain(violation: Violation, found: Found, unknown: list[str]) -> Iterator[Diagnostic]:
    if violation.key is not None:
        yield _bad_key(violation, violation.key, found)
        return
    match violation.keyword:
        case "additionalProperties":
            yield from _unknown(violation, found)
        case "required":
            yield from _missing(violation, found, unknown)
        case "type":
            yield _wrong_type(violation, found)
        case "enum":
            yield _not_a_choice(violation, found)
        case "uniqueItems":
            yield from _repeated(violation.path, found)
        case _:
            yield _refused(violation, found)


def _bad_key(violation: Violation, key: str, found: Found) -> Diagnostic:
    entry = found.node.entries.get(key) if isinstance(found.node, MapNode) else None
    span = entry.key if entry else found.key
    return error(*_broken_rule(violation, key), span, _says(violation), address=address_of((*violation.path, key)))


def _unknown(violation: Violation, found: Found) -> Iterator[Diagnostic]:
    if not isinstance(found.node, MapNode):
        return
    entries = found.node.entries
    known = _known(violation)
    free = [name for name in known if name not in entries]
    for key in _extra(violation, found):
        hint = choice(key, free if closest(key, free) else known)
        yield error(
            "R-SPEC-10",
            f"key `{shown(key)}` is not known here",
            entries[key].key,
            hint,
            address=address_of(violation.path),
        )


def _missing(violation: Violation, found: Found, unknown: list[str]) -> Iterator[Diagnostic]:
    """A missing key is not reported when an unknown one beside it is its misspelling: that was reported already."""
    if not isinstance(found.node, MapNode):
        return
    address = address_of(violation.path)
    where = f"`{shown('.'.join(str(step) for step in violation.path), 120)}`"
    for name in _texts(violation.argument):
        if name not in found.node.entries and not any(closest(key, [name]) for key in unknown):
            yield error("R-SPEC-11", f"{where} lacks `{name}`", found.key, f"add `{name}: …`", address=address)


def _wrong_type(violation: Violation, found: Found) -> Diagnostic:
    kinds = [kind for kind in _texts(violation.argument) if kind != "null"]
    rule, summary, hint = _mismatch(found.node, kinds)
    return error(rule, summary, found.node.span, hint, address=address_of(violation.path))


def _mismatch(node: Node, kinds: list[str]) -> tuple[str, str, str]:
    wanted = " or ".join(_KINDS[kind] for kind in kinds)
    if not isinstance(node, Scalar):
        return "R-SPEC-12", f"{wanted} is meant here, not {_KINDS[_collection(node)]}", f"write {wanted}"
    written = shown(node.text)
    if node.value is None and not written:
        return "R-SPEC-12", f"the value is missing where {wanted} is meant", "give a value, or remove the key"
    if "string" in kinds and not isinstance(node.value, str):
        if "integer" in kinds:
            return "R-SPEC-12", f"`{written}` is neither a whole number nor text", f"write {wanted}"
        kind = "a number" if isinstance(node.value, int | float) and not isinstance(node.value, bool) else "not text"
        return "R-SPEC-13", f"unquoted `{written}` is {kind}, where text is meant", f'quote it: `"{written}"`'
    if kinds == ["boolean"] and isinstance(node.value, str):
        meant = _YAML_1_1.get(node.value.lower()) or (
            node.value.lower() if node.value.lower() in ("true", "false") else ""
        )
        return (
            "R-SPEC-12",
            f"`{written}` is text, where {wanted} is meant",
            f"write `{meant}`" if meant else f"write {wanted}",
        )
    if kinds == ["array"]:
        return "R-SPEC-12", f"`{written}` is a single value, where a list is meant", f"write `[{written}]`"
    return "R-SPEC-12", f"`{written}` is not {wanted}", f"write {wanted}"


def _collection(node: ListNode | MapNode) -> str:
    return "array" if isinstance(node, ListNode) else "object"


def _not_a_choice(violation: Violation, found: Found) -> Diagnostic:
    written = found.node.text if isinstance(found.node, Scalar) else _KINDS[_collection(found.node)]
    summary = f"`{shown(written)}` is not a value of `{_field(violation)}`"
    return error(
        "R-SPEC-14",
        summary,
        found.node.span,
        choice(written, _texts(violation.argument)),
        address=address_of(violation.path),
    )


def _repeated(path: Path, found: Found) -> Iterator[Diagnostic]:
    if not isinstance(found.node, ListNode):
        return
    seen: set[Json] = set()
    for item in found.node.items:
        if not isinstance(item, Scalar) or item.broken:
            continue
        if item.value in seen:
            summary = f"`{shown(item.text)}` is listed twice in `{path[-1]}`"
            yield error("R-SPEC-17", summary, item.span, "remove one of the two", address=address_of(path))
        seen.add(item.value)


def _refused(violation: Violation, found: Found) -> Diagnostic:
    node = found.node
    written = node.text if isinstance(node, Scalar) else ("the list" if isinstance(node, ListNode) else "the mapping")
    return error(*_broken_rule(violation, written), node.span, _says(violation), address=address_of(violation.path))


def _broken_rule(violation: Violation, written: str) -> tuple[str, str]:
    """The rule id and the sentence for a value that its schema refuses."""
    rule = str(violation.schema.get("x-rule", "R-SPEC-15"))
    what = "the empty text" if not written else f"`{shown(written)}`"
    return rule, f"{what} is not accepted for {_MEANT.get(rule) or f'`{_field(violation)}`'}"


def _field(violation: Violation) -> str:
    """The name of the field that a violation is in; a list's, for its items."""
    return shown(next((step for step in reversed(violation.path) if isinstance(step, str)), ""))


_MEANT = {
    "R-NAME-1": "the name of an instance",
    "R-NAME-2": "the name of a namespace",
    "R-NAME-3": "the name of a repository",
    "R-NAME-4": "a key",
    "R-NAME-5": "a region",
    "R-IMP-2": "`latest`",
}


def _says(violation: Violation) -> str:
    return str(violation.schema.get("x-says", ""))


def _texts(argument: Json) -> list[str]:
    """A keyword's argument that is one text or several."""
    if isinstance(argument, str):
        return [argument]
    return [str(item) for item in argument] if isinstance(argument, Sequence) else []
