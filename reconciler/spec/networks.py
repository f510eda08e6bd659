"""VPC bindings, and the networks of a seed."""

from __future__ import annotations

from reconciler.model import address
from reconciler.model.network import Ingress, Network, SecurityGroup, Vpc, Vswitch
from reconciler.model.spec import VpcBinding
from reconciler.spec.fields import Fields
from reconciler.spec.problem import error
from reconciler.spec.references import Build

_ALL_PORTS = (1, 65535)


def vpcs(build: Build) -> tuple[VpcBinding, ...]:
    found = [binding for key, fields in build.fields.entries("vpcs") if (binding := _binding(build, key, fields))]
    return tuple(sorted(found, key=lambda v: v.address))


def _binding(build: Build, key: str, fields: Fields) -> VpcBinding | None:
    where = str(address.vpc(key))
    instance, vpc, vswitch = fields.text("instance"), fields.text("vpc"), fields.text("vswitch")
    group, opened = fields.text("security_group"), fields.flag("open_security_group") or False
    if instance is not None:
        build.instance(instance, fields.span("instance"), where)
    if opened and "security_group" not in fields:
        summary = "`open_security_group` is set and no `security_group` is named"
        hint = "name the `security_group` that may be opened"
        build.found.append(error("R-SPEC-11", summary, fields.span("open_security_group"), hint, address=where))
    if instance is None or vpc is None or vswitch is None:
        return None
    module, dns = fields.text("module") or "registry", fields.flag("dns")
    return VpcBinding(key, instance, vpc, vswitch, group, module, opened, dns, fields.places())


def networks(build: Build) -> tuple[Network, ...]:
    """Of a seed."""
    return tuple(_network(region, fields) for region, fields in build.fields.entries("networks"))


def _network(region: str, fields: Fields) -> Network:
    return Network(
        region,
        tuple(
            Vpc(key, (cidr, *(text.value for text in f.texts("secondary_cidrs"))))
            for key, f in fields.entries("vpcs")
            if (cidr := f.text("cidr")) is not None
        ),
        tuple(
            Vswitch(key, vpc, zone)
            for key, f in fields.entries("vswitches")
            if (vpc := f.text("vpc")) is not None and (zone := f.text("zone")) is not None
        ),
        tuple(
            SecurityGroup(key, vpc, tuple(_ingress(rule) for rule in f.each("allow")))
            for key, f in fields.entries("security_groups")
            if (vpc := f.text("vpc")) is not None
        ),
    )


def _ingress(rule: Fields) -> Ingress:
    first, last = _ALL_PORTS
    ports = rule.text("ports")
    if ports is not None and "/" in ports:
        first, last = (int(port) for port in ports.split("/"))
    return Ingress(rule.text("protocol") or "tcp", first, last, rule.text("source") or "0.0.0.0/0")
