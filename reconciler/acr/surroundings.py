"""The products beside the registry that a VPC binding relies on."""

from __future__ import annotations

from dataclasses import dataclass

from reconciler.acr.ecs import Ecs
from reconciler.acr.ram import Ram
from reconciler.acr.transport import Caller
from reconciler.acr.vpc import VpcProduct


@dataclass(frozen=True, slots=True)
class Surroundings:
    vpc: VpcProduct
    ecs: Ecs
    ram: Ram

    @classmethod
    def over(cls, transport: Caller) -> Surroundings:
        return cls(VpcProduct(transport), Ecs(transport), Ram(transport))
