"""The API `vpc`, version 2016-04-28, read only: VPCs and vSwitches."""

from __future__ import annotations

from reconciler.acr.request import Version
from reconciler.acr.rpc import RpcProduct
from reconciler.model.network import Vpc, Vswitch


class VpcProduct(RpcProduct):
    """Every method raises AcrError. One that names something by its id answers None when it is not in the region."""

    version = Version.VPC

    def get_vpc(self, region: str, vpc: str) -> Vpc | None:
        answer = self._call(region, "DescribeVpcs", {"RegionId": region, "VpcId": vpc})
        for item in answer.part("Vpcs").parts("Vpc"):
            if item.text("VpcId") == vpc:
                more = item.part("SecondaryCidrBlocks").texts("SecondaryCidrBlock")
                return Vpc(vpc, (item.text("CidrBlock"), *more))
        return None

    def get_vswitch(self, region: str, vpc: str, vswitch: str) -> Vswitch | None:
        """Of `vpc`."""
        parameters = {"RegionId": region, "VpcId": vpc, "VSwitchId": vswitch}
        answer = self._call(region, "DescribeVSwitches", parameters)
        for item in answer.part("VSwitches").parts("VSwitch"):
            if item.text("VSwitchId") == vswitch:
                return Vswitch(vswitch, item.text("VpcId"), item.text("ZoneId"))
        return None
