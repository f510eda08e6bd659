from __future__ import annotations

import pytest

from reconciler.model import address
from reconciler.model.address import Address

FORMS = [
    (address.instance("hub"), "instances.hub"),
    (address.endpoint("hub", "internet"), "instances.hub.endpoints.internet"),
    (address.namespace("hub", "apps.old"), "instances.hub.namespaces.apps.old"),
    (address.repository("hub", "apps/a/b.c"), "instances.hub.repositories.apps/a/b.c"),
    (address.vpc("hub-main"), "vpcs.hub-main"),
    (address.security_group("hub-main"), "vpcs.hub-main.security_group"),
    (address.role("AliyunServiceRole"), "roles.AliyunServiceRole"),
    (address.source_code("hub", "apps/a.b"), "instances.hub.repositories.apps/a.b[source_code]"),
    (
        address.build_rule("hub", "apps/a.b", "branch:release/1.0", "v1.0"),
        "instances.hub.repositories.apps/a.b[build_rules.branch:release/1.0:v1.0]",
    ),
    (address.import_rule("legacy"), "imports.legacy"),
    (address.replication("apps everywhere", "eu"), "replications.apps everywhere[eu]"),
    (address.backfill("apps.backfill", "eu"), "replications.apps.backfill[eu].backfill"),
]


@pytest.mark.parametrize(("value", "text"), FORMS)
def test_text_and_value_go_both_ways(value: Address, text: str) -> None:
    assert str(value) == text
    assert Address.parse(text) == value


@pytest.mark.parametrize("text", ["", "instances", "instance.hub", "replications.a", "vpcs", "instances.hub.tags.x"])
def test_what_has_no_form_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="not an address"):
        Address.parse(text)


@pytest.mark.parametrize(("value", "text"), FORMS)
def test_an_address_is_within_itself_and_its_group(value: Address, text: str) -> None:
    assert value.within(text)
    assert value.within(text.split(".")[0])


@pytest.mark.parametrize(
    ("value", "prefix", "expected"),
    [
        (address.namespace("hub", "apps"), "instances.hub", True),
        (address.namespace("hub", "apps"), "instances.hub.namespaces", True),
        (address.namespace("hub", "apps"), "instances.hub.namespaces.app", False),
        (address.namespace("hub", "apps.old"), "instances.hub.namespaces.apps", False),
        (address.namespace("hub2", "apps"), "instances.hub", False),
        (address.repository("hub", "apps/web.api"), "instances.hub.repositories.apps/web", False),
        (address.repository("hub", "apps/web"), "instances.hub.repositories.apps", False),
        (address.source_code("hub", "apps/web"), "instances.hub.repositories.apps/web", True),
        (address.build_rule("hub", "apps/web", "branch:main", "v1"), "instances.hub.repositories.apps/web", True),
        (address.repository("hub", "apps/web"), "instances.hub.repositories.apps/web[source_code]", False),
        (address.security_group("main"), "vpcs.main", True),
        (address.replication("all", "eu"), "replications.all", True),
        (address.replication("all.of", "eu"), "replications.all", False),
        (address.replication("all2", "eu"), "replications.all", False),
        (address.backfill("all", "eu"), "replications.all", True),
        (address.backfill("all", "eu"), "replications.all[eu]", True),
        (address.backfill("all", "eu"), "replications.all[us]", False),
        (address.replication("all", "eu"), "replications.all[eu].backfill", False),
        (address.vpc("main"), "", False),
    ],
)
def test_what_is_inside_of_what(value: Address, prefix: str, expected: bool) -> None:
    assert value.within(prefix) is expected


def test_addresses_are_in_the_order_of_their_text() -> None:
    values = [address.replication("a", "eu"), address.backfill("a", "eu"), address.import_rule("z"), address.vpc("a")]
    assert sorted(values) == sorted(values, key=str) != values
