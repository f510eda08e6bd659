"""Replication into another account: what is declared, what is asked of that account, and what cannot be known."""

from __future__ import annotations

from dataclasses import replace

import pytest

from reconciler.core import rules
from reconciler.core.cross_account import check_declared, owners, unknowable
from reconciler.model.diagnostic import Severity
from reconciler.model.live import Live
from reconciler.model.source import PersonalSource
from reconciler.model.spec import (
    Desired,
    ImportRule,
    Instance,
    InternetEndpoint,
    Level,
    Namespace,
    ReplicationRule,
    Repository,
    VpcBinding,
)
from tests.unit.core.scene import at, instance, live_rule, rule, rule_ids, the

THEIRS = Instance("theirs", "eu-central-1", "their", id="cri-theirs")
ACROSS = replace(rule("r", "hub", "theirs", user_id="42"), places=at(3, account=4, target=5))
DESIRED = Desired(instances=(instance("hub"), THEIRS), replications=(ACROSS,))


def test_who_owns_what() -> None:
    assert owners(DESIRED) == {"theirs": "42"}
    assert list(check_declared(DESIRED)) == []


@pytest.mark.parametrize(
    ("used", "place"),
    [
        (Desired(replications=(ACROSS, rule("s", "theirs", "hub"))), "replications.s[hub]"),
        (Desired(replications=(ACROSS, rule("s", "hub", "theirs", "base"))), "replications.s[theirs]"),
        (Desired(replications=(ACROSS, rule("s", "hub", "theirs", "base", user_id="43"))), "replications.r[theirs]"),
        (Desired(imports=(ImportRule("old", "theirs", PersonalSource("cn-hangzhou", ("apps",))),)), "imports.old"),
        (Desired(namespaces=(Namespace("theirs", "apps"),)), "instances.theirs.namespaces.apps"),
        (Desired(repositories=(Repository("theirs", "apps/web"),)), "instances.theirs.repositories.apps/web"),
        (Desired(endpoints=(InternetEndpoint("theirs", True, None),)), "instances.theirs.endpoints.internet"),
        (Desired(vpcs=(VpcBinding("main", "theirs", "vpc-1", "vsw-1"),)), "vpcs.main"),
    ],
)
def test_what_is_another_accounts_is_not_managed_from_here(used: Desired, place: str) -> None:
    desired = replace(used, instances=DESIRED.instances, replications=used.replications or DESIRED.replications)
    (found,) = check_declared(desired)
    assert (found.rule, found.severity, found.address) == ("R-REP-7", Severity.ERROR, place)
    assert len(found.related) == 1


@pytest.mark.parametrize(
    ("declared", "resource", "needed"),
    [
        (ACROSS, "cri-theirs/apps/*", "namespace `apps` has to be there too"),
        (replace(ACROSS, level=Level.REPOSITORY, repository="web"), "cri-theirs/apps/web", "repository `apps/web` has"),
        (replace(ACROSS, level=Level.INSTANCE, namespace=""), "cri-theirs/*", "the namespaces have to be there too"),
    ],
)
def test_the_role_that_the_other_account_needs_is_a_step_for_a_person(
    declared: ReplicationRule, resource: str, needed: str
) -> None:
    (found,) = rules.prerequisites(replace(DESIRED, replications=(declared,)), Live())
    assert (found.rule, found.severity) == ("R-IMP-8", Severity.INFO)
    assert "account 42 has to let the account of `hub` replicate into `theirs`" in found.summary
    assert f"`acs:cr:eu-central-1:42:repository/{resource}`" in found.detail
    assert needed in found.detail


def test_the_id_of_the_account_cannot_be_read_back_and_that_is_said() -> None:
    across = replace(live_rule("1", "r", "hub", "theirs"), cross_account=True)
    for live in (across, None):
        found = the("R-REP-6", unknowable(ACROSS, live))
        assert (found.severity, found.span and found.span.line) == (Severity.INFO, 4)
    assert list(unknowable(rule("r", "hub", "eu"), None)) == []


def test_a_live_rule_inside_the_account_contradicts_the_declaration() -> None:
    found = list(unknowable(ACROSS, live_rule("1", "r", "hub", "theirs")))
    assert [(d.rule, d.severity) for d in found] == [("R-REP-7", Severity.ERROR)]
    assert rule_ids(found) == ["R-REP-7"]
