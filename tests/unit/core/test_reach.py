from __future__ import annotations

from dataclasses import replace

import pytest

from reconciler.core.reach import check, reach, same_registry
from reconciler.model.source import PersonalSource, SourceNetwork
from reconciler.model.spec import Desired, ImportRule
from tests.unit.core.scene import at, instance, personal_edition, rule_ids

AUTO, VPC, INTERNET, INTERNAL = SourceNetwork
OLD = {
    INTERNET: "registry.cn-hangzhou.aliyuncs.com",
    VPC: "registry-vpc.cn-hangzhou.aliyuncs.com",
    INTERNAL: "registry-internal.cn-hangzhou.aliyuncs.com",
}
NEW = {
    INTERNET: "crpi-1a2b.cn-hangzhou.personal.cr.aliyuncs.com",
    VPC: "crpi-1a2b-vpc.cn-hangzhou.personal.cr.aliyuncs.com",
}


def _hosts(
    hosts: dict[SourceNetwork, str], asked: SourceNetwork, *, inside: bool, region: str
) -> tuple[str, list[str]]:
    """Where an import from cn-hangzhou reads, and what the plan says of it; its target is in `region`."""
    source = PersonalSource("cn-hangzhou", ("apps",), asked)
    rule = ImportRule("old", "hub", source, places=at(2))
    personal = personal_edition("cn-hangzhou", hosts[VPC if inside else INTERNET], hosts=hosts, inside_vpc=inside)
    desired = Desired(instances=(replace(instance("hub"), region=region),))
    chosen = reach(rule, personal, desired)
    return chosen.host, rule_ids(check(rule, chosen))


@pytest.mark.parametrize("hosts", [OLD, NEW])
@pytest.mark.parametrize(
    ("asked", "inside", "region", "network"),
    [
        (AUTO, False, "cn-hangzhou", INTERNET),
        (AUTO, True, "cn-hangzhou", VPC),
        (AUTO, True, "cn-shanghai", INTERNET),
        (INTERNET, True, "cn-hangzhou", INTERNET),
        (VPC, False, "cn-shanghai", VPC),
    ],
)
def test_the_network_is_chosen_and_told(
    hosts: dict[SourceNetwork, str], asked: SourceNetwork, inside: bool, region: str, network: SourceNetwork
) -> None:
    host, told = _hosts(hosts, asked, inside=inside, region=region)
    assert host == hosts[network]
    closed = hosts is NEW and network is INTERNET
    decided = asked is not AUTO or inside
    assert told == ["R-IMP-24"] * decided + ["R-IMP-25"] * closed


def test_hosts_that_the_service_does_not_tell_are_those_that_all_share() -> None:
    rule = ImportRule("old", "hub", PersonalSource("cn-hangzhou", ("apps",)), places=at(2))
    personal = personal_edition("cn-hangzhou", OLD[INTERNET])
    for network, host in OLD.items():
        asking = replace(rule, source=PersonalSource("cn-hangzhou", ("apps",), network))
        assert reach(asking, personal, Desired()).host == host


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        (OLD[VPC], OLD[INTERNET], True),
        (OLD[INTERNAL], OLD[VPC], True),
        (NEW[VPC], NEW[INTERNET], True),
        ("acme-registry-vpc.cn-hangzhou.cr.aliyuncs.com", "acme-registry.cn-hangzhou.cr.aliyuncs.com", True),
        ("acme-registry.cn-hangzhou.cr.aliyuncs.com", "acme-registry.cn-shanghai.cr.aliyuncs.com", False),
        ("registry-vpc.example.com", "registry.example.com", False),
        ("127.0.0.1:5000", "127.0.0.1:5000", True),
        ("127.0.0.1:5000", "127.0.0.1:5001", False),
    ],
)
def test_a_registry_has_several_names(one: str, other: str, same: bool) -> None:
    assert same_registry(one, other) is same
