from __future__ import annotations

from dataclasses import replace

import pytest

from reconciler.core import eligibility, graph, rules
from reconciler.model.diagnostic import Diagnostic, Severity
from reconciler.model.live import Live
from reconciler.model.source import PersonalSource
from reconciler.model.spec import (
    Desired,
    Edition,
    ImportRule,
    Instance,
    Settings,
    StandardEdition,
    VpcBinding,
)
from tests.unit.core.scene import at, instance, live_instance, namespace, rule, rule_ids, the


def _check(desired: Desired) -> tuple[Diagnostic, ...]:
    return rules.check(desired, graph.build(desired))


@pytest.mark.parametrize("edition", [Edition.BASIC, Edition.STANDARD, Edition.ECONOMY])
def test_only_an_advanced_instance_replicates(edition: Edition) -> None:
    desired = Desired(
        instances=(instance("hub", edition=edition, line=4), instance("eu")),
        replications=(rule("r", "hub", "eu", line=9),),
    )
    found = the("R-TIER-1", _check(desired))
    assert found.severity is Severity.ERROR
    assert "`purchase: {allow: [upgrade]}`" in found.hint
    assert ("standard_edition" in found.hint) == (edition is Edition.STANDARD)
    assert found.span is not None
    assert found.span.line == 9
    assert "a.yaml:4:1" in found.detail


@pytest.mark.parametrize(
    ("edition", "expected"),
    [
        (Edition.BASIC, []),
        (Edition.ADVANCED, []),
        (None, []),
        (Edition.STANDARD, ["R-TIER-2"]),
        (Edition.ECONOMY, ["R-TIER-2"]),
    ],
)
def test_targets_that_the_page_does_not_name_are_refused(edition: Edition | None, expected: list[str]) -> None:
    instances = (instance("hub", edition=Edition.ADVANCED), instance("eu", edition=edition))
    found = _check(Desired(instances=instances, replications=(rule("r", "hub", "eu"),)))
    assert rule_ids(found) == expected
    assert all(d.severity is Severity.ERROR for d in found)


def test_standard_instances_take_part_when_a_setting_says_so() -> None:
    instances = (instance("hub", edition=Edition.STANDARD), instance("eu", edition=Edition.STANDARD))
    desired = Desired(instances=instances, replications=(rule("r", "hub", "eu"),))
    assert rule_ids(_check(desired)) == ["R-TIER-1", "R-TIER-2"]
    allowed = Settings(standard_edition=StandardEdition.ALLOW)
    assert _check(replace(desired, settings=allowed)) == ()
    economy = (instances[0], instance("eu", edition=Edition.ECONOMY))
    assert rule_ids(_check(replace(desired, settings=allowed, instances=economy))) == ["R-TIER-2"]


@pytest.mark.parametrize(
    ("declared", "real", "expected"),
    [
        (None, Edition.ECONOMY, ["R-TIER-2"]),
        (None, Edition.BASIC, []),
        (Edition.BASIC, Edition.ECONOMY, ["R-TIER-2"]),
        (Edition.ECONOMY, Edition.ECONOMY, []),  # told offline
    ],
)
def test_the_real_edition_of_a_target_counts(declared: Edition | None, real: Edition, expected: list[str]) -> None:
    instances = (instance("hub"), instance("eu", edition=declared))
    desired = Desired(instances=instances, replications=(rule("r", "hub", "eu"),))
    assert rule_ids(eligibility.check_live(desired, {"eu": live_instance("eu", edition=real)})) == expected


@pytest.mark.parametrize(
    ("source", "target", "expected", "severity"),
    [
        ("cn-hangzhou", "cn-shanghai-finance-1", "R-CLOUD-1", Severity.ERROR),
        ("cn-hangzhou", "cn-hangzhou-finance", "R-CLOUD-1", Severity.ERROR),
        ("cn-hangzhou", "cn-north-2-gov-1", "R-CLOUD-1", Severity.ERROR),
        ("cn-shanghai-finance-1", "cn-hangzhou", "R-CLOUD-2", Severity.WARNING),
        ("cn-shanghai-finance-1", "cn-shenzhen-finance-1", "R-CLOUD-2", Severity.WARNING),
    ],
)
def test_replication_out_of_the_public_cloud(source: str, target: str, expected: str, severity: Severity) -> None:
    desired = Desired(instances=(instance("hub", source), instance("t", target)), replications=(rule("r", "hub", "t"),))
    found = _check(desired)
    assert [(d.rule, d.severity) for d in found] == [(expected, severity)]


