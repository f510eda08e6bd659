"""The networks that instances are bound to: VPCs, their vSwitches, and security groups with what they let in."""

from __future__ import annotations

from dataclasses import dataclass

HTTPS = 443
"""The port that image data comes in through (service documentation, image import, step 1)."""


@dataclass(frozen=True, slots=True, order=True)
class Home:
    """Where a network lies: a region of an account, whose name is empty for the one of the default credentials."""

    region: str
    account: str = ""


@dataclass(frozen=True, slots=True)
class Vpc:
    """`cidrs` are its own block and the secondary ones."""

    id: str
    cidrs: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Vswitch:
    id: str
    vpc: str
    zone: str


@dataclass(frozen=True, slots=True)
class Ingress:
    """An inbound rule for a block of IPv4 addresses.

    `protocol` is `tcp`, `udp`, … or `all`; the ports go from `first_port` to `last_port`. Of rules that apply, the one
    with the smallest `priority` counts, and of equal ones the one that drops.
    """

    protocol: str
    first_port: int
    last_port: int
    source: str
    accepts: bool = True
    priority: int = 1


@dataclass(frozen=True, slots=True)
class SecurityGroup:
    """`ingress` leaves out rules whose source is no block of addresses: those say nothing about a VPC as a whole."""

    id: str
    vpc: str
    ingress: tuple[Ingress, ...] = ()


@dataclass(frozen=True, slots=True)
class Network:
    """What was found at a home of the VPCs, vSwitches and security groups that were asked for. None: the access key may
    not look at them."""

    region: str
    vpcs: tuple[Vpc, ...] | None = ()
    vswitches: tuple[Vswitch, ...] | None = ()
    security_groups: tuple[SecurityGroup, ...] | None = ()
    account: str = ""

    @property
    def home(self) -> Home:
        return Home(self.region, self.account)

    def vpc(self, vpc: str) -> Vpc | None:
        return next((found for found in self.vpcs or () if found.id == vpc), None)

    def vswitch(self, vpc: str, vswitch: str) -> Vswitch | None:
        return next((found for found in self.vswitches or () if (found.vpc, found.id) == (vpc, vswitch)), None)

    def security_group(self, group: str) -> SecurityGroup | None:
        return next((found for found in self.security_groups or () if found.id == group), None)
