"""The product ECS (version 2014-05-26): security groups and their inbound rules."""

from __future__ import annotations

from ipaddress import IPv4Network

from reconciler.emulator.identifiers import resource_id
from reconciler.emulator.networks import Permission
from reconciler.emulator.openapi.call import Call, Operation, Payload, invalid
from reconciler.emulator.refusal import Refused

_PROTOCOLS = ("TCP", "UDP", "ICMP", "ICMPV6", "GRE", "ALL")
_MOST = 1000


def describe_security_group_attribute(call: Call) -> Payload:
    group = call.cloud.account.networks.security_group(
        call.parameters.required("RegionId"), call.parameters.required("SecurityGroupId")
    )
    direction = call.parameters.text("Direction") or "all"
    found = group.permissions if direction in ("ingress", "all") else []
    start = call.parameters.integer("NextToken", 0, low=0)
    size = call.parameters.integer("MaxResults", _MOST, high=_MOST)
    rows: list[Payload] = [_shown(permission) for permission in found[start : start + size]]
    return {
        "SecurityGroupId": group.id,
        "SecurityGroupName": "",
        "RegionId": group.region,
        "VpcId": group.vpc,
        "Description": "",
        "InnerAccessPolicy": "Accept",
        "Permissions": {"Permission": rows},
        "NextToken": str(start + size) if start + size < len(found) else "",
    }


def authorize_security_group(call: Call) -> Payload:
    """A rule that is there already is no error, as at the real service."""
    group = call.cloud.account.networks.security_group(
        call.parameters.required("RegionId"), call.parameters.required("SecurityGroupId")
    )
    number = 1
    while call.parameters.text(f"Permissions.{number}.IpProtocol"):
        made = _permission(call, f"Permissions.{number}.", group.id)
        same = (made.protocol, made.ports, made.source, made.policy, made.priority)
        if not any((p.protocol, p.ports, p.source, p.policy, p.priority) == same for p in group.permissions):
            group.permissions.append(made)
        number += 1
    if number == 1:
        raise Refused("MissingParameter", "The input parameter Permissions is mandatory.", 400)
    return {}


def _permission(call: Call, prefix: str, group: str) -> Permission:
    protocol = call.parameters.text(f"{prefix}IpProtocol").upper()
    source, ports = call.parameters.required(f"{prefix}SourceCidrIp"), call.parameters.required(f"{prefix}PortRange")
    policy = call.parameters.text(f"{prefix}Policy") or "accept"
    if protocol not in _PROTOCOLS:
        raise invalid("IpProtocol", protocol)
    try:
        IPv4Network(source)
        first, last = (int(port) for port in ports.split("/"))
    except ValueError:
        raise Refused("InvalidParameter", f"The specified rule is not valid: {source} {ports}", 400) from None
    if (first, last) != (-1, -1) and not 1 <= first <= last <= 65535:
        raise invalid("PortRange", ports)
    priority = call.parameters.integer(f"{prefix}Priority", 1, high=100)
    return Permission(
        resource_id("sgr", group, protocol, ports, source, policy),
        protocol,
        ports,
        source,
        policy.capitalize(),
        str(priority),
        call.parameters.text(f"{prefix}Description"),
    )


def _shown(permission: Permission) -> Payload:
    return {
        "SecurityGroupRuleId": permission.id,
        "Direction": "ingress",
        "IpProtocol": permission.protocol,
        "PortRange": permission.ports,
        "SourceCidrIp": permission.source,
        "SourceGroupId": "",
        "Policy": permission.policy,
        "Priority": permission.priority,
        "NicType": "intranet",
        "Description": permission.description,
    }


OPERATIONS: dict[str, Operation] = {
    "DescribeSecurityGroupAttribute": describe_security_group_attribute,
    "AuthorizeSecurityGroup": authorize_security_group,
}
