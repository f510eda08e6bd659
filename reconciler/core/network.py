"""The network that image imports go through: VPC, vSwitch, security group and the service's own role.

All of it is skipped on Finance Cloud and Gov Cloud, where the service wants none of it.
"""

from __future__ import annotations

from collections.abc import Iterator

from reconciler.core.firewall import kept_out
from reconciler.core.projection import Paired, World
from reconciler.core.zones import zones_of
from reconciler.model import address
from reconciler.model.address import Address
from reconciler.model.cloud import CloudClass, cloud_class
from reconciler.model.diagnostic import Diagnostic, Severity
from reconciler.model.live import Live
from reconciler.model.network import HTTPS, Home, Network, Vpc
from reconciler.model.place import Span
from reconciler.model.rulebook import Rule
from reconciler.model.scope import NetworkScope
from reconciler.model.spec import Desired, ImportRule, VpcBinding

SERVICE_ROLE = "AliyunServiceRoleForContainerRegistryConnectCustomerVPC"
SERVICE = "connect-customer-vpc.cr.aliyuncs.com"
"""The role that imports over a VPC need, and the service that RAM makes it for (service documentation, service-linked
role for VPC access)."""

_PAGE = "service documentation, image import, step 1"

RULES = (
    Rule(
        "R-NET-3",
        "a VPC or vSwitch is not where it is needed",
        "VPC and vSwitch have to be in the region of the instance that they are bound to, and the vSwitch in the VPC.",
        "Correct `vpc` or `vswitch`, or create them in the region of the instance.",
        _PAGE,
    ),
    Rule(
        "R-NET-4",
        "a security group is not where it is needed",
        "The security group has to be in the region of the instance, and in the VPC that is bound to it.",
        "Correct `security_group`, or create it in the VPC.",
        _PAGE,
    ),
    Rule(
        "R-NET-5",
        "a security group keeps image data out",
        "The inbound rules of the security group have to let in TCP 443 from every block of addresses of the VPC.",
        "Set `open_security_group: true` on the binding, which adds the rule, or add it in the console.",
        _PAGE,
    ),
    Rule(
        "R-NET-6",
        "a vSwitch is in a zone that does not support imports",
        "`settings.zones` names the zones of the region that support image import over a VPC, and this is not one.",
        "Bind a vSwitch in one of the zones, or add the zone to `settings.zones`.",
        _PAGE,
    ),
    Rule(
        "R-NET-7",
        "nobody knows whether a zone supports imports",
        "Only some zones support image import over a VPC. The built-in data knows the regions and not their zones.",
        "Look the zone up on the service's page on image import, and name it in `settings.zones`.",
        _PAGE,
    ),
    Rule(
        "R-NET-8",
        "the network could not be checked",
        "The access key may not look at a part of the network, so it is taken to be in order.",
        "Grant the action that is named, or look in the console.",
    ),
)


def bindings(desired: Desired) -> Iterator[tuple[VpcBinding, Home]]:
    """The bindings whose network counts, each with where it has to be."""
    for binding in desired.vpcs:
        instance = desired.instance(binding.instance)
        if instance is not None and cloud_class(instance.region) is CloudClass.PUBLIC:
            yield binding, Home(instance.region, instance.account)


def imports(desired: Desired) -> Iterator[ImportRule]:
    """The imports that go through a VPC."""
    keys = {binding.key for binding, _ in bindings(desired)}
    return (rule for rule in desired.imports if rule.vpc in keys)


def scopes(desired: Desired) -> tuple[NetworkScope, ...]:
    """What has to be looked at, one scope for each home."""
    homes: dict[Home, list[VpcBinding]] = {}
    for binding, home in bindings(desired):
        homes.setdefault(home, []).append(binding)
    return tuple(
        NetworkScope(
            home,
            frozenset(binding.vpc for binding in found),
            frozenset((binding.vpc, binding.vswitch) for binding in found),
            frozenset(binding.security_group for binding in found if binding.security_group is not None),
        )
        for home, found in sorted(homes.items())
    )


