"""Control steps on what lies around a registry: a service's own role, and what a security group lets in."""

from __future__ import annotations

from collections.abc import Callable

from reconciler.core import network
from reconciler.core.firewall import kept_out
from reconciler.executor.target import Workbench, settle
from reconciler.executor.waiting import StepFailed
from reconciler.model import address
from reconciler.model.network import HTTPS, Ingress
from reconciler.model.plan import Change

_PURPOSE = "image import of Container Registry"


def create_role(bench: Workbench, change: Change) -> None:
    (name,) = change.address.parts
    # Roles are the account's, so any region will do.
    region = next(region for _, region in network.bindings(bench.desired))
    ram = bench.around.ram
    settle(
        lambda: ram.create_service_linked_role(region, network.SERVICE),
        lambda: ram.has_role(region, name),
        bench.patience,
    )


def open_security_group(bench: Workbench, change: Change) -> None:
    """Adds a rule for each block that is kept out now, and reads back that none is."""
    binding, region = next(
        (binding, region)
        for binding, region in network.opened(bench.desired)
        if address.security_group(binding.key) == change.address
    )
    vpc = bench.around.vpc.get_vpc(region, binding.vpc)
    if vpc is None or binding.security_group is None:
        raise StepFailed(f"VPC `{binding.vpc}` is gone; plan again", retryable=True)
    identity, blocks = binding.security_group, vpc.cidrs

    def closed() -> tuple[str, ...]:
        group = bench.around.ecs.get_security_group(region, identity)
        if group is None:
            raise StepFailed(f"security group `{identity}` is gone; plan again", retryable=True)
        return kept_out(group, blocks, HTTPS)

    for block in closed():
        _let_in(bench, region, identity, block, closed)
    shut = closed()
    if shut:
        raise StepFailed(f"another rule of `{identity}` still keeps out {', '.join(shut)}; remove it in the console")


def _let_in(bench: Workbench, region: str, group: str, block: str, closed: Callable[[], tuple[str, ...]]) -> None:
    rule = Ingress("tcp", HTTPS, HTTPS, block)
    settle(
        lambda: bench.around.ecs.let_in(region, group, rule, _PURPOSE), lambda: block not in closed(), bench.patience
    )
