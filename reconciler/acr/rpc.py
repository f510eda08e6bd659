"""Products that are called RPC style: one action per call, parameters in the query."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar, TypeAlias

from reconciler.acr.answer import Answer
from reconciler.acr.request import Request, Version
from reconciler.acr.transport import Caller

Parameter: TypeAlias = str | int | bool | None
"""None leaves the parameter out."""


class RpcProduct:
    """Calls of one API through a transport."""

    version: ClassVar[Version]

    def __init__(self, transport: Caller) -> None:
        self._transport = transport

    def _call(
        self, region: str, action: str, parameters: Mapping[str, Parameter], account: str | None = None
    ) -> Answer:
        query = {name: _written(value) for name, value in parameters.items() if value is not None}
        return self._transport.call(Request(self.version, action, region, query, account=account))


def listed(name: str, values: Mapping[str, Parameter] | tuple[str, ...], number: int = 1) -> dict[str, Parameter]:
    """A list of texts as `Name.1`, `Name.2`, …, or item `number` of a list of objects as `Name.1.Field`."""
    if isinstance(values, tuple):
        return {f"{name}.{index}": value for index, value in enumerate(values, 1)}
    return {f"{name}.{number}.{key}": value for key, value in values.items()}


def _written(value: str | int | bool) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)
