from __future__ import annotations

from importlib import import_module

import pytest
from alibabacloud_tea_openapi.models import Config

from reconciler.acr.hosts import Network, host
from reconciler.acr.request import Version
from reconciler.spec.regions import KNOWN

_PACKAGES = {
    Version.ENTERPRISE: "alibabacloud_cr20181201",
    Version.PERSONAL: "alibabacloud_cr20160607",
    Version.VPC: "alibabacloud_vpc20160428",
    Version.ECS: "alibabacloud_ecs20140526",
}


@pytest.mark.parametrize("version", _PACKAGES, ids=lambda version: version.name.lower())
def test_the_official_sdks_call_the_same_hosts(version: Version) -> None:
    client = import_module(f"{_PACKAGES[version]}.client").Client

    def theirs(region: str) -> str:
        made: str = client(Config(access_key_id="k", access_key_secret="s", region_id=region))._endpoint
        return made

    assert {region: host(version, region) for region in KNOWN} == {region: theirs(region) for region in KNOWN}


@pytest.mark.parametrize(
    ("version", "region", "expected"),
    [
        (Version.ENTERPRISE, "eu-central-1", "cr-vpc.eu-central-1.aliyuncs.com"),
        (Version.ECS, "cn-hangzhou", "ecs-vpc.cn-hangzhou.aliyuncs.com"),
        (Version.VPC, "cn-hangzhou", "vpc-vpc.cn-hangzhou.aliyuncs.com"),
        (Version.STS, "cn-beijing", "sts-vpc.cn-beijing.aliyuncs.com"),
        (Version.RAM, "cn-beijing", "ram.aliyuncs.com"),
        (Version.BILLING, "cn-beijing", "business.aliyuncs.com"),
        (Version.BILLING, "eu-central-1", "business.ap-southeast-1.aliyuncs.com"),
    ],
)
def test_from_inside_a_vpc(version: Version, region: str, expected: str) -> None:
    assert host(version, region, Network.VPC) == expected
