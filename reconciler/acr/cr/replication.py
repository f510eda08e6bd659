"""Replication between instances: rules, which can be created and deleted but not changed, and tasks for single tags."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from itertools import islice

from reconciler.acr.answer import Answer
from reconciler.acr.cr.product import Parameter, Product
from reconciler.acr.errors import MalformedAnswer
from reconciler.model.live import LiveSyncRule
from reconciler.model.spec import Level, Trigger

DEFAULT_PRIORITY = 3

_TRIGGERS = {Trigger.PUSH: "PASSIVE", Trigger.MANUAL: "INITIATIVE"}
_LEVELS = {"REPO": Level.REPOSITORY, "NAMESPACE": Level.NAMESPACE, "INSTANCE": None}


class TaskStatus(StrEnum):
    PENDING = "PENDING"
    SYNCHRONIZING = "SYNCHRONIZING"
    SUCCESS = "SUCCESS"
    ERROR = "ERROR"
    CANCELED = "CANCELED"

    @property
    def final(self) -> bool:
        return self in (TaskStatus.SUCCESS, TaskStatus.ERROR, TaskStatus.CANCELED)


@dataclass(frozen=True, slots=True)
class NewSyncRule:
    """A rule to create. `repository` and `target_repository` are without the namespace, and None for a rule of a whole
    namespace; `user_id` is the account that owns the target, when that is another one."""

    name: str
    target_region: str
    target_instance: str
    namespace: str
    target_namespace: str
    tags: str
    trigger: Trigger
    priority: int = DEFAULT_PRIORITY
    repository: str | None = None
    target_repository: str | None = None
    user_id: str | None = None


@dataclass(frozen=True, slots=True)
class NewSyncTask:
    """One tag to copy, from the repository with the id `repository_id`; `override` replaces a tag that differs."""

    repository_id: str
    tag: str
    target_region: str
    target_instance: str
    target_namespace: str
    target_repository: str
    target_tag: str
    override: bool = False
    priority: int = DEFAULT_PRIORITY
    user_id: str | None = None


@dataclass(frozen=True, slots=True)
class SyncImage:
    """One side of a task; `repository` is `namespace/repository`."""

    region: str
    instance: str
    repository: str
    tag: str


@dataclass(frozen=True, slots=True)
class SyncTask:
    """Times are epoch milliseconds, 0 when the answer has none; sizes are bytes. Tasks that one push started share a
    `batch`. Sizes come with a single task only, not with a listing."""

    id: str
    status: TaskStatus
    trigger: Trigger
    source: SyncImage
    target: SyncImage
    issue: str = ""
    rule: str = ""
    batch: str = ""
    created: int = 0
    modified: int = 0
    size: int = 0
    synced: int = 0


class Replication(Product):
    def list_sync_rules(self, region: str, instance_id: str) -> tuple[LiveSyncRule, ...]:
        """The rules whose source is this instance, in name order; the service lists those that it receives too."""
        items = self._list(region, "ListRepoSyncRule", "SyncRules", {"InstanceId": instance_id})
        found = {r.id: r for r in map(_rule, (i for i in items if i.text("SyncDirection", "FROM") == "FROM"))}
        return tuple(sorted(found.values(), key=lambda rule: (rule.name, rule.id)))

    def create_sync_rule(self, region: str, instance_id: str, rule: NewSyncRule) -> str:
        """The new rule's id; `region` and `instance_id` are the source's."""
        answer = self._call(
            region,
            "CreateRepoSyncRule",
            {
                "InstanceId": instance_id,
                "SyncRuleName": rule.name,
                "SyncScope": "NAMESPACE" if rule.repository is None else "REPO",
                "SyncTrigger": _TRIGGERS[rule.trigger],
                "TagFilter": rule.tags,
                "TargetRegionId": rule.target_region,
                "TargetInstanceId": rule.target_instance,
                "NamespaceName": rule.namespace,
                "TargetNamespaceName": rule.target_namespace,
                "RepoName": rule.repository,
                "TargetRepoName": rule.target_repository,
                "TargetUserId": rule.user_id,
                "Priority": rule.priority,
            },
        )
        return answer.text("SyncRuleId")

    def delete_sync_rule(self, region: str, instance_id: str, rule_id: str) -> None:
        """On the source instance only. The answer for a rule that is gone is not documented: list before and after."""
        self._call(region, "DeleteRepoSyncRule", {"InstanceId": instance_id, "SyncRuleId": rule_id})

    def create_sync_task(self, region: str, instance_id: str, task: NewSyncTask) -> str:
        """The new task's id; `region` and `instance_id` are the source's."""
        answer = self._call(
            region,
            "CreateRepoSyncTask",
            {
                "InstanceId": instance_id,
                "RepoId": task.repository_id,
                "Tag": task.tag,
                "TargetRegionId": task.target_region,
                "TargetInstanceId": task.target_instance,
                "TargetNamespace": task.target_namespace,
                "TargetRepoName": task.target_repository,
                "TargetTag": task.target_tag,
                "TargetUserId": task.user_id,
                "Override": task.override,
                "Priority": task.priority,
            },
        )
        return answer.text("SyncTaskId")

    def get_sync_task(self, region: str, instance_id: str, task_id: str) -> SyncTask:
        return _task(self._call(region, "GetRepoSyncTask", {"InstanceId": instance_id, "SyncTaskId": task_id}))

    def list_sync_tasks(
        self,
        region: str,
        instance_id: str,
        *,
        repository: str | None = None,
        tag: str | None = None,
        batch: str | None = None,
        limit: int | None = None,
    ) -> tuple[SyncTask, ...]:
        """In the service's order, the first `limit` of them; `repository` is `namespace/repository`."""
        namespace, _, short_name = (repository or "").partition("/")
        parameters: dict[str, Parameter] = {
            "InstanceId": instance_id,
            "RepoNamespaceName": namespace or None,
            "RepoName": short_name or None,
            "Tag": tag,
            "SyncRecordId": batch,
        }
        items: Iterator[Answer] = self._list(region, "ListRepoSyncTask", "SyncTasks", parameters)
        found = {task.id: task for task in map(_task, islice(items, limit))}
        return tuple(found.values())

    def cancel_sync_task(self, region: str, instance_id: str, task_id: str) -> None:
        self._call(region, "CancelRepoSyncTask", {"InstanceId": instance_id, "SyncTaskId": task_id})


