"""One call of the OpenAPI, and which calls only read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType


class Version(StrEnum):
    """The API of a product: Personal Edition is called ROA style, all others RPC style."""

    ENTERPRISE = "2018-12-01"
    PERSONAL = "2016-06-07"
    VPC = "2016-04-28"
    ECS = "2014-05-26"
    RAM = "2015-05-01"
    BILLING = "2017-12-14"
    STS = "2015-04-01"


JSON = "application/json; charset=utf-8"
FORM = "application/x-www-form-urlencoded"

READS: Mapping[Version, frozenset[str]] = MappingProxyType(
    {
        Version.ENTERPRISE: frozenset(
            {
                "GetAuthorizationToken",
                "GetInstance",
                "GetInstanceEndpoint",
                "GetInstanceUsage",
                "GetInstanceVpcEndpoint",
                "GetNamespace",
                "GetRepoSourceCodeRepo",
                "GetRepoSyncTask",
                "GetRepository",
                "ListInstance",
                "ListInstanceRegion",
                "ListNamespace",
                "ListRepoBuildRule",
                "ListRepoSyncRule",
                "ListRepoSyncTask",
                "ListRepoTag",
                "ListRepository",
            }
        ),
        Version.BILLING: frozenset({"GetSubscriptionPrice", "QueryAvailableInstances"}),
        Version.PERSONAL: frozenset(
            {
                "GetAuthorizationToken",
                "GetNamespace",
                "GetNamespaceList",
                "GetRepoBuildRuleList",
                "GetRepoListByNamespace",
                "GetRepoSourceRepo",
                "GetRepoTags",
            }
        ),
        Version.VPC: frozenset({"DescribeVSwitches", "DescribeVpcs"}),
        Version.ECS: frozenset({"DescribeSecurityGroupAttribute"}),
        Version.RAM: frozenset({"GetRole"}),
    }
)
"""An action that is not listed counts as a write. A registry login is a read: it changes nothing."""


IDEMPOTENT: Mapping[Version, frozenset[str]] = MappingProxyType(
    {
        Version.ENTERPRISE: frozenset(
            {
                "ChangeResourceGroup",
                "DeleteInstanceVpcEndpointLinkedVpc",
                "DeleteNamespace",
                "DeleteRepository",
                "TagResources",
                "UntagResources",
                "UpdateInstanceEndpointStatus",
                "UpdateNamespace",
                "UpdateRepository",
            }
        ),
        Version.STS: frozenset({"AssumeRole", "AssumeRoleWithOIDC"}),
    }
)
"""Writes that leave the same behind when they are sent twice: they set everything that they name, or their second
answer is that the object is gone."""


@dataclass(frozen=True, slots=True)
class Request:
    """`path` is percent-encoded, `query` is not; `body` is of the kind that `content_type` says, or empty.

    Only what makes a credential in the first place is not `signed`.
    """

    version: Version
    action: str
    region: str
    query: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    method: str = "POST"
    path: str = "/"
    body: bytes = b""
    content_type: str = JSON
    signed: bool = True
    account: str | None = None
    """The name of the account in the YAML, empty for the default one; None leaves it to who knows."""

    @property
    def reads(self) -> bool:
        return self.action in READS.get(self.version, ())

    @property
    def repeatable(self) -> bool:
        """Whether it may be sent again without knowing what became of the first one."""
        return self.reads or self.action in IDEMPOTENT.get(self.version, ())
