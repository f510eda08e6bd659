"""Instances, their quotas, and the logins to their registries."""

from __future__ import annotations

from dataclasses import dataclass

from reconciler.acr.answer import Answer
from reconciler.acr.cr.product import Product
from reconciler.acr.token import RegistryToken
from reconciler.model.live import LiveInstance
from reconciler.model.spec import Edition


@dataclass(frozen=True, slots=True)
class InstanceUsage:
    """What an instance may hold and holds already."""

    namespace_quota: int
    namespace_usage: int
    repository_quota: int
    repository_usage: int
    vpc_quota: int
    vpc_usage: int


class Instances(Product):
    def list_instances(self, region: str) -> tuple[LiveInstance, ...]:
        """The account's instances in `region` in name order, without what they hold."""
        found = (_instance(item, region) for item in self._list(region, "ListInstance", "Instances", {}))
        return tuple(sorted((i for i in found if i.status != "DELETED"), key=lambda i: (i.name, i.id)))

    def get_instance(self, region: str, instance_id: str) -> LiveInstance:
        return _instance(self._call(region, "GetInstance", {"InstanceId": instance_id}), region)

    def instance_usage(self, region: str, instance_id: str) -> InstanceUsage:
        """Raises NotReady while the instance is not running."""
        answer = self._call(region, "GetInstanceUsage", {"InstanceId": instance_id})
        return InstanceUsage(
            namespace_quota=answer.number("NamespaceQuota"),
            namespace_usage=answer.number("NamespaceUsage"),
            repository_quota=answer.number("RepoQuota"),
            repository_usage=answer.number("RepoUsage"),
            vpc_quota=answer.number("VpcQuota"),
            vpc_usage=answer.number("VpcUsage"),
        )

    def authorization_token(self, region: str, instance_id: str) -> RegistryToken:
        """A login to the instance's registry, with the caller's permissions; it is good for an hour at most."""
        answer = self._call(region, "GetAuthorizationToken", {"InstanceId": instance_id})
        return RegistryToken(
            username=answer.text("TempUsername"),
            password=answer.text("AuthorizationToken"),
            expires=answer.number("ExpireTime") / 1000,
        )


def _instance(answer: Answer, region: str) -> LiveInstance:
    return LiveInstance(
        id=answer.text("InstanceId"),
        name=answer.text("InstanceName"),
        region=answer.text("RegionId", region),
        edition=_edition(answer.text("InstanceSpecification", "")),
        status=answer.text("InstanceStatus"),
        issue=answer.text("InstanceIssue", ""),
    )


def _edition(specification: str) -> Edition | None:
    """`Enterprise_Basic` and the like; None for an edition that is newer than we are."""
    name = specification.removeprefix("Enterprise_").lower()
    return Edition(name) if name in frozenset(Edition) else None
