"""The product VPC (version 2016-04-28): only what reading a network needs."""

from __future__ import annotations

from reconciler.emulator.openapi.call import Call, Operation, Page, Payload


def describe_vpcs(call: Call) -> Payload:
    region = call.parameters.required("RegionId")
    networks = call.cloud.account.networks
    wanted = call.parameters.text("VpcId")
    if wanted:
        asked = [networks.find_vpc(region, identity) for identity in wanted.split(",")]
        found = [vpc for vpc in asked if vpc is not None]
    else:
        found = sorted((v for v in networks.vpcs.values() if v.region == region), key=lambda v: v.id)
    page = _page(call)
    rows: list[Payload] = [
        {
            "VpcId": vpc.id,
            "VpcName": "",
            "RegionId": vpc.region,
            "CidrBlock": vpc.cidr,
            "SecondaryCidrBlocks": {"SecondaryCidrBlock": list(vpc.secondary)},
            "VSwitchIds": {"VSwitchId": sorted(v.id for v in networks.vswitches.values() if v.vpc == vpc.id)},
            "Status": "Available",
            "IsDefault": False,
            "ResourceGroupId": "",
        }
        for vpc in page.cut(found)
    ]
    return {"Vpcs": {"Vpc": rows}, **_paging(page, len(found))}


def describe_vswitches(call: Call) -> Payload:
    region = call.parameters.required("RegionId")
    networks = call.cloud.account.networks
    vpc, wanted, zone = (call.parameters.text(name) for name in ("VpcId", "VSwitchId", "ZoneId"))
    if wanted:
        asked = networks.find_vswitch(region, vpc, wanted)
        found = [asked] if asked is not None else []
    else:
        ids = sorted(networks.vswitches)
        found = [v for i in ids if (v := networks.find_vswitch(region, vpc, i)) is not None]
    found = [vswitch for vswitch in found if zone in ("", vswitch.zone)]
    page = _page(call)
    rows: list[Payload] = [
        {
            "VSwitchId": vswitch.id,
            "VSwitchName": "",
            "VpcId": vswitch.vpc,
            "ZoneId": vswitch.zone,
            "CidrBlock": networks.vpcs[vswitch.vpc].cidr,
            "AvailableIpAddressCount": 250,
            "Status": "Available",
            "IsDefault": False,
            "ResourceGroupId": "",
        }
        for vswitch in page.cut(found)
    ]
    return {"VSwitches": {"VSwitch": rows}, **_paging(page, len(found))}


def _page(call: Call) -> Page:
    return Page(call.parameters.integer("PageNumber", 1), call.parameters.integer("PageSize", 10, high=50))


def _paging(page: Page, total: int) -> Payload:
    return {"PageNumber": page.number, "PageSize": page.size, "TotalCount": total}


OPERATIONS: dict[str, Operation] = {
    "DescribeVpcs": describe_vpcs,
    "DescribeVSwitches": describe_vswitches,
}
