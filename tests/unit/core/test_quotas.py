from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

import pytest

from reconciler.core import quotas
from reconciler.model import address
from reconciler.model.address import Address
from reconciler.model.diagnostic import Severity
from reconciler.model.image import Digest, ImageName
from reconciler.model.live import Live, LiveInstance, LiveVpcLink
from reconciler.model.plan import Action, Change, QuotaCheck, Transfer, TransferReason
from reconciler.model.quota import QuotaUse, Usage
from reconciler.model.spec import Desired, VpcBinding
from tests.unit.core.scene import instance, live_instance, repository

HUB = instance("hub")
DESIRED = Desired(
    instances=(HUB,),
    vpcs=(VpcBinding("one", "hub", "vpc-1", "vsw-1"), VpcBinding("charts", "hub", "vpc-1", "vsw-1", "chart")),
)


def hub(namespaces: int = 14, repositories: int = 990, vpcs: int = 4) -> LiveInstance:
    usage = Usage(QuotaUse(namespaces, 15), QuotaUse(repositories, 1000), QuotaUse(vpcs, 5))
    return replace(live_instance("hub", repository("apps/web")), usage=usage)


def creates(*addresses: Address) -> list[Change]:
    return [Change(it, Action.CREATE, "missing") for it in addresses]


def image(repository: str, tag: str = "v1") -> Transfer:
    target = ImageName("hub.example", repository, tag)
    digest = Digest("sha256:" + "0" * 64)
    return Transfer(
        address.import_rule("legacy"), ImageName("old", repository, tag), target, digest, TransferReason.MISSING
    )


def checked(
    there: LiveInstance | None, changes: Iterable[Change], transfers: Iterable[Transfer] = ()
) -> tuple[QuotaCheck, ...]:
    return quotas.checks(DESIRED, Live(() if there is None else (there,)), changes, transfers)


def test_what_a_plan_adds_is_held_against_what_the_instance_may_hold() -> None:
    changes = creates(
        address.namespace("hub", "a"),
        address.namespace("hub", "b"),
        address.repository("hub", "a/one"),
        address.vpc("one"),
        address.vpc("charts"),
    )
    found = checked(hub(), changes, [image("a/one"), image("a/two"), image("a/two", "v2"), image("apps/web")])
    assert found == (
        QuotaCheck(HUB.address, "namespaces", 14, 2, 15, 50),
        QuotaCheck(HUB.address, "repositories", 990, 2, 1000, 5000),
        QuotaCheck(HUB.address, "vpcs", 4, 1, 5, None),
    )
    told = [(d.rule, d.severity) for d in quotas.check(DESIRED, found)]
    assert told == [
        ("R-QUOTA-1", Severity.ERROR),
        ("R-QUOTA-4", Severity.WARNING),
        ("R-QUOTA-4", Severity.WARNING),
    ]


def test_what_goes_makes_room() -> None:
    gone = Change(address.namespace("hub", "old"), Action.DELETE, "not declared")
    assert checked(hub(), [*creates(address.namespace("hub", "a")), gone]) == ()


@pytest.mark.parametrize("there", [None, live_instance("hub")])
def test_an_instance_that_tells_nothing_is_not_checked(there: LiveInstance | None) -> None:
    assert checked(there, creates(address.namespace("hub", "a"))) == ()


def test_a_vpc_that_is_bound_already_takes_no_second_place() -> None:
    bound = replace(hub(), vpc_links=(LiveVpcLink("vpc-1", "vsw-1", "registry", "RUNNING"),))
    assert checked(bound, creates(address.vpc("charts"))) == ()


@pytest.mark.parametrize(
    ("limit", "included", "told"),
    [
        (15, 15, "used: 15; added by this plan: 1; allowed: 15 (with its edition)"),
        (20, 15, "used: 15; added by this plan: 1; allowed: 20 (15 with its edition, 5 bought on top)"),
        (15, None, "used: 15; added by this plan: 1; allowed: 15"),
    ],
)
def test_the_finding_says_what_is_used_added_and_bought(limit: int, included: int | None, told: str) -> None:
    used = 15 if limit == 15 else 20
    (finding,) = quotas.check(DESIRED, [QuotaCheck(HUB.address, "namespaces", used, 1, limit, included)])
    assert finding.detail == told.replace("used: 15", f"used: {used}")
    assert finding.summary == f"`instances.hub` may hold {limit} namespaces, and the plan leads to {used + 1}"
    assert finding.address == "instances.hub"