def role_homes(desired: Desired) -> tuple[Home, ...]:
    """The accounts that need the role, each with one of its regions."""
    used = {rule.vpc for rule in imports(desired)}
    homes = {home.account: home for binding, home in reversed(list(bindings(desired))) if binding.key in used}
    return tuple(homes[account] for account in sorted(homes))


def role_address(account: str) -> Address:
    return address.role(f"{SERVICE_ROLE}@{account}" if account else SERVICE_ROLE)


def opened(desired: Desired) -> Iterator[tuple[VpcBinding, Home]]:
    """The bindings whose security group may be opened."""
    return ((b, home) for b, home in bindings(desired) if b.security_group is not None and b.open_security_group)


def roles(world: World) -> Iterator[Paired]:
    for home in role_homes(world.desired):
        role = world.live.role(SERVICE_ROLE, home.account)
        if role is not None and role.exists is not None:
            declared = {"service": SERVICE}
            yield Paired(role_address(home.account), declared, declared if role.exists else None)


def security_groups(world: World) -> Iterator[Paired]:
    for binding, home in opened(world.desired):
        closed = closed_blocks(binding, world.live.network(home))
        if closed is None:
            continue
        vpc, shut = closed
        here = [shown(block) for block in vpc.cidrs if block not in shut]
        wanted = [shown(block) for block in vpc.cidrs]
        reason = f"`{binding.security_group}` does not let in {', '.join(map(shown, shut))}"
        yield Paired(address.security_group(binding.key), {"ingress": wanted}, {"ingress": here}, reason=reason)


def closed_blocks(binding: VpcBinding, network: Network | None) -> tuple[Vpc, tuple[str, ...]] | None:
    """The VPC and those of its blocks that the security group keeps out; None when that cannot be told."""
    if network is None or binding.security_group is None:
        return None
    vpc, group = network.vpc(binding.vpc), network.security_group(binding.security_group)
    if vpc is None or group is None or group.vpc != vpc.id:
        return None
    return vpc, kept_out(group, vpc.cidrs, HTTPS)


def shown(block: str) -> str:
    return f"tcp {HTTPS} from {block}"


def check(desired: Desired, live: Live) -> Iterator[Diagnostic]:
    """What is wrong with the networks that were looked at."""
    through = {rule.vpc for rule in imports(desired)}
    for binding, home in bindings(desired):
        network = live.network(home)
        if network is None:
            continue
        yield from _placed(binding, home.region, network)
        yield from _closed(binding, network)
        if binding.key in through:
            yield from _zone(binding, home.region, network, desired)
    homes = {binding.key: home for binding, home in bindings(desired)}
    told: set[str] = set()
    for rule in imports(desired):
        account = homes[rule.vpc or ""].account
        role = live.role(SERVICE_ROLE, account)
        if role is not None and role.exists is None and account not in told:
            told.add(account)
            yield _unchecked(str(rule.address), f"the role `{SERVICE_ROLE}`", "ram:GetRole", rule.places.at("vpc"))


