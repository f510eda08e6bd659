"""Looking at the networks and roles that a scope names. What the access key may not see is unknown, and no failure."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass
from typing import TypeVar

from reconciler.acr.errors import AccessDenied
from reconciler.acr.surroundings import Surroundings
from reconciler.live.failure import reading
from reconciler.live.submit import Submit
from reconciler.model.live import LiveRole
from reconciler.model.network import Home, Network, SecurityGroup, Vpc, Vswitch
from reconciler.model.scope import NetworkScope

T = TypeVar("T")


@dataclass(slots=True)
class NetworkListing:
    """The calls for one home, all under way from the start."""

    home: Home
    vpcs: list[Future[Vpc | None]]
    vswitches: list[Future[Vswitch | None]]
    groups: list[Future[SecurityGroup | None]]

    @classmethod
    def start(cls, submit: Submit, around: Surroundings, scope: NetworkScope) -> NetworkListing:
        home = scope.home
        return cls(
            home,
            [submit(around.vpc.get_vpc, home, vpc) for vpc in sorted(scope.vpcs)],
            [submit(around.vpc.get_vswitch, home, *pair) for pair in sorted(scope.vswitches)],
            [submit(around.ecs.get_security_group, home, group) for group in sorted(scope.security_groups)],
        )

    def result(self) -> Network:
        region, account = self.home.region, self.home.account
        where = f"the network in {region}" + (f" of account `{account}`" if account else "")
        found = _seen(where, self.vpcs), _seen(where, self.vswitches), _seen(where, self.groups)
        return Network(region, *found, account)


@dataclass(slots=True)
class RoleListing:
    name: str
    account: str
    there: Future[bool]

    @classmethod
    def start(cls, submit: Submit, around: Surroundings, name: str, home: Home) -> RoleListing:
        return cls(name, home.account, submit(around.ram.has_role, home, name))

    def result(self) -> LiveRole:
        exists = _permitted(f"the role `{self.name}`", lambda: [self.there.result()])
        return LiveRole(self.name, self.account, None if exists is None else exists[0])


def _seen(where: str, calls: list[Future[T | None]]) -> tuple[T, ...] | None:
    found = _permitted(where, lambda: [call.result() for call in calls])
    return None if found is None else tuple(item for item in found if item is not None)


def _permitted(what: str, read: Callable[[], list[T]]) -> list[T] | None:
    with reading(what):
        try:
            return read()
        except AccessDenied:
            return None
