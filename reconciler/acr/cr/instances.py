"""Instances, their quotas, and the logins to their registries."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from types import MappingProxyType
from typing import TypeVar

from reconciler.acr.answer import Answer
from reconciler.acr.cr.product import Product
from reconciler.acr.token import RegistryToken
from reconciler.model.live import LiveInstance
from reconciler.model.quota import QuotaUse, Usage
from reconciler.model.spec import RESERVED_TAGS, Edition

Item = TypeVar("Item")

_TAGS_PER_CALL = 20
"""As the models of the official SDK document it."""


class Instances(Product):
    def list_instances(self, region: str, account: str | None = None) -> tuple[LiveInstance, ...]:
        """The account's instances in `region` in name order, without what they hold; without an `account` those of the
        one that the region leads to."""
        items = self._list(region, "ListInstance", "Instances", {}, account=account)
        found = (replace(_instance(item, region), account=account or "") for item in items)
        return tuple(sorted((i for i in found if i.status != "DELETED"), key=lambda i: (i.name, i.id)))

    def get_instance(self, region: str, instance_id: str) -> LiveInstance:
        return _instance(self._call(region, "GetInstance", {"InstanceId": instance_id}), region)

    def list_regions(self, region: str) -> tuple[str, ...]:
        """The regions that offer the service, as `region` tells it."""
        answer = self._call(region, "ListInstanceRegion", {})
        return tuple(sorted(item.text("RegionId") for item in answer.parts("Regions")))

    def add_tags(self, region: str, instance_id: str, tags: Mapping[str, str]) -> None:
        """Add tags, or give those that are there another value."""
        for some in _batched(sorted(tags.items())):
            pairs = {
                f"Tag.{number}.{part}": text
                for number, (key, value) in enumerate(some, 1)
                for part, text in (("Key", key), ("Value", value))
            }
            self._call(region, "TagResources", {**_tagged(region, instance_id), **pairs})

    def remove_tags(self, region: str, instance_id: str, keys: Iterable[str]) -> None:
        for some in _batched(sorted(keys)):
            named = {f"TagKey.{number}": key for number, key in enumerate(some, 1)}
            self._call(region, "UntagResources", {**_tagged(region, instance_id), **named})

    def set_resource_group(self, region: str, instance_id: str, resource_group: str) -> None:
        parameters = {
            "ResourceId": instance_id,
            "ResourceRegionId": region,
            "ResourceGroupId": resource_group,
        }
        self._call(region, "ChangeResourceGroup", parameters)

    def instance_usage(self, region: str, instance_id: str) -> Usage:
        """Raises NotReady while the instance is not running."""
        answer = self._call(region, "GetInstanceUsage", {"InstanceId": instance_id})

        def use(name: str) -> QuotaUse:
            return QuotaUse(answer.number(f"{name}Usage"), answer.number(f"{name}Quota"))

        return Usage(namespaces=use("Namespace"), repositories=use("Repo"), vpcs=use("Vpc"))

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
        tags=MappingProxyType(dict(sorted(_own_tags(answer)))),
        resource_group=answer.text("ResourceGroupId", ""),
    )


def _own_tags(answer: Answer) -> Iterator[tuple[str, str]]:
    """Without the tags that the cloud's own services put there, which nobody else may write."""
    for tag in answer.parts("Tags"):
        key = tag.text("TagKey")
        if not key.startswith(RESERVED_TAGS):
            yield key, tag.text("TagValue", "")


def _tagged(region: str, instance_id: str) -> dict[str, str]:
    return {"RegionId": region, "ResourceType": "Instance", "ResourceId.1": instance_id}


def _batched(items: Sequence[Item]) -> Iterator[Sequence[Item]]:
    """As many as one call takes."""
    for start in range(0, len(items), _TAGS_PER_CALL):
        yield items[start : start + _TAGS_PER_CALL]


def _edition(specification: str) -> Edition | None:
    """`Enterprise_Basic` and the like; None for an edition that is newer than we are."""
    name = specification.removeprefix("Enterprise_").lower()
    return Edition(name) if name in frozenset(Edition) else None
