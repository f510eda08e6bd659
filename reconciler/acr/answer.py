"""The door for what the OpenAPI answers: typed access that knows the service's spellings."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation

from reconciler.acr.errors import MalformedAnswer
from reconciler.model.image import Digest, parse_digest
from reconciler.model.json_value import Json


@dataclass(frozen=True, slots=True)
class Answer:
    """A JSON object of the answer to `action`. An absent field, a null and an empty text are the same to the reader. So
    are the two spellings of a field, with a big and with a small first letter: each generation of the API has one.

    Every method raises MalformedAnswer for a value of another kind, and for an absent one without a default.
    """

    action: str
    data: Mapping[str, Json] = field(repr=False)

    @classmethod
    def parse(cls, action: str, body: bytes) -> Answer:
        try:
            data: Json = json.loads(body)
        except (ValueError, RecursionError) as error:
            raise MalformedAnswer(f"`{action}` answered with something that is not JSON: {_begins(body)}") from error
        if not isinstance(data, Mapping):
            raise MalformedAnswer(f"`{action}` answered with something that is not a JSON object: {_begins(body)}")
        return cls(action, data)

    def has(self, key: str) -> bool:
        return self._value(key) not in (None, "")

    def text(self, key: str, default: str | None = None) -> str:
        value = self._value(key)
        if value is None or value == "":
            if default is None:
                raise MalformedAnswer(f"`{self.action}` answered without `{key}`")
            return default
        if isinstance(value, str):
            return value
        if isinstance(value, int) and not isinstance(value, bool):
            return str(value)
        raise self._unexpected(key, "a text")

    def number(self, key: str, default: int | None = None) -> int:
        """Counts and times come as numbers or as texts, depending on the action."""
        value = self._value(key)
        if value is None or value == "":
            if default is None:
                raise MalformedAnswer(f"`{self.action}` answered without `{key}`")
            return default
        if isinstance(value, (int, float)) and not isinstance(value, bool) and value == int(value):
            return int(value)
        if isinstance(value, str) and value.strip().removeprefix("-").isdecimal():
            return int(value)
        raise self._unexpected(key, "a whole number")

    def amount(self, key: str) -> Decimal:
        """A sum of money, which comes as a number or as a text."""
        value = self._value(key)
        if isinstance(value, (int, float, str)) and not isinstance(value, bool):
            try:
                amount = Decimal(str(value))
            except InvalidOperation:
                amount = Decimal("NaN")
            if amount.is_finite():
                return amount
        raise self._unexpected(key, "an amount")

    def flag(self, key: str, default: bool = False) -> bool:
        value = self._value(key)
        if value is None or value == "":
            return default
        if isinstance(value, bool):
            return value
        if isinstance(value, str) and value.lower() in ("true", "false"):
            return value.lower() == "true"
        raise self._unexpected(key, "true or false")

    def digest(self, key: str) -> Digest:
        """Tag listings leave out the algorithm, which is sha256 then."""
        try:
            return parse_digest(self.text(key))
        except ValueError as error:
            raise self._unexpected(key, "a digest") from error

    def part(self, key: str) -> Answer:
        """The object below `key`, an empty one when it is absent. A list of one object counts as the object, and so
        does the text of one: the service's own descriptions disagree with each other there."""
        value = self._value(key)
        if isinstance(value, str) and value:
            return Answer.parse(self.action, value.encode())
        if isinstance(value, (list, tuple)):
            value = value[0] if value else None
        if value is None or value == "":
            return Answer(self.action, {})
        if isinstance(value, Mapping):
            return Answer(self.action, value)
        raise self._unexpected(key, "an object")

    def parts(self, key: str) -> tuple[Answer, ...]:
        """The objects in the list below `key`."""
        found: list[Answer] = []
        for value in self._list(key):
            if not isinstance(value, Mapping):
                raise self._unexpected(key, "a list of objects")
            found.append(Answer(self.action, value))
        return tuple(found)

    def texts(self, key: str) -> tuple[str, ...]:
        """The texts in the list below `key`."""
        found: list[str] = []
        for value in self._list(key):
            if not isinstance(value, str):
                raise self._unexpected(key, "a list of texts")
            found.append(value)
        return tuple(found)

    def _value(self, key: str) -> Json:
        value = self.data.get(key)
        return self.data.get(key[:1].swapcase() + key[1:]) if value is None else value

    def _list(self, key: str) -> tuple[Json, ...]:
        value = self._value(key)
        if value is None or value == "":
            return ()
        if isinstance(value, (list, tuple)):
            return tuple(value)
        raise self._unexpected(key, "a list")

    def _unexpected(self, key: str, wanted: str) -> MalformedAnswer:
        return MalformedAnswer(f"`{self.action}` answered with a `{key}` that is not {wanted}")


def _begins(body: bytes) -> str:
    text = body[:80].decode(errors="replace")
    return repr(text) if text else "nothing at all"
