"""Tags and resource groups of instances, the one type of resource that the service tags."""

from __future__ import annotations

from collections.abc import Iterator

from reconciler.emulator.account import Instance
from reconciler.emulator.openapi.call import Call, Operation, Parameters, Payload, invalid
from reconciler.emulator.openapi.instances import find_any

_LIMIT = 20
_LONGEST = 128


def tag_resources(call: Call) -> Payload:
    instances = _named(call)
    tags = dict(_tags(call.parameters))
    if not tags:
        call.parameters.required("Tag.1.Key")
    for instance in instances:
        instance.tags.update(tags)
    return {}


def untag_resources(call: Call) -> Payload:
    """`All` counts only without keys."""
    keys = _numbered(call.parameters, "TagKey")
    everything = bool(call.parameters.flag("All")) and not keys
    for instance in _named(call):
        instance.tags = {k: v for k, v in instance.tags.items() if not everything and k not in keys}
    return {}


def list_tag_resources(call: Call) -> Payload:
    rows: list[Payload] = [
        {"ResourceId": instance.id, "ResourceType": "Instance", "TagKey": key, "TagValue": value}
        for instance in _named(call)
        for key, value in sorted(instance.tags.items())
    ]
    return {"TagResources": {"TagResource": rows}}


def change_resource_group(call: Call) -> Payload:
    call.parameters.required("ResourceRegionId")
    instance = find_any(call, call.parameters.required("ResourceId"))
    instance.resource_group = call.parameters.required("ResourceGroupId")
    return {}


def _named(call: Call) -> list[Instance]:
    call.parameters.required("RegionId")
    if call.parameters.required("ResourceType").lower() != "instance":
        raise invalid("ResourceType", call.parameters.text("ResourceType"))
    named = _numbered(call.parameters, "ResourceId")
    if not named:
        call.parameters.required("ResourceId.1")
    return [find_any(call, identity) for identity in named]


def _tags(parameters: Parameters) -> Iterator[tuple[str, str]]:
    number = 1
    while key := parameters.text(f"Tag.{number}.Key"):
        value = parameters.text(f"Tag.{number}.Value")
        reserved = key.startswith(("aliyun", "acs:")) or "http://" in key or "https://" in key
        if number > _LIMIT or reserved or len(key) > _LONGEST or len(value) > _LONGEST:
            raise invalid(f"Tag.{number}.Key", key)
        yield key, value
        number += 1


def _numbered(parameters: Parameters, name: str) -> list[str]:
    found: list[str] = []
    while value := parameters.text(f"{name}.{len(found) + 1}"):
        found.append(value)
    return found


OPERATIONS: dict[str, Operation] = {
    "ChangeResourceGroup": change_resource_group,
    "ListTagResources": list_tag_resources,
    "TagResources": tag_resources,
    "UntagResources": untag_resources,
}
