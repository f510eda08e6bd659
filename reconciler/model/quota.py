"""How much an instance may hold."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from reconciler.model.spec import Edition


@dataclass(frozen=True, slots=True)
class QuotaUse:
    """`limit` is what the instance may hold, with what was bought on top of its edition."""

    used: int
    limit: int


@dataclass(frozen=True, slots=True)
class Usage:
    namespaces: QuotaUse
    repositories: QuotaUse
    vpcs: QuotaUse


@dataclass(frozen=True, slots=True)
class Included:
    """What an edition holds without anything bought on top."""

    namespaces: int
    repositories: int


INCLUDED: Mapping[Edition, Included] = MappingProxyType(
    {Edition.BASIC: Included(15, 1000), Edition.ADVANCED: Included(50, 5000)}
)
"""The published figures ("What is Container Registry", 2026-06); there are none for the other editions and for VPCs."""
