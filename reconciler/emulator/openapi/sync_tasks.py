"""Replication tasks: started by hand or by a manual rule, watched, listed and cancelled."""

from __future__ import annotations

from reconciler.emulator.account import Account, Instance, side_of
from reconciler.emulator.identifiers import batch_id
from reconciler.emulator.openapi.call import Call, Operation, Payload
from reconciler.emulator.openapi.instances import find
from reconciler.emulator.openapi.sync_rules import DEFAULT_PRIORITY, priority_of, rule_of
from reconciler.emulator.refusal import Refused
from reconciler.emulator.sync_rule import SyncTrigger, check_sides
from reconciler.emulator.sync_task import ImagePlace, SyncTask, TaskStatus
from reconciler.emulator.tagging import check_name


async def create_task(call: Call) -> Payload:
    parameters, account = call.parameters, call.cloud.account
    source = find(call)
    repository = source.catalogue.repository_by_id(parameters.required("RepoId"))
    target_region = parameters.required("TargetRegionId")
    user = parameters.text("TargetUserId")
    target = account.target(parameters.required("TargetInstanceId"), target_region, user)
    place = ImagePlace(
        target.region,
        target.id,
        parameters.required("TargetNamespace"),
        parameters.required("TargetRepoName"),
        check_name("TargetTag", parameters.required("TargetTag")),
    )
    tag = await call.cloud.tag(source, repository, parameters.required("Tag"))
    check_sides(side_of(source), side_of(target), call.cloud.policy.laws)
    target.catalogue.namespace(place.namespace)
    now = call.cloud.clock.now()
    task = SyncTask(
        id=account.new_id("rst", source.id, repository.path, tag.name),
        batch_id=batch_id(),
        source=ImagePlace(source.region, source.id, repository.namespace, repository.name, tag.name),
        target=place,
        digest=tag.digest,
        trigger=SyncTrigger.INITIATIVE,
        priority=priority_of(call, DEFAULT_PRIORITY),
        override=parameters.flag("Override") or False,
        created=now,
        modified=now,
        cross_user=user not in ("", account.user_id),
    )
    call.cloud.replication.submit(task)
    return {"SyncTaskId": task.id}


async def create_task_by_rule(call: Call) -> Payload:
    source = find(call)
    repository = source.catalogue.repository_by_id(call.parameters.required("RepoId"))
    rule = rule_of(call, source)
    if rule.trigger is not SyncTrigger.INITIATIVE:
        raise Refused("SYNC_RULE_TRIGGER_NOT_SUPPORT", f"the rule replicates by itself: {rule.id}")
    tag = await call.cloud.tag(source, repository, call.parameters.required("Tag"))
    if not rule.covers(repository.namespace, repository.name, tag.name):
        raise Refused("SYNC_RULE_NOT_MATCH", f"the rule does not cover: {repository.path}:{tag.name}")
    priority = priority_of(call, rule.priority)
    task = call.cloud.start_rule(rule, repository, tag.name, tag.digest, batch_id(), priority=priority)
    return {"SyncTaskId": task.id}


def get_task(call: Call) -> Payload:
    task = _task_of(call, find(call))
    return {
        **_shown(task),
        "ImageFrom": _place(task.source),
        "ImageTo": _place(task.target),
        "Progress": int(task.status is TaskStatus.SUCCESS),
        "SyncedSize": task.synced_size,
        "LayerTasks": [
            {
                "SyncLayerTaskId": layer.id,
                "Digest": layer.digest,
                "ArtifactDigest": layer.artifact,
                "Size": layer.size,
                "SyncedSize": layer.synced,
                "TaskStatus": layer.status.value,
            }
            for layer in task.layers
        ],
    }


def list_task(call: Call) -> Payload:
    """Newest first. `SyncRecordId` is what answers call `SyncBatchTaskId`."""
    instance = find(call)
    wanted = {name: call.parameters.text(name) for name in ("RepoNamespaceName", "RepoName", "Tag", "SyncRecordId")}

    def matches(task: SyncTask) -> bool:
        here = task.source if task.source.instance_id == instance.id else task.target
        actual = {
            "RepoNamespaceName": here.namespace,
            "RepoName": here.repository,
            "Tag": here.tag,
            "SyncRecordId": task.batch_id,
        }
        return all(value in ("", actual[name]) for name, value in wanted.items())

    found = [task for task in _tasks_of(call.cloud.account, instance) if matches(task)]
    found.sort(key=lambda task: task.created, reverse=True)
    page = call.parameters.page()
    rows: list[Payload] = [
        {
            **_shown(task),
            "ImageFrom": _place(task.source),
            "ImageTo": _place(task.target),
            "CreateTime": task.created,
            "ModifedTime": task.modified,  # spelled so by the service
            "ModifiedTime": task.modified,
            "CustomLink": bool(task.link_id),
            "LinkId": task.link_id,
        }
        for task in page.cut(found)
    ]
    return {"SyncTasks": rows, "PageNo": page.number, "PageSize": page.size, "TotalCount": str(len(found))}


def cancel_task(call: Call) -> Payload:
    task = _task_of(call, find(call))
    if task.status.final:
        raise Refused("SYNC_TASK_STATUS_NOT_SUPPORT", f"the task has ended: {task.status}")
    call.cloud.replication.cancel(task)
    return {}


def _tasks_of(account: Account, instance: Instance) -> list[SyncTask]:
    return [
        task
        for task in account.sync_tasks.values()
        if instance.id in (task.source.instance_id, task.target.instance_id)
    ]


def _task_of(call: Call, instance: Instance) -> SyncTask:
    identity = call.parameters.required("SyncTaskId")
    task = call.cloud.account.sync_tasks.get(identity)
    if task is None or instance.id not in (task.source.instance_id, task.target.instance_id):
        raise Refused("SYNC_TASK_NOT_EXIST", f"sync task is not exist: {identity}")
    return task


def _place(place: ImagePlace) -> Payload:
    return {
        "RegionId": place.region,
        "InstanceId": place.instance_id,
        "RepoNamespaceName": place.namespace,
        "RepoName": place.repository,
        "ImageTag": place.tag,
    }


def _shown(task: SyncTask) -> Payload:
    return {
        "SyncTaskId": task.id,
        "SyncBatchTaskId": task.batch_id,
        "SyncRuleId": task.rule_id,
        "TaskStatus": task.status.value,
        "TaskTrigger": task.trigger.value,
        "TaskIssue": task.issue,
        "Priority": task.priority,
        "CrossUser": task.cross_user,
        "SyncTransAccelerate": False,
    }


OPERATIONS: dict[str, Operation] = {
    "CreateRepoSyncTask": create_task,
    "CreateRepoSyncTaskByRule": create_task_by_rule,
    "GetRepoSyncTask": get_task,
    "ListRepoSyncTask": list_task,
    "CancelRepoSyncTask": cancel_task,
}
