"""Looking at the networks and roles that a scope names. What the access key may not see is unknown, and no failure."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from concurrent.futures import Future
from dataclasses import dataclass
from typing import TypeVar

from reconciler.acr.errors import AccessDenied
from reconciler.acr.surroundings import Surroundings
from reconciler.live.failure import reading
from reconciler.live.submit import Submit
from reconciler.model.live import LiveRoles
from reconciler.model.network import Network, SecurityGroup, Vpc, Vswitch
from reconciler.model.scope import NetworkScope

T = TypeVar("T")


@dataclass(slots=True)
class NetworkListing:
    """The calls for one region, all under way from the start."""

    region: str
    vpcs: list[Future[Vpc | None]]
    vswitches: list[Future[Vswitch | None]]
    groups: list[Future[SecurityGroup | None]]

    @classmethod
    def start(cls, submit: Submit, around: Surroundings, scope: NetworkScope) -> NetworkListing:
        region = scope.region
        return cls(
            region,
            [submit(around.vpc.get_vpc, region, vpc) for vpc in sorted(scope.vpcs)],
            [submit(around.vpc.get_vswitch, region, *pair) for pair in sorted(scope.vswitches)],
            [submit(around.ecs.get_security_group, region, group) for group in sorted(scope.security_groups)],
        )

    def result(self) -> Network:
        where = f"the network in {self.region}"
        return Network(self.region, _seen(where, self.vpcs), _seen(where, self.vswitches), _seen(where, self.groups))


@dataclass(slots=True)
class RoleListing:
    roles: dict[str, Future[bool]]

    @classmethod
    def start(cls, submit: Submit, around: Surroundings, region: str, names: Iterable[str]) -> RoleListing:
        """`region` is where the calls come from."""
        return cls({name: submit(around.ram.has_role, region, name) for name in sorted(names)})

    def result(self) -> LiveRoles:
        found = _permitted("the roles of the account", lambda: [n for n, there in self.roles.items() if there.result()])
        return LiveRoles(None if found is None else frozenset(found))


def _seen(where: str, calls: list[Future[T | None]]) -> tuple[T, ...] | None:
    found = _permitted(where, lambda: [call.result() for call in calls])
    return None if found is None else tuple(item for item in found if item is not None)


def _permitted(what: str, read: Callable[[], list[T]]) -> list[T] | None:
    with reading(what):
        try:
            return read()
        except AccessDenied:
            return None
