"""A value inside a JSON document that knows where it stands, for typed access with exact complaints."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import TypeVar

from reconciler.live.port import ReadFailed
from reconciler.model.image import Digest, parse_digest
from reconciler.model.json_value import Json

E = TypeVar("E", bound=StrEnum)


@dataclass(frozen=True, slots=True)
class Place:
    """Every method raises ReadFailed when the value is not of the kind that it is named after."""

    value: Json
    parent: Place | None = None
    key: str | int = ""

    @property
    def path(self) -> str:
        """For example `instances[0].name`; built only for complaints."""
        above = self.parent.path if self.parent is not None else ""
        if isinstance(self.key, int):
            return f"{above}[{self.key}]"
        return f"{above}.{self.key}" if above else self.key

    def field(self, name: str) -> Place:
        value = self.value
        if not isinstance(value, Mapping):
            raise self._unexpected("an object")
        if name not in value:
            raise ReadFailed(f"the recorded live state lacks `{Place(None, self, name).path}`", hint=RECORD_AGAIN)
        return Place(value[name], self, name)

    def has(self, name: str) -> bool:
        return isinstance(self.value, Mapping) and name in self.value

    def optional(self, name: str) -> Place:
        """`absent` when there is no such field."""
        return self.or_else(name, None)

    def or_else(self, name: str, default: Json) -> Place:
        """`default` when there is no such field, as in what an older version recorded."""
        if isinstance(self.value, Mapping) and name not in self.value:
            return Place(default, self, name)
        return self.field(name)

    def items(self) -> Iterator[Place]:
        if not isinstance(self.value, (list, tuple)):
            raise self._unexpected("a list")
        for index, value in enumerate(self.value):
            yield Place(value, self, index)

    def texts(self) -> dict[str, str]:
        """An object of texts, by key."""
        if not isinstance(self.value, Mapping):
            raise self._unexpected("an object")
        return {key: Place(value, self, key).text() for key, value in self.value.items()}

    @property
    def absent(self) -> bool:
        return self.value is None

    def text(self) -> str:
        if not isinstance(self.value, str):
            raise self._unexpected("a text")
        return self.value

    def name(self) -> str:
        """A text that is not empty."""
        text = self.text()
        if not text:
            raise self._unexpected("a text that is not empty")
        return text

    def whole(self) -> int:
        value = self.value
        if isinstance(value, float) and value.is_integer():
            return int(value)
        if not isinstance(value, int) or isinstance(value, bool):
            raise self._unexpected("a whole number")
        return value

    def count(self) -> int:
        number = self.whole()
        if number < 0:
            raise self._unexpected("zero or more")
        return number

    def flag(self) -> bool:
        if not isinstance(self.value, bool):
            raise self._unexpected("true or false")
        return self.value

    def word(self, words: type[E]) -> E:
        """One of a closed set."""
        for member in words:
            if member.value == self.value:
                return member
        raise self._unexpected("one of " + ", ".join(f"`{member.value}`" for member in words))

    def digest(self) -> Digest:
        text = self.text()
        if ":" in text:
            try:
                return parse_digest(text)
            except ValueError:
                pass
        raise self._unexpected("a digest")

    def repository(self) -> str:
        """`namespace/repository`."""
        namespace, _, name = self.text().partition("/")
        if not namespace or not name:
            raise self._unexpected("`namespace/repository`")
        return f"{namespace}/{name}"

    def _unexpected(self, wanted: str) -> ReadFailed:
        where = f"`{self.path}`" if self.path else "the document"
        return ReadFailed(f"the recorded live state cannot be read: {where} is not {wanted}", hint=RECORD_AGAIN)


RECORD_AGAIN = "record it again with `--record FILE`"