def _placed(binding: VpcBinding, region: str, network: Network) -> Iterator[Diagnostic]:
    where, places = str(binding.address), binding.places
    if network.vpcs is None:
        yield _unchecked(where, f"VPC `{binding.vpc}`", "vpc:DescribeVpcs", places.at("vpc"))
    elif network.vpc(binding.vpc) is None:
        summary = f"VPC `{binding.vpc}` is not in `{region}`, the region of `{binding.instance}`"
        hint = f"name a VPC in `{region}`"
        yield Diagnostic("R-NET-3", Severity.ERROR, summary, hint=hint, span=places.at("vpc"), address=where)
        return
    if network.vswitches is None:
        yield _unchecked(where, f"vSwitch `{binding.vswitch}`", "vpc:DescribeVSwitches", places.at("vswitch"))
    elif network.vswitch(binding.vpc, binding.vswitch) is None:
        summary = f"VPC `{binding.vpc}` has no vSwitch `{binding.vswitch}` in `{region}`"
        hint = f"name a vSwitch of `{binding.vpc}`"
        yield Diagnostic("R-NET-3", Severity.ERROR, summary, hint=hint, span=places.at("vswitch"), address=where)
    if binding.security_group is None:
        return
    place = places.at("security_group")
    group = network.security_group(binding.security_group)
    if network.security_groups is None:
        action = "ecs:DescribeSecurityGroupAttribute"
        yield _unchecked(where, f"security group `{binding.security_group}`", action, place)
    elif group is None:
        summary = f"security group `{binding.security_group}` is not in `{region}`, the region of `{binding.instance}`"
        hint = f"name a security group of `{binding.vpc}`"
        yield Diagnostic("R-NET-4", Severity.ERROR, summary, hint=hint, span=place, address=where)
    elif group.vpc != binding.vpc:
        summary = f"security group `{group.id}` belongs to VPC `{group.vpc}`, not to `{binding.vpc}`"
        hint = f"name a security group of `{binding.vpc}`"
        yield Diagnostic("R-NET-4", Severity.ERROR, summary, hint=hint, span=place, address=where)


def _closed(binding: VpcBinding, network: Network) -> Iterator[Diagnostic]:
    closed = closed_blocks(binding, network)
    if closed is None or not closed[1] or binding.open_security_group:
        return
    yield Diagnostic(
        "R-NET-5",
        Severity.WARNING,
        f"security group `{binding.security_group}` does not let in {', '.join(map(shown, closed[1]))}",
        hint="set `open_security_group: true` to have it opened, or add the inbound rule in the console",
        span=binding.places.at("security_group"),
        address=str(binding.address),
    )


def _zone(binding: VpcBinding, region: str, network: Network, desired: Desired) -> Iterator[Diagnostic]:
    vswitch = network.vswitch(binding.vpc, binding.vswitch)
    zones = zones_of(region, desired.settings.zones)
    if vswitch is None or not zones or vswitch.zone in zones:
        return
    yield Diagnostic(
        "R-NET-6",
        Severity.ERROR,
        f"vSwitch `{vswitch.id}` is in zone `{vswitch.zone}`, which does not support image import",
        hint=f"use a vSwitch in one of: {', '.join(f'`{zone}`' for zone in zones)}",
        span=binding.places.at("vswitch"),
        address=str(binding.address),
    )


def unknown_zones(desired: Desired, live: Live) -> Iterator[Diagnostic]:
    """To be told while there is something to import: nothing that the service answers settles it."""
    through = {rule.vpc for rule in imports(desired)}
    for binding, home in bindings(desired):
        region, network = home.region, live.network(home)
        vswitch = network.vswitch(binding.vpc, binding.vswitch) if network is not None else None
        zones = zones_of(region, desired.settings.zones)
        if binding.key not in through or vswitch is None or zones:
            continue
        why = f"`{region}` is not in the service's table" if zones is None else f"no zones are known for `{region}`"
        yield Diagnostic(
            "R-NET-7",
            Severity.WARNING,
            f"zone `{vswitch.zone}` of vSwitch `{vswitch.id}` may not support image import: {why}",
            hint=f"look it up, then write `settings.zones: {{{region}: [{vswitch.zone}]}}`",
            span=binding.places.at("vswitch"),
            address=str(binding.address),
        )


def _unchecked(where: str, what: str, action: str, place: Span) -> Diagnostic:
    return Diagnostic(
        "R-NET-8",
        Severity.WARNING,
        f"{what} could not be checked: the access key may not call `{action}`",
        hint=f"grant `{action}`, or look in the console",
        span=place,
        address=where,
    )
