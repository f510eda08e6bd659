from __future__ import annotations

from ipaddress import IPv4Address, IPv4Network

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.core.firewall import kept_out, lets_in
from reconciler.model.network import Ingress, SecurityGroup

VPC = "10.0.0.0/8"


def group(*rules: Ingress) -> SecurityGroup:
    return SecurityGroup("sg-1", "vpc-1", rules)


def accept(source: str, protocol: str = "tcp", first: int = 443, last: int = 443, priority: int = 1) -> Ingress:
    return Ingress(protocol, first, last, source, True, priority)


def drop(source: str, priority: int = 1) -> Ingress:
    return Ingress("all", 1, 65535, source, False, priority)


@pytest.mark.parametrize(
    ("rules", "expected"),
    [
        ([], False),
        ([accept(VPC)], True),
        ([accept("0.0.0.0/0", "all", 1, 65535)], True),
        ([accept(VPC, "udp")], False),
        ([accept(VPC, first=80, last=442)], False),
        ([accept(VPC, first=400, last=500)], True),
        ([accept("10.0.0.0/9")], False),
        ([accept("10.0.0.0/9"), accept("10.128.0.0/9")], True),
        ([accept("10.0.0.1/8")], True),
        ([accept(VPC), drop("10.1.0.0/16")], False),
        ([accept(VPC, priority=1), drop("10.1.0.0/16", priority=2)], True),
        ([accept(VPC, priority=2), drop("10.1.0.0/16", priority=1)], False),
        ([accept(VPC), drop("192.168.0.0/16")], True),
    ],
)
def test_what_is_let_in(rules: list[Ingress], expected: bool) -> None:
    assert lets_in(group(*rules), VPC, 443) is expected


def test_each_block_counts_for_itself() -> None:
    assert kept_out(group(accept(VPC)), (VPC, "172.16.0.0/12"), 443) == ("172.16.0.0/12",)


BLOCK = IPv4Network("10.0.0.0/29")
SUBNETS = st.sampled_from(
    ["10.0.0.0/27", "10.0.0.0/29", "10.0.0.0/30", "10.0.0.4/30", "10.0.0.0/31", "10.0.0.6/31", "10.0.0.3/32"]
)
RULES = st.lists(
    st.builds(
        Ingress,
        st.sampled_from(["tcp", "all", "udp"]),
        st.sampled_from([1, 443, 444]),
        st.sampled_from([443, 65535]),
        SUBNETS,
        st.booleans(),
        st.integers(1, 3),
    ),
    max_size=6,
)


@given(RULES)
def test_a_block_that_is_let_in_is_let_in_address_by_address(rules: list[Ingress]) -> None:
    if lets_in(group(*rules), str(BLOCK), 443):
        assert all(_reaches(address, rules) for address in BLOCK)


def _reaches(address: IPv4Address, rules: list[Ingress]) -> bool:
    """The first rule decides, by priority and with drops before accepts."""
    for rule in sorted(rules, key=lambda r: (r.priority, r.accepts)):
        applies = rule.protocol in ("tcp", "all") and rule.first_port <= 443 <= rule.last_port
        if applies and address in IPv4Network(rule.source):
            return rule.accepts
    return False
