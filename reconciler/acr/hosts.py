"""Which host answers the calls of a product in a region, over the internet or from inside a VPC."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType
from typing import assert_never

from reconciler.acr.request import Version

_DOMAIN = "aliyuncs.com"
_CHINA = "cn-"


class Network(StrEnum):
    """`VPC` hosts are reached from a VPC of the same region, without an internet connection."""

    PUBLIC = "public"
    VPC = "vpc"


_REGIONAL: Mapping[Version, str] = MappingProxyType(
    {
        Version.ENTERPRISE: "cr",
        Version.PERSONAL: "cr",
        Version.VPC: "vpc",
        Version.ECS: "ecs",
        Version.STS: "sts",
    }
)

# Where the endpoint tables of the official SDKs (vpc 7.2.2, ecs 7.11.8) do not follow the pattern of the regions.
_OTHERS: Mapping[tuple[Version, str], str] = MappingProxyType(
    {
        (Version.VPC, "cn-hangzhou"): "vpc",
        (Version.VPC, "cn-hangzhou-finance"): "vpc",
        (Version.VPC, "cn-shanghai-finance-1"): "vpc",
        (Version.VPC, "cn-shenzhen-finance-1"): "vpc",
        (Version.VPC, "cn-north-2-gov-1"): "vpc",
        (Version.ECS, "cn-hangzhou"): "ecs-cn-hangzhou",
        (Version.ECS, "cn-hangzhou-finance"): "ecs",
        (Version.ECS, "cn-shanghai-finance-1"): "ecs-cn-hangzhou",
        (Version.ECS, "cn-shenzhen-finance-1"): "ecs-cn-hangzhou",
        (Version.ECS, "cn-north-2-gov-1"): "ecs",
    }
)


def host(version: Version, region: str, network: Network = Network.PUBLIC) -> str:
    """The host name. RAM and billing are not regional, and are reached over the internet from everywhere; so are tokens
    without a `region`."""
    match version:
        case Version.STS if not region:
            return f"sts.{_DOMAIN}"
        case Version.RAM:
            return f"ram.{_DOMAIN}"
        case Version.BILLING:
            # One host for the China site and one for the international site, whatever the region of the instance.
            return f"business.{_DOMAIN}" if region.startswith(_CHINA) else f"business.ap-southeast-1.{_DOMAIN}"
        case Version.ENTERPRISE | Version.PERSONAL | Version.VPC | Version.ECS | Version.STS:
            if network is Network.VPC:
                return f"{_REGIONAL[version]}-vpc.{region}.{_DOMAIN}"
            other = _OTHERS.get((version, region))
            return f"{other or f'{_REGIONAL[version]}.{region}'}.{_DOMAIN}"
    assert_never(version)
