"""ECS, version 2014-05-26."""

from __future__ import annotations

from tests.contract.operations.official import ECS
from tests.contract.operations.stage import Fields, Operation, Stage

_GROUP: Fields = {"RegionId": "cn-hangzhou", "SecurityGroupId": "sg-1"}
_RULE: Fields = {
    "IpProtocol": "TCP",
    "PortRange": "443/443",
    "SourceCidrIp": "10.0.0.0/8",
    "Policy": "accept",
    "Priority": "1",
    "Description": "für Images",
}


def _opened(stage: Stage) -> Fields:
    stage.call(ECS, "AuthorizeSecurityGroup", **_GROUP, Permissions=[_RULE])
    return {**_GROUP, "Direction": "ingress", "NicType": "intranet", "MaxResults": 1000}


OPERATIONS: tuple[Operation, ...] = (
    Operation(
        ECS,
        "DescribeSecurityGroupAttribute",
        _opened,
        # Only inbound rules for blocks of IPv4 addresses are kept.
        omits=(
            "SnapshotPolicyIds*",
            *(
                f"Permissions.Permission.{name}"
                for name in (
                    "CreateTime",
                    "Dest*",
                    "Ipv6*",
                    "PortRangeList*",
                    "SourceGroupName",
                    "SourceGroupOwnerAccount",
                    "SourcePortRange",
                    "SourcePrefixList*",
                )
            ),
        ),
    ),
    Operation(ECS, "AuthorizeSecurityGroup", lambda _: {**_GROUP, "Permissions": [_RULE]}),
)
