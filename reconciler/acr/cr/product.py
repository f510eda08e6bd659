"""How the Enterprise Edition API is called: parameters in the query, one action per call, numbered pages."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TypeAlias

from reconciler.acr.answer import Answer
from reconciler.acr.request import Request, Version
from reconciler.acr.transport import Caller

Parameter: TypeAlias = str | int | bool | None
"""None leaves the parameter out."""

PAGE = 50
"""No list documents a maximum except tags and repositories; 50 is what the Terraform provider asks the others for."""

LONG_PAGE = 100
"""The documented maximum of ListRepository and ListRepoTag."""


class Product:
    """Calls of one API through a transport."""

    def __init__(self, transport: Caller) -> None:
        self._transport = transport

    def _call(self, region: str, action: str, parameters: Mapping[str, Parameter]) -> Answer:
        query = {name: _written(value) for name, value in parameters.items() if value is not None}
        return self._transport.call(Request(Version.ENTERPRISE, action, region, query))

    def _list(
        self, region: str, action: str, key: str, parameters: Mapping[str, Parameter], *, page: int = PAGE
    ) -> Iterator[Answer]:
        """The objects below `key` of every page, as they come."""
        seen = 0
        number = 1
        while True:
            answer = self._call(region, action, {**parameters, "PageNo": number, "PageSize": page})
            found = answer.parts(key)
            yield from found
            seen += len(found)
            if not found or seen >= answer.number("TotalCount", seen if len(found) < page else seen + 1):
                return
            number += 1


def _written(value: str | int | bool) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)
