"""The role that imports need, and the security group of a binding."""

from __future__ import annotations

from dataclasses import replace

from reconciler.core.network import SERVICE, SERVICE_ROLE
from reconciler.model import address
from reconciler.model.network import Home, Ingress, SecurityGroup, Vpc
from reconciler.model.plan import Action
from reconciler.model.source import PersonalSource
from reconciler.model.spec import Desired, ImportRule, VpcBinding
from tests.unit.executor.neighbourhood import Roles, neighbourhood
from tests.unit.executor.workshop import INSTANCES, Workshop, change, reasons, results

BINDING = VpcBinding("main", "hub", "vpc-1", "vsw-1", "sg-1", open_security_group=True)
RULE = ImportRule("legacy", "hub", PersonalSource("cn-hangzhou", ("apps",)), "main")
DESIRED = Desired(instances=INSTANCES, vpcs=(BINDING,), imports=(RULE,))
HERE = "@cn-hangzhou"
VPCS = {f"vpc-1{HERE}": Vpc("vpc-1", ("10.0.0.0/8", "172.16.0.0/12"))}
GROUP = SecurityGroup("sg-1", "vpc-1", (Ingress("tcp", 443, 443, "10.0.0.0/8"),))
OPENING = change(address.security_group("main"), Action.UPDATE)
GROUP_ADDRESS, ROLE_ADDRESS = "vpcs.main.security_group", f"roles.{SERVICE_ROLE}"


def test_only_what_is_kept_out_is_let_in() -> None:
    workshop = Workshop(around=neighbourhood(VPCS, {f"sg-1{HERE}": GROUP}))
    assert results(workshop.run(DESIRED, OPENING)) == {GROUP_ADDRESS: "done"}
    group = workshop.around.ecs.get_security_group(Home("cn-hangzhou"), "sg-1")
    assert group == replace(GROUP, ingress=(*GROUP.ingress, Ingress("tcp", 443, 443, "172.16.0.0/12")))


def test_a_group_that_another_rule_keeps_shut_is_a_failure_that_says_so() -> None:
    shut = replace(GROUP, ingress=(Ingress("all", 1, 65535, "172.16.0.0/12", accepts=False),))
    workshop = Workshop(around=neighbourhood(VPCS, {f"sg-1{HERE}": shut}))
    report = workshop.run(DESIRED, OPENING)
    assert reasons(report) == {
        GROUP_ADDRESS: "another rule of `sg-1` still keeps out 172.16.0.0/12; remove it in the console"
    }


def test_a_group_that_is_gone_meanwhile_is_a_failure() -> None:
    report = Workshop(around=neighbourhood(VPCS)).run(DESIRED, OPENING)
    assert reasons(report) == {GROUP_ADDRESS: "security group `sg-1` is gone; plan again"}
    report = Workshop(around=neighbourhood()).run(DESIRED, OPENING)
    assert reasons(report) == {GROUP_ADDRESS: "VPC `vpc-1` is gone; plan again"}


def test_the_role_is_made_for_the_service() -> None:
    workshop = Workshop()
    assert results(workshop.run(DESIRED, change(address.role(SERVICE_ROLE)))) == {ROLE_ADDRESS: "done"}
    roles = workshop.around.ram
    assert isinstance(roles, Roles)
    assert roles.made == {SERVICE_ROLE: SERVICE}
