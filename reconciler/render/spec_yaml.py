"""A spec as YAML that every reader takes for the same: what could be read as something else stands in quotes."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from reconciler.model.document import Document, Path
from reconciler.model.json_value import Json

_WIDTH = 110
_INDENT = "  "
_PLAIN = re.compile(r"[A-Za-z][A-Za-z0-9_./-]*(?: [A-Za-z0-9_./-]+)*|[0-9]{1,3}(?:\.[0-9]{1,3}){3}/[0-9]{1,2}")
_OTHER_THINGS = frozenset({"y", "n", "yes", "no", "on", "off", "true", "false", "null", "nan", "inf"})
"""What YAML 1.1 or 1.2 takes for something else than text."""


def render(document: Document) -> str:
    lines = [f"# {_one_line(text)}" for text in document.comments.get((), ())]
    lines += _mapping(document.data, (), document)
    return "\n".join(lines) + "\n"


def _mapping(data: Mapping[str, Json], path: Path, document: Document) -> Iterator[str]:
    margin = _INDENT * len(path)
    for key, value in data.items():
        below = (*path, key)
        if not path and key != "version":
            yield ""
        for text in document.comments.get(below, ()):
            yield f"{margin}# {_one_line(text)}"
        head = f"{margin}{scalar(key)}:"
        inline = _inline(value)
        short = len(head) + 1 + len(inline) <= _WIDTH and len(path) > 0 and not _commented(below, document)
        if not isinstance(value, (Mapping, list)) or not value or (short and not _holds_objects(value)):
            yield f"{head} {inline}"
        elif isinstance(value, Mapping):
            yield head
            yield from _mapping(value, below, document)
        else:
            yield head
            yield from (f"{margin}{_INDENT}- {_inline(item)}" for item in value)


def _holds_objects(value: Json) -> bool:
    """Whether it is better written over several lines."""
    if isinstance(value, Mapping):
        return any(isinstance(item, Mapping) or _holds_objects(item) for item in value.values())
    return isinstance(value, list) and any(isinstance(item, Mapping) for item in value)


def _commented(path: Path, document: Document) -> bool:
    return any(len(other) > len(path) and other[: len(path)] == path for other in document.comments)


def _inline(value: Json) -> str:
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{scalar(key)}: {_inline(item)}" for key, item in value.items()) + "}"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(_inline(item) for item in value) + "]"
    return scalar(value)


def scalar(value: Json) -> str:
    """A text, a number, true, false or null."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    if not isinstance(value, str):
        return str(value)
    if _PLAIN.fullmatch(value) and value.lower() not in _OTHER_THINGS:
        return value
    return '"' + "".join(_escaped(char) for char in value) + '"'


def _escaped(char: str) -> str:
    if char in '"\\':
        return "\\" + char
    if char.isprintable():
        return char
    number = ord(char)
    return f"\\x{number:02x}" if number < 0x100 else f"\\u{number:04x}" if number < 0x10000 else f"\\U{number:08x}"


def _one_line(text: str) -> str:
    return "".join(char if char.isprintable() else "?" for char in text)