def test_replication_inside_the_public_cloud_is_fine() -> None:
    desired = Desired(
        instances=(instance("hub"), instance("eu", "eu-central-1")), replications=(rule("r", "hub", "eu"),)
    )
    assert _check(desired) == ()


PERSONAL = PersonalSource("cn-hangzhou", ("apps",))


def test_an_import_into_the_public_cloud_needs_a_vpc() -> None:
    desired = Desired(instances=(instance("hub"),), imports=(ImportRule("old", "hub", PERSONAL, places=at(3)),))
    found = the("R-IMP-3", _check(desired))
    assert found.severity is Severity.ERROR
    assert found.address == "imports.old"


@pytest.mark.parametrize("region", ["cn-shanghai-finance-1", "cn-north-2-gov-1"])
def test_an_import_into_finance_or_gov_cloud_needs_none(region: str) -> None:
    assert _check(Desired(instances=(instance("hub", region),), imports=(ImportRule("old", "hub", PERSONAL),))) == ()


def test_the_vpc_of_an_import_has_to_be_bound_to_its_target() -> None:
    bindings = (VpcBinding("a", "hub", "vpc-1", "vsw-1"), VpcBinding("b", "eu", "vpc-2", "vsw-2"))
    instances = (instance("hub"), instance("eu"))
    imports = (
        ImportRule("right", "hub", PERSONAL, "a"),
        ImportRule("wrong", "hub", PERSONAL, "b", places=at(1, vpc=7)),
    )
    found = _check(Desired(instances=instances, vpcs=bindings, imports=imports))
    assert [(d.rule, d.address) for d in found] == [("R-NET-2", "imports.wrong")]
    assert found[0].span is not None
    assert found[0].span.line == 7


def test_one_instance_per_region_has_the_personal_domain() -> None:
    def with_domain(key: str, region: str, line: int) -> Instance:
        return Instance(key, region, key, personal_domain=True, places=at(line))

    regions = (
        with_domain("a", "cn-hangzhou", 1),
        with_domain("b", "cn-beijing", 2),
        with_domain("c", "cn-hangzhou", 3),
    )
    found = _check(Desired(instances=regions))
    assert [(d.rule, d.address) for d in found] == [("R-IMP-4", "instances.c")]
    assert "`c` and `a`" in found[0].summary


def test_an_illegal_topology_is_not_told_a_second_time_as_a_dependency_cycle() -> None:
    desired = Desired(instances=(instance("a"), instance("b")), replications=(rule("x", "a", "b"), rule("y", "b", "a")))
    assert rule_ids(_check(desired)) == ["R-TOPO-3"]


def test_a_target_in_another_account_is_known_by_its_id_alone() -> None:
    nameless = Desired(
        instances=(instance("hub"), instance("theirs")), replications=(rule("r", "hub", "theirs", user_id="42"),)
    )
    assert the("R-REP-4", _check(nameless)).severity is Severity.ERROR
    known = Instance("theirs", "cn-hangzhou", "their", id="cri-theirs")
    assert _check(replace(nameless, instances=(instance("hub"), known))) == ()
    assert _check(replace(nameless, replications=(rule("r", "hub", "theirs"),))) == ()


def test_references_to_instances_that_are_not_declared_are_somebody_elses_matter() -> None:
    lost = Desired(replications=(rule("r", "hub", "eu"),), imports=(ImportRule("i", "hub", PERSONAL),))
    assert _check(lost) == ()


def test_steps_that_only_a_person_can_take_are_listed() -> None:
    desired = Desired(
        instances=(
            Instance("hub", "cn-hangzhou", "acme-hub", personal_domain=True),
            Instance("eu", "eu-central-1", "eu", id="cri-eu"),
        ),
        namespaces=(namespace("hub"),),
        replications=(rule("r", "hub", "eu", user_id="123"),),
    )
    found = list(rules.prerequisites(desired, Live()))
    assert {d.severity for d in found} == {Severity.INFO}
    assert [d.address for d in found] == ["instances.hub", "replications.r[eu]"]
    assert "account 123" in found[1].summary


def test_a_plain_state_asks_no_person_for_anything() -> None:
    assert (
        list(
            rules.prerequisites(
                Desired(instances=(instance("hub"),), imports=(ImportRule("i", "hub", PERSONAL),)), Live()
            )
        )
        == []
    )
