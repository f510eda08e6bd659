"""The API `vpc`, version 2016-04-28, read only: VPCs and vSwitches."""

from __future__ import annotations

from reconciler.acr.request import Version
from reconciler.acr.rpc import RpcProduct
from reconciler.model.network import Home, Vpc, Vswitch


class VpcProduct(RpcProduct):
    """Every method raises AcrError. One that names something by its id answers None when it is not there."""

    version = Version.VPC

    def get_vpc(self, home: Home, vpc: str) -> Vpc | None:
        answer = self._call(home.region, "DescribeVpcs", {"RegionId": home.region, "VpcId": vpc}, home.account)
        for item in answer.part("Vpcs").parts("Vpc"):
            if item.text("VpcId") == vpc:
                more = item.part("SecondaryCidrBlocks").texts("SecondaryCidrBlock")
                return Vpc(vpc, (item.text("CidrBlock"), *more))
        return None

    def get_vswitch(self, home: Home, vpc: str, vswitch: str) -> Vswitch | None:
        """Of `vpc`."""
        parameters = {"RegionId": home.region, "VpcId": vpc, "VSwitchId": vswitch}
        answer = self._call(home.region, "DescribeVSwitches", parameters, home.account)
        for item in answer.part("VSwitches").parts("VSwitch"):
            if item.text("VSwitchId") == vswitch:
                return Vswitch(vswitch, item.text("VpcId"), item.text("ZoneId"))
        return None
