"""VPCs, security groups and roles in memory, in place of the products that have them; `id@region` names each."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from reconciler.acr.ecs import Ecs
from reconciler.acr.ram import Ram
from reconciler.acr.surroundings import Surroundings
from reconciler.acr.vpc import VpcProduct
from reconciler.model.network import Home, Ingress, SecurityGroup, Vpc, Vswitch


@dataclass
class Networks(VpcProduct):
    vpcs: dict[str, Vpc] = field(default_factory=dict)

    def get_vpc(self, home: Home, vpc: str) -> Vpc | None:
        return self.vpcs.get(f"{vpc}@{home.region}")

    def get_vswitch(self, home: Home, vpc: str, vswitch: str) -> Vswitch | None:
        raise AssertionError(f"no step looks for a vSwitch: {vswitch} of {vpc} in {home.region}")


@dataclass
class Groups(Ecs):
    groups: dict[str, SecurityGroup] = field(default_factory=dict)
    ignores: bool = False
    """Answers as if a rule was added, and adds none."""

    def get_security_group(self, home: Home, group: str) -> SecurityGroup | None:
        return self.groups.get(f"{group}@{home.region}")

    def let_in(self, home: Home, group: str, rule: Ingress, description: str) -> None:
        found = self.groups[f"{group}@{home.region}"]
        assert description
        if not self.ignores:
            self.groups[f"{group}@{home.region}"] = replace(found, ingress=(*found.ingress, rule))


@dataclass
class Roles(Ram):
    made: dict[str, str] = field(default_factory=dict)
    """Services by the role that was made for them."""

    def has_role(self, home: Home, name: str) -> bool:
        assert home.region
        return name in self.made

    def create_service_linked_role(self, home: Home, service: str) -> None:
        assert home.region
        self.made["AliyunServiceRoleForContainerRegistryConnectCustomerVPC"] = service


def neighbourhood(
    vpcs: dict[str, Vpc] | None = None, groups: dict[str, SecurityGroup] | None = None, *, ignores: bool = False
) -> Surroundings:
    return Surroundings(Networks(vpcs or {}), Groups(groups or {}, ignores), Roles())
