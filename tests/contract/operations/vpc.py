"""VPC, version 2016-04-28."""

from __future__ import annotations

from tests.contract.operations.official import VPC
from tests.contract.operations.stage import Operation

OPERATIONS: tuple[Operation, ...] = (
    Operation(
        VPC,
        "DescribeVpcs",
        lambda _: {"RegionId": "cn-hangzhou", "VpcId": "vpc-1"},
        # The local cloud knows IPv4 alone, and nothing of what a VPC is routed through.
        omits=tuple(
            f"Vpcs.Vpc.{name}"
            for name in (
                "CenStatus",
                "CreationTime",
                "Description",
                "Dhcp*",
                "DnsHostnameStatus",
                "EnabledIpv6",
                "Ipv6*",
                "NatGatewayIds*",
                "OwnerId",
                "RouterTableIds*",
                "Tags*",
                "UserCidrs*",
                "VRouterId",
            )
        ),
    ),
    Operation(
        VPC,
        "DescribeVSwitches",
        lambda _: {"RegionId": "cn-hangzhou", "VpcId": "vpc-1", "VSwitchId": "vsw-1"},
        omits=tuple(
            f"VSwitches.VSwitch.{name}"
            for name in (
                "CreationTime",
                "Description",
                "EnabledIpv6",
                "Ipv6CidrBlock",
                "NetworkAclId",
                "OwnerId",
                "RouteTable*",
                "ShareType",
                "Tags*",
            )
        ),
    ),
)
