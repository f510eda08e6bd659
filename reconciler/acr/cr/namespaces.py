"""Namespaces of an instance."""

from __future__ import annotations

from reconciler.acr import visibility as words
from reconciler.acr.answer import Answer
from reconciler.acr.cr.product import Product
from reconciler.acr.errors import NotFound
from reconciler.acr.rpc import Parameter
from reconciler.model.json_value import Json, canonical
from reconciler.model.live import LiveNamespace
from reconciler.model.spec import Visibility


class Namespaces(Product):
    def list_namespaces(self, region: str, instance_id: str) -> tuple[LiveNamespace, ...]:
        """In name order, without those that are being deleted."""
        items = self._list(region, "ListNamespace", "Namespaces", {"InstanceId": instance_id})
        found = {
            item.text("NamespaceName"): LiveNamespace(
                name=item.text("NamespaceName"),
                auto_create=item.flag("AutoCreateRepo"),
                visibility=words.read(
                    item, "DefaultRepoType", item.part("DefaultRepoConfiguration").text("RepoType", "PRIVATE")
                ),
                tag_immutability=item.part("DefaultRepoConfiguration").flag("TagImmutability"),
                image_index_only=_build_parameters(item).flag("ImageIndexOnly"),
            )
            for item in items
            if item.text("NamespaceStatus", "NORMAL") == "NORMAL"
        }
        return tuple(found[name] for name in sorted(found))

    def has_namespace(self, region: str, instance_id: str, name: str) -> bool:
        """Whether the name is taken, be it by a namespace that is being deleted."""
        try:
            self._call(region, "GetNamespace", {"InstanceId": instance_id, "NamespaceName": name})
        except NotFound:
            return False
        return True

    def create_namespace(
        self,
        region: str,
        instance_id: str,
        name: str,
        *,
        auto_create: bool,
        visibility: Visibility,
        tag_immutability: bool | None = None,
        image_index_only: bool | None = None,
    ) -> None:
        """The last two are for repositories that pushes create; the service has both or none of them said."""
        settings = _settings(instance_id, name, auto_create, visibility)
        settings |= _configuration(visibility, tag_immutability, image_index_only)
        self._call(region, "CreateNamespace", settings)

    def update_namespace(
        self,
        region: str,
        instance_id: str,
        name: str,
        *,
        auto_create: bool,
        visibility: Visibility,
        tag_immutability: bool | None = None,
        image_index_only: bool | None = None,
    ) -> None:
        """The last two are for repositories that pushes create; the service has both or none of them said."""
        settings = _settings(instance_id, name, auto_create, visibility)
        settings |= _configuration(visibility, tag_immutability, image_index_only)
        self._call(region, "UpdateNamespace", settings)

    def delete_namespace(self, region: str, instance_id: str, name: str) -> None:
        """Takes effect later. Raises NotFound when it is gone already."""
        self._call(region, "DeleteNamespace", {"InstanceId": instance_id, "NamespaceName": name})


def _settings(instance_id: str, name: str, auto_create: bool, visibility: Visibility) -> dict[str, Parameter]:
    return {
        "InstanceId": instance_id,
        "NamespaceName": name,
        "AutoCreateRepo": auto_create,
        "DefaultRepoType": words.written(visibility),
    }


def _configuration(
    visibility: Visibility, tag_immutability: bool | None, image_index_only: bool | None
) -> dict[str, Parameter]:
    if tag_immutability is None and image_index_only is None:
        return {}
    configuration: Json = {
        "RepoType": words.written(visibility),
        "TagImmutability": tag_immutability or False,
        "ArtifactBuildRuleParameters": {"ImageIndexOnly": image_index_only or False},
    }
    return {"DefaultRepoConfiguration": canonical(configuration)}


def _build_parameters(item: Answer) -> Answer:
    return item.part("DefaultRepoConfiguration").part("ArtifactBuildRuleParameters")
