"""VPCs, security groups and roles in memory, in place of the products that have them; `id@region` names each."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from reconciler.acr.ecs import Ecs
from reconciler.acr.ram import Ram
from reconciler.acr.surroundings import Surroundings
from reconciler.acr.vpc import VpcProduct
from reconciler.model.network import Ingress, SecurityGroup, Vpc, Vswitch


@dataclass
class Networks(VpcProduct):
    vpcs: dict[str, Vpc] = field(default_factory=dict)

    def get_vpc(self, region: str, vpc: str) -> Vpc | None:
        return self.vpcs.get(f"{vpc}@{region}")

    def get_vswitch(self, region: str, vpc: str, vswitch: str) -> Vswitch | None:
        raise AssertionError(f"no step looks for a vSwitch: {vswitch} of {vpc} in {region}")


@dataclass
class Groups(Ecs):
    groups: dict[str, SecurityGroup] = field(default_factory=dict)
    ignores: bool = False
    """Answers as if a rule was added, and adds none."""

    def get_security_group(self, region: str, group: str) -> SecurityGroup | None:
        return self.groups.get(f"{group}@{region}")

    def let_in(self, region: str, group: str, rule: Ingress, description: str) -> None:
        found = self.groups[f"{group}@{region}"]
        assert description
        if not self.ignores:
            self.groups[f"{group}@{region}"] = replace(found, ingress=(*found.ingress, rule))


@dataclass
class Roles(Ram):
    made: dict[str, str] = field(default_factory=dict)
    """Services by the role that was made for them."""

    def has_role(self, region: str, name: str) -> bool:
        assert region
        return name in self.made

    def create_service_linked_role(self, region: str, service: str) -> None:
        assert region
        self.made["AliyunServiceRoleForContainerRegistryConnectCustomerVPC"] = service


def neighbourhood(
    vpcs: dict[str, Vpc] | None = None, groups: dict[str, SecurityGroup] | None = None, *, ignores: bool = False
) -> Surroundings:
    return Surroundings(Networks(vpcs or {}), Groups(groups or {}, ignores), Roles())
