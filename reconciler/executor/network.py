"""Control steps on what lies around a registry: a service's own role, and what a security group lets in."""

from __future__ import annotations

from collections.abc import Callable

from reconciler.core import network
from reconciler.core.firewall import kept_out
from reconciler.executor.target import Workbench, settle
from reconciler.executor.waiting import StepFailed
from reconciler.model import address
from reconciler.model.network import HTTPS, Home, Ingress
from reconciler.model.plan import Change

_PURPOSE = "image import of Container Registry"


def create_role(bench: Workbench, change: Change) -> None:
    home = next(
        home for home in network.role_homes(bench.desired) if network.role_address(home.account) == change.address
    )
    ram = bench.around.ram
    settle(
        lambda: ram.create_service_linked_role(home, network.SERVICE),
        lambda: ram.has_role(home, network.SERVICE_ROLE),
        bench.patience,
    )


def open_security_group(bench: Workbench, change: Change) -> None:
    """Adds a rule for each block that is kept out now, and reads back that none is."""
    binding, home = next(
        (binding, home)
        for binding, home in network.opened(bench.desired)
        if address.security_group(binding.key) == change.address
    )
    vpc = bench.around.vpc.get_vpc(home, binding.vpc)
    if vpc is None or binding.security_group is None:
        raise StepFailed(f"VPC `{binding.vpc}` is gone; plan again", retryable=True)
    identity, blocks = binding.security_group, vpc.cidrs

    def closed() -> tuple[str, ...]:
        group = bench.around.ecs.get_security_group(home, identity)
        if group is None:
            raise StepFailed(f"security group `{identity}` is gone; plan again", retryable=True)
        return kept_out(group, blocks, HTTPS)

    for block in closed():
        _let_in(bench, home, identity, block, closed)
    shut = closed()
    if shut:
        raise StepFailed(f"another rule of `{identity}` still keeps out {', '.join(shut)}; remove it in the console")


def _let_in(bench: Workbench, home: Home, group: str, block: str, closed: Callable[[], tuple[str, ...]]) -> None:
    rule = Ingress("tcp", HTTPS, HTTPS, block)
    settle(lambda: bench.around.ecs.let_in(home, group, rule, _PURPOSE), lambda: block not in closed(), bench.patience)
