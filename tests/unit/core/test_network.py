from __future__ import annotations

from dataclasses import replace
from types import MappingProxyType

import pytest

from reconciler.core import graph, network
from reconciler.core.diff import compare_settings
from reconciler.core.network import SERVICE_ROLE
from reconciler.core.scope import scope_of
from reconciler.model import address
from reconciler.model.diagnostic import Severity
from reconciler.model.live import Live, LiveRole, LiveVpcLink
from reconciler.model.network import Home, Ingress, Network, SecurityGroup, Vpc, Vswitch
from reconciler.model.plan import Action, FieldChange
from reconciler.model.scope import NetworkScope
from reconciler.model.source import PersonalSource
from reconciler.model.spec import Desired, ImportRule, Settings, VpcBinding
from tests.unit.core.scene import at, instance, live_instance

OPEN = Ingress("tcp", 443, 443, "10.0.0.0/8")
GROUP = SecurityGroup("sg-1", "vpc-1", (OPEN,))
NETWORK = Network(
    "cn-hangzhou",
    (Vpc("vpc-1", ("10.0.0.0/8", "172.16.0.0/12")),),
    (Vswitch("vsw-1", "vpc-1", "cn-hangzhou-h"),),
    (replace(GROUP, ingress=(OPEN, Ingress("all", 1, 65535, "172.16.0.0/12"))),),
)
PLACES = at(3, vpc=4, vswitch=5, security_group=6)
BINDING = VpcBinding("main", "hub", "vpc-1", "vsw-1", "sg-1", places=PLACES)
RULE = ImportRule("legacy", "hub", PersonalSource("cn-hangzhou", ("apps",)), "main", places=at(9, vpc=10))
DESIRED = Desired(instances=(instance("hub"),), vpcs=(BINDING,), imports=(RULE,))
HUB = replace(live_instance("hub"), vpc_links=(LiveVpcLink("vpc-1", "vsw-1", "registry", "RUNNING"),))
ALL_THERE = Live((HUB,), networks=(NETWORK,), roles=(LiveRole(SERVICE_ROLE, "", exists=True),))


def found(desired: Desired = DESIRED, live: Live = ALL_THERE) -> dict[str, str]:
    """Rule to severity and line."""
    return {d.rule: f"{d.severity} {d.span.line}" for d in network.check(desired, live) if d.span is not None}


def test_a_network_in_order_says_nothing_and_changes_nothing() -> None:
    assert found() == {}
    compared = compare_settings(DESIRED, ALL_THERE)
    assert (compared.changes, compared.diagnostics, compared.unchanged) == ([], [], 3)


@pytest.mark.parametrize(
    ("changed", "expected"),
    [
        (replace(NETWORK, vpcs=()), {"R-NET-3": "error 4"}),
        (replace(NETWORK, vswitches=()), {"R-NET-3": "error 5"}),
        (replace(NETWORK, vswitches=(Vswitch("vsw-1", "vpc-2", "z"),)), {"R-NET-3": "error 5"}),
        (replace(NETWORK, security_groups=()), {"R-NET-4": "error 6"}),
        (replace(NETWORK, security_groups=(replace(GROUP, vpc="vpc-2"),)), {"R-NET-4": "error 6"}),
        (replace(NETWORK, security_groups=(GROUP,)), {"R-NET-5": "warning 6"}),
        (replace(NETWORK, vpcs=None), {"R-NET-8": "warning 4"}),
        (replace(NETWORK, vswitches=None), {"R-NET-8": "warning 5"}),
        (replace(NETWORK, security_groups=None), {"R-NET-8": "warning 6"}),
    ],
)
def test_what_is_wrong_is_told_at_its_place(changed: Network, expected: dict[str, str]) -> None:
    assert found(live=replace(ALL_THERE, networks=(changed,))) == expected


def test_nobody_may_look_at_the_role() -> None:
    assert found(live=replace(ALL_THERE, roles=(LiveRole(SERVICE_ROLE, "", exists=None),))) == {"R-NET-8": "warning 10"}


@pytest.mark.parametrize(
    ("zones", "rule"),
    [
        ({}, "R-NET-7"),
        ({"cn-hangzhou": ()}, "R-NET-7"),
        ({"cn-hangzhou": ("cn-hangzhou-h",)}, None),
        ({"cn-hangzhou": ("cn-hangzhou-k",)}, "R-NET-6"),
    ],
)
def test_zones_are_the_users_word(zones: dict[str, tuple[str, ...]], rule: str | None) -> None:
    desired = replace(DESIRED, settings=Settings(zones=MappingProxyType(zones)))
    told = [*network.check(desired, ALL_THERE), *network.unknown_zones(desired, ALL_THERE)]
    assert [d.rule for d in told] == ([rule] if rule else [])
    assert all((d.severity is Severity.ERROR) is (d.rule == "R-NET-6") for d in told)


