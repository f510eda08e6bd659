"""Both ends of one transfer: what is read from, and the registries that are written to."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from reconciler.oci.client import Registry
from reconciler.oci.source import ImageSource, Sources
from reconciler.transfer.plan import TransferPlan


@dataclass(frozen=True, slots=True)
class Clients:
    """By what images call them. A registry that is both a source and a target is the same client in both."""

    sources: Mapping[str, ImageSource]
    registries: Mapping[str, Registry]

    @classmethod
    def of(cls, plan: TransferPlan, sources: Sources, registries: Callable[[str], Registry]) -> Clients:
        read = sorted({transfer.source.registry for transfer in plan.images})
        written = sorted({transfer.target.registry for transfer in plan.images})
        return cls({name: sources(name) for name in read}, {host: registries(host) for host in written})

    def each(self) -> Iterator[ImageSource | Registry]:
        """Every client once."""
        yield from {id(client): client for client in (*self.sources.values(), *self.registries.values())}.values()
