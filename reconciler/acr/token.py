"""A login to a registry, as the OpenAPI gives it out."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class RegistryToken:
    """`expires` is seconds since the epoch."""

    username: str
    password: str = field(repr=False)
    expires: float
