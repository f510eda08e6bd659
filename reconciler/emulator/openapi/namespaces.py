"""Namespaces of an instance."""

from __future__ import annotations

from collections.abc import Mapping

from reconciler.emulator.account import Instance
from reconciler.emulator.catalogue import Namespace, Status
from reconciler.emulator.openapi.call import Call, Operation, Payload, invalid
from reconciler.emulator.openapi.instances import find
from reconciler.emulator.policy import DELAYS
from reconciler.emulator.refusal import Refused
from reconciler.model.spec import Visibility


def visibility_of(parameter: str, value: str) -> Visibility:
    """From `PUBLIC` or `PRIVATE`; raises Refused for anything else."""
    if value not in ("PUBLIC", "PRIVATE"):
        raise invalid(parameter, value)
    return Visibility(value.lower())


def create_namespace(call: Call) -> Payload:
    instance = find(call)
    name = call.parameters.required("NamespaceName")
    auto_create = call.parameters.flag("AutoCreateRepo")
    defaults = Namespace("", name, auto_create=True, visibility=Visibility.PRIVATE)
    _apply_settings(call, defaults)
    made = call.cloud.account.new_namespace(
        instance, name, auto_create=auto_create is not False, visibility=defaults.visibility
    )
    made.tag_immutability, made.image_index_only = defaults.tag_immutability, defaults.image_index_only
    return {}


def get_namespace(call: Call) -> Payload:
    instance = find(call)
    identity = call.parameters.text("NamespaceId")
    for namespace in instance.catalogue.namespaces.values() if identity else ():
        if namespace.id == identity:
            return _shown(instance, namespace)
    name = identity or call.parameters.required("NamespaceName")
    return _shown(instance, instance.catalogue.namespace(name))


def list_namespace(call: Call) -> Payload:
    instance = find(call)
    name, status = call.parameters.text("NamespaceName"), call.parameters.text("NamespaceStatus")
    found = [
        namespace
        for _, namespace in sorted(instance.catalogue.namespaces.items())
        if name in ("", namespace.name) and status in ("", namespace.status)
    ]
    page = call.parameters.page()
    return {
        "Namespaces": [_shown(instance, namespace) for namespace in page.cut(found)],
        "PageNo": page.number,
        "PageSize": page.size,
        "TotalCount": str(len(found)),
    }


def update_namespace(call: Call) -> Payload:
    instance = find(call)
    namespace = instance.catalogue.namespace(call.parameters.required("NamespaceName"))
    _apply_settings(call, namespace)
    auto_create = call.parameters.flag("AutoCreateRepo")
    if auto_create is not None:
        namespace.auto_create = auto_create
    return {}


def delete_namespace(call: Call) -> Payload:
    instance = find(call)
    catalogue = instance.catalogue
    namespace = catalogue.namespace(call.parameters.required("NamespaceName"))
    if any(repository.status is Status.NORMAL for repository in catalogue.repositories_of(namespace.name)):
        raise Refused("NAMESPACE_NOT_EMPTY", f"namespace has repositories: {namespace.name}")
    namespace.status = Status.DELETING

    async def drop() -> None:
        catalogue.namespaces.pop(namespace.name, None)
        call.cloud.changed()

    call.cloud.later(DELAYS.deletion, drop)
    return {}


def _apply_settings(call: Call, namespace: Namespace) -> None:
    visibility = call.parameters.text("DefaultRepoType")
    if visibility:
        namespace.visibility = visibility_of("DefaultRepoType", visibility)
    configuration = call.parameters.structure("DefaultRepoConfiguration")
    if configuration is None:
        return
    if not isinstance(configuration, Mapping):
        raise invalid("DefaultRepoConfiguration", configuration)
    if configuration.get("RepoType"):
        namespace.visibility = visibility_of("RepoType", str(configuration["RepoType"]))
    if configuration.get("TagImmutability") is not None:
        namespace.tag_immutability = bool(configuration["TagImmutability"])
    build = configuration.get("ArtifactBuildRuleParameters")
    if isinstance(build, Mapping) and build.get("ImageIndexOnly") is not None:
        namespace.image_index_only = bool(build["ImageIndexOnly"])


def _shown(instance: Instance, namespace: Namespace) -> Payload:
    return {
        "InstanceId": instance.id,
        "NamespaceId": namespace.id,
        "NamespaceName": namespace.name,
        "NamespaceStatus": namespace.status.value,
        "AutoCreateRepo": namespace.auto_create,
        "DefaultRepoType": namespace.visibility.upper(),
        "DefaultRepoConfiguration": {
            "RepoType": namespace.visibility.upper(),
            "TagImmutability": namespace.tag_immutability,
            "ArtifactBuildRuleParameters": {"ImageIndexOnly": namespace.image_index_only},
        },
        "ResourceGroupId": "",
    }


OPERATIONS: dict[str, Operation] = {
    "CreateNamespace": create_namespace,
    "GetNamespace": get_namespace,
    "ListNamespace": list_namespace,
    "UpdateNamespace": update_namespace,
    "DeleteNamespace": delete_namespace,
}
