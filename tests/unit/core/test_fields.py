from __future__ import annotations

import pytest

from reconciler.core import projection
from reconciler.core.fields import compare
from reconciler.model.address import Kind
from reconciler.model.json_value import Json
from reconciler.model.live import LiveEndpoint
from reconciler.model.plan import Action, FieldChange
from reconciler.model.spec import AclEntry, InternetEndpoint, Repository, Visibility
from tests.unit.core.scene import live_rule, repository, rule

Values = dict[str, Json]


@pytest.mark.parametrize(
    ("kind", "declared", "sent"),
    [
        (Kind.NAMESPACE, {}, {"auto_create": True, "visibility": "private"}),
        (
            Kind.NAMESPACE,
            {"auto_create": False, "visibility": "public"},
            {"auto_create": False, "visibility": "public"},
        ),
        (Kind.REPOSITORY, {"summary": "x"}, {"visibility": "private", "summary": "x", "tag_immutability": False}),
        (Kind.REPLICATION, {"target": "eu", "account.user_id": "1"}, {"target": "eu", "account.user_id": "1"}),
    ],
)
def test_a_create_sends_what_is_declared_and_defaults(kind: Kind, declared: Values, sent: Values) -> None:
    assert compare(kind, declared, None) == (
        Action.CREATE,
        tuple(FieldChange(path, None, value) for path, value in sent.items()),
    )


def test_nothing_changes_when_everything_is_as_declared() -> None:
    assert compare(Kind.NAMESPACE, {"auto_create": True}, {"auto_create": True, "visibility": "public"}) == (None, ())


def test_a_mutable_field_is_updated_and_one_that_is_not_declared_is_left_alone() -> None:
    declared: Values = {"visibility": "public", "summary": None, "tag_immutability": False}
    observed: Values = {"visibility": "private", "summary": "old", "tag_immutability": False}
    assert compare(Kind.REPOSITORY, declared, observed) == (
        Action.UPDATE,
        (FieldChange("visibility", "private", "public"),),
    )


def test_false_and_the_empty_list_are_declarations() -> None:
    assert compare(Kind.NAMESPACE, {"auto_create": False}, {"auto_create": True})[0] is Action.UPDATE
    assert (
        compare(Kind.ENDPOINT, {"enabled": True, "allow": []}, {"enabled": True, "allow": ["::/0"]})[0] is Action.UPDATE
    )


@pytest.mark.parametrize("path", ["target", "level", "namespace", "repository", "tags", "trigger", "priority"])
def test_every_readable_field_of_a_replication_rule_is_create_only(path: str) -> None:
    assert compare(Kind.REPLICATION, {path: "new"}, {path: "old"}) == (
        Action.REPLACE,
        (FieldChange(path, "old", "new"),),
    )


def test_a_write_only_field_is_never_compared() -> None:
    assert compare(Kind.REPLICATION, {"account.user_id": "1"}, {"account.user_id": "2"}) == (None, ())
    assert compare(Kind.REPLICATION, {"account.user_id": "1"}, {}) == (None, ())


def test_a_rule_that_is_live_as_declared_has_no_difference() -> None:
    declared = projection.declared_replication(rule("r", "hub", "eu", "apps", "web", tags="v.*", priority=5))
    observed = projection.observed_replication(
        live_rule("1", "r", "hub", "eu", "apps", "web", tags="v.*", priority=5), "eu"
    )
    assert compare(Kind.REPLICATION, declared, observed) == (None, ())


def test_the_list_of_an_endpoint_is_compared_in_any_order_and_not_while_it_is_closed() -> None:
    office, home = AclEntry("203.0.113.0/24", "office"), AclEntry("198.51.100.0/24")
    live = projection.observed_endpoint(LiveEndpoint(enabled=True, status="RUNNING", allow=(home, office)))
    assert compare(
        Kind.ENDPOINT, projection.declared_endpoint(InternetEndpoint("hub", True, (office, home))), live
    ) == (
        None,
        (),
    )
    closed = projection.declared_endpoint(InternetEndpoint("hub", False, (office,)))
    assert compare(Kind.ENDPOINT, closed, live) == (Action.UPDATE, (FieldChange("enabled", True, False),))
    assert compare(Kind.ENDPOINT, closed, projection.observed_endpoint(None)) == (None, ())


def test_an_endpoint_without_a_declared_list_keeps_the_one_it_has() -> None:
    live = projection.observed_endpoint(LiveEndpoint(enabled=True, status="RUNNING", allow=(AclEntry("::/0"),)))
    assert compare(Kind.ENDPOINT, projection.declared_endpoint(InternetEndpoint("hub", True, None)), live) == (None, ())


def test_a_summary_is_demanded_on_create_and_left_alone_later() -> None:
    bare = Repository("hub", "apps/web")
    assert projection.declared_repository(bare, creating=True)["summary"] == "web"
    there = projection.observed_repository(repository("apps/web"))
    assert compare(Kind.REPOSITORY, projection.declared_repository(bare, creating=False), there) == (None, ())
    public = Repository("hub", "apps/web", Visibility.PUBLIC)
    assert compare(Kind.REPOSITORY, projection.declared_repository(public, creating=False), there)[0] is Action.UPDATE
