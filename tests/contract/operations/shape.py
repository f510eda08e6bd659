"""What an answer may hold: field names and types, taken from the official SDKs' models, and how answers differ."""

from __future__ import annotations

import types
from collections.abc import Iterator, Mapping, Sequence
from fnmatch import fnmatchcase
from typing import Any, TypeAlias, Union, get_args, get_origin, get_type_hints

Shape: TypeAlias = "type | Mapping[str, Shape] | Sequence[Shape]"
"""A plain type, an object by field, or a list of one shape. `object` fits every value."""


def shape_of(model: Any) -> Shape:
    """The shape that a model class of an SDK describes. The wire's names are in the code of `to_map` only, so the model
    is asked to write one field at a time."""
    empty = model().to_map()
    fields: dict[str, Shape] = {}
    for attribute, kind in get_type_hints(vars(model)["__init__"]).items():
        if attribute != "return":
            filled = model()
            setattr(filled, attribute, _sample(kind))
            (wire,) = (name for name, value in filled.to_map().items() if value != empty.get(name))
            fields[wire] = _shape(kind)
    return fields


def differences(answer: object, shape: Shape, omits: Sequence[str] = ()) -> list[str]:
    """How `answer` departs from `shape`, as sentences without an end.

    Fields that the shape has and the answer never shows have to be named by `omits`, as patterns of dotted paths;
    patterns that name nothing are told, too, so that the list stays true.
    """
    found: list[str] = []
    shown: set[str] = set()
    _compare(answer, shape, "", found, shown)
    missing = [path for path in _paths(shape) if path not in shown and _parent(path) in shown | {""}]
    found += [f"{path}: missing" for path in missing if not any(fnmatchcase(path, name) for name in omits)]
    found += [f"{name}: omitted for nothing" for name in omits if not any(fnmatchcase(path, name) for path in missing)]
    return found


def _compare(value: object, shape: Shape, path: str, found: list[str], shown: set[str]) -> None:
    if isinstance(shape, Mapping):
        if not isinstance(value, Mapping):
            found.append(f"{path}: {type(value).__name__} instead of an object")
            return
        for name, inner in value.items():
            below = f"{path}.{name}" if path else str(name)
            if name not in shape:
                found.append(f"{below}: unknown")
                continue
            shown.add(below)
            _compare(inner, shape[name], below, found, shown)
    elif isinstance(shape, type):
        if shape is not object and type(value) is not shape:
            found.append(f"{path}: {type(value).__name__} instead of {shape.__name__}")
    elif isinstance(value, Sequence) and not isinstance(value, str):
        for item in value:
            _compare(item, shape[0], path, found, shown)
    else:
        found.append(f"{path}: {type(value).__name__} instead of a list")


def _paths(shape: Shape, path: str = "") -> Iterator[str]:
    if isinstance(shape, Mapping):
        for name, inner in shape.items():
            below = f"{path}.{name}" if path else name
            yield below
            yield from _paths(inner, below)
    elif not isinstance(shape, type):
        yield from _paths(shape[0], path)


def _parent(path: str) -> str:
    return path.rpartition(".")[0]


def _plain(kind: object) -> object:
    """Without the None of an optional one."""
    if get_origin(kind) in (Union, types.UnionType):
        return next(choice for choice in get_args(kind) if choice is not type(None))
    return kind


def _sample(kind: object) -> object:
    plain = _plain(kind)
    if get_origin(plain) is list:
        return [_sample(get_args(plain)[0])]
    if isinstance(plain, type) and hasattr(plain, "to_map"):
        return plain()
    return "x"


def _shape(kind: object) -> Shape:
    plain = _plain(kind)
    if get_origin(plain) is list:
        return [_shape(get_args(plain)[0])]
    if isinstance(plain, type) and hasattr(plain, "to_map"):
        return shape_of(plain)
    return plain if plain in (str, int, bool, float) and isinstance(plain, type) else object