def _rule(item: Answer) -> LiveSyncRule:
    scope = item.text("SyncScope")
    if scope not in _LEVELS:
        raise MalformedAnswer(f"`{item.action}` answered with a `SyncScope` that is not known: {scope}")
    return LiveSyncRule(
        id=item.text("SyncRuleId"),
        name=item.text("SyncRuleName"),
        source_instance=item.text("LocalInstanceId"),
        target_instance=item.text("TargetInstanceId"),
        target_region=item.text("TargetRegionId"),
        level=_LEVELS[scope],
        namespace=item.text("LocalNamespaceName", ""),
        repository=item.text("LocalRepoName", "") or None,
        target_namespace=item.text("TargetNamespaceName", ""),
        target_repository=item.text("TargetRepoName", "") or None,
        tags=item.text("TagFilter", ".*"),
        trigger=_trigger(item, "SyncTrigger"),
        priority=item.number("Priority", DEFAULT_PRIORITY),
        cross_account=item.flag("CrossUser"),
        created=item.number("CreateTime", 0),
    )


def _task(item: Answer) -> SyncTask:
    status = item.text("TaskStatus")
    if status not in frozenset(TaskStatus):
        raise MalformedAnswer(f"`{item.action}` answered with a `TaskStatus` that is not known: {status}")
    return SyncTask(
        id=item.text("SyncTaskId"),
        status=TaskStatus(status),
        trigger=_trigger(item, "TaskTrigger"),
        source=_image(item.part("ImageFrom")),
        target=_image(item.part("ImageTo")),
        issue=item.text("TaskIssue", ""),
        rule=item.text("SyncRuleId", ""),
        batch=item.text("SyncBatchTaskId", ""),
        created=item.number("CreateTime", 0),
        # The service's own spelling; the right one was added later.
        modified=item.number("ModifiedTime", item.number("ModifedTime", 0)),
        size=sum(layer.number("Size", 0) for layer in item.parts("LayerTasks")),
        synced=item.number("SyncedSize", 0),
    )


def _trigger(item: Answer, key: str) -> Trigger:
    word = item.text(key, "PASSIVE")
    found = next((trigger for trigger, name in _TRIGGERS.items() if name == word), None)
    if found is None:
        raise MalformedAnswer(f"`{item.action}` answered with a `{key}` that is not known: {word}")
    return found


def _image(side: Answer) -> SyncImage:
    return SyncImage(
        region=side.text("RegionId", ""),
        instance=side.text("InstanceId", ""),
        repository=f"{side.text('RepoNamespaceName', '')}/{side.text('RepoName', '')}",
        tag=side.text("ImageTag", ""),
    )
