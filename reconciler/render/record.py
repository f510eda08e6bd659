"""Reading our own JSON back: an object whose fields are taken out with their types."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import NoReturn

from reconciler.model.json_value import Json
from reconciler.spec.schema import schema_text


class NotOurs(ValueError):
    """A text that is not what it should be; the message says in which way."""


@dataclass(frozen=True, slots=True)
class Record:
    """One JSON object. Every method raises NotOurs when the field is absent or has another type."""

    fields: dict[str, Json]

    @classmethod
    def of(cls, value: Json) -> Record:
        if not isinstance(value, dict):
            raise NotOurs(f"expected an object: {json.dumps(value)[:80]}")
        return cls(value)

    def has(self, key: str) -> bool:
        return key in self.fields

    def value(self, key: str) -> Json:
        if key not in self.fields:
            raise NotOurs(f"missing field: `{key}`")
        return self.fields[key]

    def text(self, key: str) -> str:
        value = self.value(key)
        return value if isinstance(value, str) else self._wrong(key, "a string")

    def text_or_none(self, key: str) -> str | None:
        return None if self.value(key) is None else self.text(key)

    def integer(self, key: str) -> int:
        value = self.value(key)
        return value if isinstance(value, int) and not isinstance(value, bool) else self._wrong(key, "an integer")

    def number(self, key: str) -> float:
        value = self.value(key)
        return value if isinstance(value, int | float) and not isinstance(value, bool) else self._wrong(key, "a number")

    def optional_text(self, key: str) -> str | None:
        """As `text_or_none`, and None for a field that older versions did not write."""
        return self.text_or_none(key) if key in self.fields else None

    def flag(self, key: str) -> bool:
        value = self.value(key)
        return value if isinstance(value, bool) else self._wrong(key, "true or false")

    def record(self, key: str) -> Record:
        return Record.of(self.value(key))

    def records(self, key: str) -> list[Record]:
        return [Record.of(item) for item in self._items(key)]

    def texts(self, key: str) -> tuple[str, ...]:
        return tuple(item if isinstance(item, str) else self._wrong(key, "strings") for item in self._items(key))

    def _items(self, key: str) -> list[Json]:
        value = self.value(key)
        return value if isinstance(value, list) else self._wrong(key, "a list")

    def _wrong(self, key: str, wanted: str) -> NoReturn:
        raise NotOurs(f"field `{key}` is not {wanted}")


def load(text: str, schema: str, version: str) -> Record:
    """The object in `text`, when it has format `version` and satisfies `schema`; else NotOurs."""
    record = parse(text, version)
    problem = _violation(record.fields, schema)
    if problem:
        raise NotOurs(problem)
    return record


def parse(text: str, version: str) -> Record:
    """The object in `text`, when it has format `version`; else NotOurs. Nothing else is checked."""
    record = Record.of(_parse(text))
    found = record.value("format_version")
    if found != version:
        raise NotOurs(f"its format version is {json.dumps(found)[:40]} and this program reads {version}")
    return record


def _parse(text: str) -> Json:
    try:
        data: Json = json.loads(text, parse_constant=_no_constant)
    except json.JSONDecodeError as error:
        raise NotOurs(f"it is not JSON: {error}") from error
    except RecursionError as error:
        raise NotOurs("it is nested too deeply") from error
    return data


def _no_constant(name: str) -> NoReturn:
    raise NotOurs(f"`{name}` is not JSON")


def _violation(data: dict[str, Json], schema: str) -> str | None:
    from jsonschema import Draft202012Validator
    from jsonschema.exceptions import best_match

    error = best_match(Draft202012Validator(json.loads(schema_text(schema))).iter_errors(data))
    return None if error is None else f"{error.json_path}: {error.message[:200]}"
