"""Repositories of an instance."""

from __future__ import annotations

import httpx

from reconciler.emulator.account import Instance
from reconciler.emulator.catalogue import Repository, Status
from reconciler.emulator.openapi.call import Call, Operation, Payload, invalid, listing_slice
from reconciler.emulator.openapi.instances import find
from reconciler.emulator.openapi.namespaces import visibility_of
from reconciler.emulator.policy import DELAYS
from reconciler.emulator.refusal import Refused

_SUMMARY_LIMIT = 100
_STATUSES = ("", "ALL", "NORMAL", "DELETING", "DELETED")


def create_repository(call: Call) -> Payload:
    instance = find(call)
    namespace = call.parameters.required("RepoNamespaceName")
    name = call.parameters.required("RepoName")
    visibility = visibility_of("RepoType", call.parameters.required("RepoType"))
    made = call.cloud.account.new_repository(
        instance, f"{namespace}/{name}", visibility=visibility, summary=_summary(call), now=call.cloud.clock.now()
    )
    made.detail = call.parameters.text("Detail")
    immutable = call.parameters.flag("TagImmutability")
    made.tag_immutability = instance.catalogue.namespace(namespace).tag_immutability if immutable is None else immutable
    return {"RepoId": made.id}


def get_repository(call: Call) -> Payload:
    instance = find(call)
    repository = _addressed(call, instance)
    return {**_shown(instance, repository), "Detail": repository.detail}


def list_repository(call: Call) -> Payload:
    instance = find(call)
    status = call.parameters.text("RepoStatus")
    if status not in _STATUSES:
        raise invalid("RepoStatus", status)
    namespace, name = call.parameters.text("RepoNamespaceName"), call.parameters.text("RepoName")
    found = [
        repository
        for _, repository in sorted(instance.catalogue.repositories.items())
        if namespace in ("", repository.namespace)
        and name in ("", repository.name)
        and status in ("", "ALL", repository.status)
    ]
    part = listing_slice(call.parameters, len(found))
    rows = [_shown(instance, repository) for repository in found[part.start : part.start + part.size]]
    return {"Repositories": rows, **part.fields}


def update_repository(call: Call) -> Payload:
    instance = find(call)
    repository = _addressed(call, instance)
    visibility = visibility_of("RepoType", call.parameters.required("RepoType"))
    repository.visibility, repository.summary = visibility, _summary(call)
    if "Detail" in call.parameters.values:
        repository.detail = call.parameters.text("Detail")
    immutable = call.parameters.flag("TagImmutability")
    if immutable is not None:
        repository.tag_immutability = immutable
    repository.modified = call.cloud.clock.now()
    return {}


def delete_repository(call: Call) -> Payload:
    instance = find(call)
    repository = _addressed(call, instance)
    if repository.status is Status.DELETING:
        return {}
    repository.status = Status.DELETING

    async def drop() -> None:
        try:
            await call.cloud.contents[instance.label].delete_repository(repository.path)
        except httpx.HTTPError:  # a real registry that does not let go of its images
            repository.status = Status.NORMAL
            return
        instance.catalogue.repositories.pop(repository.path, None)
        call.cloud.changed()

    call.cloud.later(DELAYS.deletion, drop)
    return {}


def _summary(call: Call) -> str:
    summary = call.parameters.required("Summary")
    if len(summary) > _SUMMARY_LIMIT:
        raise invalid("Summary", summary)
    return summary


def _addressed(call: Call, instance: Instance) -> Repository:
    identity = call.parameters.text("RepoId")
    if identity:
        return instance.catalogue.repository_by_id(identity)
    name, namespace = call.parameters.text("RepoName"), call.parameters.text("RepoNamespaceName")
    if not name or not namespace:
        raise Refused("MissingRepoId", "RepoId is mandatory for this action.", 400)
    return instance.catalogue.repository(f"{namespace}/{name}")


def _shown(instance: Instance, repository: Repository) -> Payload:
    return {
        "InstanceId": instance.id,
        "RepoId": repository.id,
        "RepoName": repository.name,
        "RepoNamespaceName": repository.namespace,
        "RepoType": repository.visibility.upper(),
        "RepoStatus": repository.status.value,
        "RepoBuildType": "MANUAL",
        "Summary": repository.summary,
        "TagImmutability": repository.tag_immutability,
        "CreateTime": repository.created,
        "ModifiedTime": repository.modified,
        "ResourceGroupId": "",
    }


OPERATIONS: dict[str, Operation] = {
    "CreateRepository": create_repository,
    "GetRepository": get_repository,
    "ListRepository": list_repository,
    "UpdateRepository": update_repository,
    "DeleteRepository": delete_repository,
}