def test_the_zone_of_a_binding_that_no_import_uses_does_not_matter() -> None:
    desired = replace(DESIRED, imports=(), settings=Settings(zones=MappingProxyType({"cn-hangzhou": ("x",)})))
    assert [*network.check(desired, ALL_THERE), *network.unknown_zones(desired, ALL_THERE)] == []
    assert network.role_homes(desired) == ()


def test_a_closed_group_is_opened_where_the_spec_allows_it() -> None:
    desired = replace(DESIRED, vpcs=(replace(BINDING, open_security_group=True),))
    compared = compare_settings(desired, replace(ALL_THERE, networks=(replace(NETWORK, security_groups=(GROUP,)),)))
    (change,) = compared.changes
    both = ["tcp 443 from 10.0.0.0/8", "tcp 443 from 172.16.0.0/12"]
    assert (change.address, change.action) == (address.security_group("main"), Action.UPDATE)
    assert change.fields == (FieldChange("ingress", both[:1], both),)
    assert change.reason == "`sg-1` does not let in tcp 443 from 172.16.0.0/12"
    assert compared.diagnostics == []
    assert [edge.reason for edge in graph.build(desired).edges if edge.dependency == change.address] == [
        "is let into the VPC by"
    ]


def test_the_role_is_made_when_it_is_missing_and_an_import_needs_it() -> None:
    missing = replace(ALL_THERE, roles=(LiveRole(SERVICE_ROLE, "", exists=False),))
    (change,) = compare_settings(DESIRED, missing).changes
    assert (change.address, change.action) == (address.role(SERVICE_ROLE), Action.CREATE)
    assert compare_settings(replace(DESIRED, imports=()), missing).changes == []


@pytest.mark.parametrize("region", ["cn-hangzhou-finance", "cn-shanghai-finance-1", "cn-north-2-gov-1"])
def test_finance_and_gov_cloud_skip_all_of_it(region: str) -> None:
    opening = replace(BINDING, open_security_group=True)
    desired = replace(DESIRED, instances=(instance("hub", region),), vpcs=(opening,))
    scope = scope_of(desired)
    assert (scope.networks, scope.roles) == ((), ())
    live = Live((live_instance("hub", region=region),), roles=(LiveRole(SERVICE_ROLE, "", exists=False),))
    assert [change.address for change in compare_settings(desired, live).changes] == [BINDING.address]
    assert [*network.check(desired, live), *network.unknown_zones(desired, live)] == []
    assert not {"role", "security group"} & {node.kind.value for node in graph.build(desired).nodes}


def test_every_region_is_looked_at_once() -> None:
    other = VpcBinding("other", "hub", "vpc-2", "vsw-2")
    scope = scope_of(replace(DESIRED, vpcs=(BINDING, other)))
    pairs = frozenset({("vpc-1", "vsw-1"), ("vpc-2", "vsw-2")})
    assert scope.networks == (
        NetworkScope(Home("cn-hangzhou"), frozenset({"vpc-1", "vpc-2"}), pairs, frozenset({"sg-1"})),
    )
    assert scope.roles == ((SERVICE_ROLE, Home("cn-hangzhou")),)


def test_an_account_has_its_own_networks_and_its_own_role() -> None:
    other = replace(instance("eu"), account="team")
    desired = replace(
        DESIRED,
        instances=(instance("hub"), other),
        vpcs=(BINDING, VpcBinding("theirs", "eu", "vpc-2", "vsw-2")),
        imports=(RULE, replace(RULE, key="theirs", target="eu", vpc="theirs")),
    )
    scope = scope_of(desired)
    assert [asked.home for asked in scope.networks] == [Home("cn-hangzhou"), Home("cn-hangzhou", "team")]
    assert scope.roles == ((SERVICE_ROLE, Home("cn-hangzhou")), (SERVICE_ROLE, Home("cn-hangzhou", "team")))
    theirs = Network("cn-hangzhou", (Vpc("vpc-2", ("10.0.0.0/8",)),), (Vswitch("vsw-2", "vpc-2", "x"),), (), "team")
    roles = (*ALL_THERE.roles, LiveRole(SERVICE_ROLE, "team", exists=False))
    live = replace(ALL_THERE, instances=(HUB, live_instance("eu")), networks=(NETWORK, theirs), roles=roles)
    assert list(network.check(desired, live)) == []
    made = [change.address for change in compare_settings(desired, live).changes if change.action is Action.CREATE]
    role = address.role(f"{SERVICE_ROLE}@team")
    assert role in made
    assert address.role(SERVICE_ROLE) not in made
    assert [e.dependent for e in graph.build(desired).edges if e.dependency == role] == [address.import_rule("theirs")]
