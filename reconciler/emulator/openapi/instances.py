"""Instances, their quotas, and logins to their registries."""

from __future__ import annotations

import time

from reconciler.emulator.account import Instance, InstanceStatus
from reconciler.emulator.logins import TEMPORARY_USER
from reconciler.emulator.openapi.call import Call, Operation, Payload
from reconciler.emulator.refusal import Refused

_MAX_HOURS = 24


def _specification(instance: Instance) -> str:
    return f"Enterprise_{instance.edition.capitalize()}"


def _summary(instance: Instance) -> Payload:
    return {
        "InstanceId": instance.id,
        "InstanceName": instance.name,
        "InstanceSpecification": _specification(instance),
        "InstanceStatus": instance.status.value,
        "ResourceGroupId": instance.resource_group,
        "Tags": [{"TagKey": key, "TagValue": value} for key, value in sorted(instance.tags.items())],
    }


def _in_scope(call: Call) -> list[Instance]:
    ours = (i for i in call.cloud.account.instances.values() if i.listed and not i.owner)
    return [i for i in ours if call.region in (None, i.region)]


def list_instance(call: Call) -> Payload:
    """Times are strings here and numbers in GetInstance."""
    name, status = call.parameters.text("InstanceName"), call.parameters.text("InstanceStatus")
    found = [i for i in _in_scope(call) if name in ("", i.name) and status in ("", i.status)]
    page = call.parameters.page()
    rows: list[Payload] = [
        {
            **_summary(i),
            "RegionId": i.region,
            "CreateTime": str(i.created),
            "ModifiedTime": str(i.created),
        }
        for i in page.cut(found)
    ]
    return {"Instances": rows, "PageNo": page.number, "PageSize": page.size, "TotalCount": len(found)}


def get_instance(call: Call) -> Payload:
    instance = find_any(call, call.parameters.required("InstanceId"))
    return {**_summary(instance), "CreateTime": instance.created, "ModifiedTime": instance.created}


def get_instance_count(call: Call) -> Payload:
    return {"Count": len(_in_scope(call))}


def get_instance_usage(call: Call) -> Payload:
    instance = find(call)
    return {
        "NamespaceQuota": str(instance.catalogue.namespace_quota),
        "NamespaceUsage": str(len(instance.catalogue.namespaces)),
        "RepoQuota": str(instance.catalogue.repository_quota),
        "RepoUsage": str(len(instance.catalogue.repositories)),
        "VpcQuota": str(instance.vpc_quota),
        "VpcUsage": str(len(instance.vpc_links)),
        "ChartNamespaceQuota": "0",
        "ChartNamespaceUsage": "0",
        "ChartRepoQuota": "0",
        "ChartRepoUsage": "0",
        "PerformanceUnits": 0,
    }


def list_instance_region(call: Call) -> Payload:
    regions = sorted({holder.region for holder in call.cloud.account.holders()})
    return {"Regions": [{"RegionId": region, "LocalName": region} for region in regions]}


def get_authorization_token(call: Call) -> Payload:
    instance = find(call)
    hours = call.parameters.integer("ExpiresInHours", 1, high=_MAX_HOURS)
    password = call.cloud.logins.new_password(instance.label, hours * 3600.0)
    return {
        "TempUsername": TEMPORARY_USER,
        "AuthorizationToken": password,
        "ExpireTime": int((time.time() + hours * 3600) * 1000),
    }


def find(call: Call) -> Instance:
    """The instance that `InstanceId` names. Raises Refused without one, and for one that does not run yet."""
    instance = find_any(call, call.parameters.required("InstanceId"))
    if instance.status is not InstanceStatus.RUNNING:
        raise Refused("INSTANCE_STATUS_NOT_SUPPORT", f"instance is {instance.status.value}: {instance.id}")
    return instance


def find_any(call: Call, instance_id: str) -> Instance:
    """An instance in any status. Raises Refused without one, and for one of another account."""
    found = call.cloud.account.instance(instance_id, call.region)
    if found.owner:
        raise Refused("INSTANCE_NOT_EXIST", f"instance is not exist: {instance_id}")
    return found


OPERATIONS: dict[str, Operation] = {
    "ListInstance": list_instance,
    "GetInstance": get_instance,
    "GetInstanceCount": get_instance_count,
    "GetInstanceUsage": get_instance_usage,
    "ListInstanceRegion": list_instance_region,
    "GetAuthorizationToken": get_authorization_token,
}
