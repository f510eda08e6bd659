"""Networks and roles as JSON, and back. Null stands for what the access key may not look at."""

from __future__ import annotations

from reconciler.live.snapshot.place import Place
from reconciler.model.json_value import Json
from reconciler.model.live import LiveRole
from reconciler.model.network import Ingress, Network, SecurityGroup, Vpc, Vswitch


def dump(item: Network) -> Json:
    return {
        "region": item.region,
        **({"account": item.account} if item.account else {}),
        "vpcs": None
        if item.vpcs is None
        else [{"id": vpc.id, "cidrs": list[Json](vpc.cidrs)} for vpc in sorted(item.vpcs, key=lambda v: v.id)],
        "vswitches": None
        if item.vswitches is None
        else [{"id": v.id, "vpc": v.vpc, "zone": v.zone} for v in sorted(item.vswitches, key=lambda v: v.id)],
        "security_groups": None
        if item.security_groups is None
        else [
            {"id": group.id, "vpc": group.vpc, "ingress": [_ingress(rule) for rule in group.ingress]}
            for group in sorted(item.security_groups, key=lambda g: g.id)
        ],
    }


def dump_role(role: LiveRole) -> Json:
    return {"name": role.name, "account": role.account, "exists": role.exists}


def _ingress(rule: Ingress) -> Json:
    return {
        "protocol": rule.protocol,
        "first_port": rule.first_port,
        "last_port": rule.last_port,
        "source": rule.source,
        "accepts": rule.accepts,
        "priority": rule.priority,
    }


def parse(item: Place) -> Network:
    vpcs, vswitches, groups = (item.field(name) for name in ("vpcs", "vswitches", "security_groups"))
    account = item.optional("account")
    return Network(
        item.field("region").name(),
        None if vpcs.absent else tuple(_vpc(vpc) for vpc in vpcs.items()),
        None if vswitches.absent else tuple(_vswitch(vswitch) for vswitch in vswitches.items()),
        None if groups.absent else tuple(_group(group) for group in groups.items()),
        "" if account.absent else account.text(),
    )


def parse_role(item: Place) -> LiveRole:
    exists = item.field("exists")
    return LiveRole(item.field("name").name(), item.field("account").text(), None if exists.absent else exists.flag())


def _vpc(item: Place) -> Vpc:
    return Vpc(item.field("id").name(), tuple(cidr.name() for cidr in item.field("cidrs").items()))


def _vswitch(item: Place) -> Vswitch:
    return Vswitch(item.field("id").name(), item.field("vpc").name(), item.field("zone").name())


def _group(item: Place) -> SecurityGroup:
    rules = tuple(
        Ingress(
            rule.field("protocol").name(),
            rule.field("first_port").count(),
            rule.field("last_port").count(),
            rule.field("source").name(),
            rule.field("accepts").flag(),
            rule.field("priority").whole(),
        )
        for rule in item.field("ingress").items()
    )
    return SecurityGroup(item.field("id").name(), item.field("vpc").text(), rules)
