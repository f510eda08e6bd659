"""The JSON Schemas that come with the program, and the validator of specs, built once."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import TYPE_CHECKING

from reconciler.model.json_value import Json

if TYPE_CHECKING:
    from jsonschema import ValidationError
    from jsonschema.protocols import Validator

_SUFFIX = ".json"


@dataclass(frozen=True, slots=True)
class Violation:
    """One departure of data from its schema.

    `keyword` is the schema's keyword that says so and `argument` what it asks for; `schema` holds both. `key` is set
    when the violation is about a mapping's key and not about the value at `path`.
    """

    path: tuple[str | int, ...]
    keyword: str
    argument: Json
    schema: Mapping[str, Json]
    key: str | None


def schema_names() -> tuple[str, ...]:
    """`spec.v1` and its like, sorted."""
    names = (entry.name for entry in _folder().iterdir())
    return tuple(sorted(name.removesuffix(_SUFFIX) for name in names if name.endswith(_SUFFIX)))


def schema_text(name: str) -> str:
    """The schema's file, as it is. Raises KeyError for a name that `schema_names` does not have."""
    if name not in schema_names():
        raise KeyError(name)
    return (_folder() / (name + _SUFFIX)).read_text(encoding="utf-8")


def _folder() -> Traversable:
    """In an installed package the schemas are inside it, in a checkout beside it."""
    packaged = resources.files("reconciler") / "schemas"
    return packaged if packaged.is_dir() else Path(__file__).parents[2] / "schemas"


def violations(data: Json) -> Iterator[Violation]:
    """Everything in which `data` departs from `spec.v1`."""
    for found in _spec_validator().iter_errors(data):
        schema = found.schema if isinstance(found.schema, dict) else {}
        yield Violation(
            tuple(found.absolute_path),
            str(found.validator),
            schema.get(str(found.validator)),
            schema,
            str(found.instance) if "propertyNames" in found.schema_path else None,
        )


@cache
def _spec_validator() -> Validator:
    """References are written out first: looking them up would take most of the time of a validation."""
    from jsonschema import Draft202012Validator, validators

    schema = json.loads(schema_text("spec.v1"))
    # types-jsonschema has no types for `extend`, so what it gives is stated here.
    dialect: type[Validator] = validators.extend(  # type: ignore[no-untyped-call]
        Draft202012Validator, {"pattern": _pattern}
    )
    return dialect(_inlined(schema, schema["$defs"]))


def _inlined(schema: Mapping[str, Json], definitions: Mapping[str, Mapping[str, Json]]) -> dict[str, Json]:
    reference = schema.get("$ref")
    if isinstance(reference, str):
        beside = {key: value for key, value in schema.items() if key != "$ref"}
        return _inlined({**definitions[reference.removeprefix("#/$defs/")], **beside}, definitions)
    return {key: _inlined_value(value, definitions) for key, value in schema.items() if key != "$defs"}


def _inlined_value(value: Json, definitions: Mapping[str, Mapping[str, Json]]) -> Json:
    if isinstance(value, dict):
        return _inlined(value, definitions)
    return [_inlined_value(item, definitions) for item in value] if isinstance(value, list) else value


def _pattern(_validator: object, pattern: str, instance: Json, _schema: object) -> Iterator[ValidationError]:
    """`$` is the end of the text, as in JSON Schema's own dialect; Python's also matches before a last newline."""
    if isinstance(instance, str) and not _compiled(pattern).search(instance):
        from jsonschema import ValidationError

        yield ValidationError("pattern")


@cache
def _compiled(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern.removesuffix("$") + r"\Z" if pattern.endswith("$") else pattern)
