"""One OpenAPI call, parsed: parameters with their types, paging, and where it is scoped to."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import TypeAlias, TypeVar

from reconciler.emulator.cloud import Cloud
from reconciler.emulator.refusal import Refused
from reconciler.model.json_value import Json

_DEFAULT_PAGE = 30
_LARGEST_PAGE = 100

Item = TypeVar("Item")
Choice = TypeVar("Choice", bound=StrEnum)


def invalid(name: str, value: object) -> Refused:
    return Refused(f"Invalid{name}", f"the specified parameter {name} is not valid: {value}", 400)


@dataclass(frozen=True, slots=True)
class Page:
    """`number` counts from 1."""

    number: int
    size: int

    def cut(self, items: Sequence[Item]) -> Sequence[Item]:
        return items[(self.number - 1) * self.size : self.number * self.size]


@dataclass(frozen=True, slots=True)
class Parameters:
    """Every method raises Refused in the gateway's words: `MissingX`, `InvalidX`."""

    values: Mapping[str, str]

    def required(self, name: str) -> str:
        value = self.values.get(name, "")
        if not value:
            raise Refused(f"Missing{name}", f"{name} is mandatory for this action.", 400)
        return value

    def text(self, name: str) -> str:
        return self.values.get(name, "")

    def flag(self, name: str) -> bool | None:
        """`true` and `True` are the same: the official Python SDK sends the latter."""
        value = self.values.get(name)
        if not value:
            return None
        if value.lower() not in ("true", "false"):
            raise invalid(name, value)
        return value.lower() == "true"

    def texts(self, name: str) -> list[str]:
        """A list that came as `Name.1`, `Name.2`, …"""
        found: list[str] = []
        while value := self.values.get(f"{name}.{len(found) + 1}", ""):
            found.append(value)
        return found

    def integer(self, name: str, default: int, *, low: int = 1, high: int | None = None) -> int:
        value = self.values.get(name)
        if not value:
            return default
        if not value.isdecimal() or int(value) < low or (high is not None and int(value) > high):
            raise invalid(name, value)
        return int(value)

    def choice(self, name: str, choices: type[Choice], default: Choice | None = None) -> Choice:
        value = self.text(name) if default is not None else self.required(name)
        if not value and default is not None:
            return default
        try:
            return choices(value)
        except ValueError:
            raise invalid(name, value) from None

    def choice_of(self, name: str, choices: Sequence[str]) -> str:
        value = self.required(name)
        if value not in choices:
            raise invalid(name, value)
        return value

    def structure(self, name: str) -> Json:
        """A parameter that holds JSON; None when it was not given."""
        value = self.values.get(name)
        if not value:
            return None
        try:
            parsed: Json = json.loads(value)
        except ValueError:
            raise invalid(name, value) from None
        return parsed

    def page(self) -> Page:
        return Page(self.integer("PageNo", 1), min(self.integer("PageSize", _DEFAULT_PAGE), _LARGEST_PAGE))


@dataclass(frozen=True, slots=True)
class Call:
    """`region` is None when the caller named none: then everything of the account is in scope. `path` and `body` are
    those of a ROA call, without its fixed parts."""

    cloud: Cloud
    parameters: Parameters
    region: str | None
    path: tuple[str, ...] = ()
    body: Json = None


Payload: TypeAlias = dict[str, Json]
Operation: TypeAlias = Callable[[Call], Payload | Awaitable[Payload]]


@dataclass(frozen=True, slots=True)
class Slice:
    """One answer of a listing that knows both kinds of paging; `MaxResults` and `NextToken` win over page numbers."""

    start: int
    size: int
    fields: Payload


def listing_slice(parameters: Parameters, total: int) -> Slice:
    if parameters.text("MaxResults") or parameters.text("NextToken"):
        size = min(parameters.integer("MaxResults", _DEFAULT_PAGE), _LARGEST_PAGE)
        start = parameters.integer("NextToken", 0, low=0)
        fields: Payload = {"MaxResults": size, "TotalCount": str(total)}
        if start + size < total:
            fields["NextToken"] = str(start + size)
        return Slice(start, size, fields)
    page = parameters.page()
    fields = {"PageNo": page.number, "PageSize": page.size, "TotalCount": str(total)}
    return Slice((page.number - 1) * page.size, page.size, fields)
