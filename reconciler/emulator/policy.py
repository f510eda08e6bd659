"""What the local cloud permits and how long things take, in one place."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from reconciler.emulator.call_faults import CallFaults
from reconciler.emulator.sync_rule import Laws
from reconciler.model.quota import INCLUDED, Included
from reconciler.model.spec import Edition


@dataclass(frozen=True, slots=True)
class Quota:
    namespaces: int
    repositories: int
    vpcs: int = 5


def _quota(included: Included) -> Quota:
    return Quota(included.namespaces, included.repositories)


_BASIC, _ADVANCED = _quota(INCLUDED[Edition.BASIC]), _quota(INCLUDED[Edition.ADVANCED])

# For the others there are no published figures.
EDITION_QUOTAS: Mapping[Edition, Quota] = MappingProxyType(
    {Edition.BASIC: _BASIC, Edition.STANDARD: _BASIC, Edition.ECONOMY: _BASIC, Edition.ADVANCED: _ADVANCED}
)
PERSONAL_QUOTA = Quota(namespaces=3, repositories=300, vpcs=0)


@dataclass(frozen=True, slots=True)
class Policy:
    """Choices that the service's documents leave open, and limits that a test may want smaller.

    `business_status` is the HTTP status of refusals such as `NAMESPACE_NOT_EXIST`: the service has been seen to answer
    200 with `IsSuccess: false`, and 400 and 404. `owners` maps instances of the seed to the ids of the other accounts
    that they belong to. `token_seconds` is how long a registry token lives, in real seconds.
    `unbound_is_refused` says how a repository without source code answers: by a refusal, or without names.
    `code_platforms` are the hosting platforms that instances are bound to, such as `github`; None binds them all.
    `vpc_issues` maps VPCs that cannot be linked to what the service says then, such as `PRIVATE_ZONE_CONFLICT_AT_h`.
    """

    business_status: int = 200
    laws: Laws = field(default_factory=Laws)
    owners: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    token_seconds: float = 60.0
    unbound_is_refused: bool = False
    code_platforms: frozenset[str] | None = None
    vpc_issues: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    quotas: Mapping[Edition, Quota] = field(default_factory=lambda: EDITION_QUOTAS)
    personal_quota: Quota = PERSONAL_QUOTA
    calls: CallFaults = field(default_factory=CallFaults)
    international: bool = False
    """Whether the account was opened at the international site, which sells under a product type of its own."""


@dataclass(frozen=True, slots=True)
class Delays:
    """Nominal seconds; the clock divides them by its speed."""

    vpc_link: float = 6.0
    endpoint: float = 4.0
    deletion: float = 2.0
    task_pending: float = 1.0
    task_layer: float = 0.2
    instance_listed: float = 1.0
    instance_starting: float = 3.0
    instance_running: float = 10.0


DELAYS = Delays()
