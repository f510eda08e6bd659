"""The account's networks: VPCs, vSwitches and security groups of every region."""

from __future__ import annotations

from dataclasses import dataclass, field

from reconciler.emulator.identifiers import resource_id
from reconciler.emulator.refusal import Refused
from reconciler.model.network import Network

_MADE_UP_CIDR = "10.0.0.0/8"


@dataclass(slots=True)
class Vpc:
    id: str
    region: str
    cidr: str
    secondary: list[str] = field(default_factory=list)


@dataclass(slots=True)
class Vswitch:
    id: str
    vpc: str
    zone: str


@dataclass(slots=True)
class Permission:
    """An inbound rule in the service's words: `TCP`, `443/443`, `Accept`, `1`."""

    id: str
    protocol: str
    ports: str
    source: str
    policy: str
    priority: str
    description: str = ""


@dataclass(slots=True)
class SecurityGroup:
    id: str
    region: str
    vpc: str
    permissions: list[Permission] = field(default_factory=list)


@dataclass(slots=True)
class Networks:
    """Keyed by id.

    When nobody has `described` them, a VPC or a vSwitch is made up the first time that somebody asks for it by id, so
    that a spec with the ids of a real account runs here as it is.
    """

    described: bool = False
    vpcs: dict[str, Vpc] = field(default_factory=dict)
    vswitches: dict[str, Vswitch] = field(default_factory=dict)
    security_groups: dict[str, SecurityGroup] = field(default_factory=dict)

    def find_vpc(self, region: str, vpc: str) -> Vpc | None:
        if not self.described and vpc not in self.vpcs:
            self.vpcs[vpc] = Vpc(vpc, region, _MADE_UP_CIDR)
        found = self.vpcs.get(vpc)
        return found if found is not None and found.region == region else None

    def find_vswitch(self, region: str, vpc: str, vswitch: str) -> Vswitch | None:
        """In whatever VPC it is when `vpc` is empty."""
        if not self.described and vpc and vswitch not in self.vswitches and self.find_vpc(region, vpc):
            self.vswitches[vswitch] = Vswitch(vswitch, vpc, f"{region}-h")
        found = self.vswitches.get(vswitch)
        if found is None or self.find_vpc(region, found.vpc) is None:
            return None
        return found if vpc in ("", found.vpc) else None

    def security_group(self, region: str, group: str) -> SecurityGroup:
        """Raises Refused in the words of ECS."""
        found = self.security_groups.get(group)
        if found is None or found.region != region:
            message = f"The specified security group does not exist: {group}"
            raise Refused("InvalidSecurityGroupId.NotFound", message, 404)
        return found

    def add(self, network: Network) -> None:
        self.described = True
        for vpc in network.vpcs or ():
            self.vpcs[vpc.id] = Vpc(vpc.id, network.region, vpc.cidrs[0], list(vpc.cidrs[1:]))
        for vswitch in network.vswitches or ():
            self.vswitches[vswitch.id] = Vswitch(vswitch.id, vswitch.vpc, vswitch.zone)
        for group in network.security_groups or ():
            permissions = [
                Permission(
                    resource_id("sgr", group.id, str(index)),
                    rule.protocol.upper(),
                    f"{rule.first_port}/{rule.last_port}",
                    rule.source,
                    "Accept" if rule.accepts else "Drop",
                    str(rule.priority),
                )
                for index, rule in enumerate(group.ingress)
            ]
            self.security_groups[group.id] = SecurityGroup(group.id, network.region, group.vpc, permissions)
