"""Replication tasks: one tag each, made by a push that met a rule, or by hand."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Set
from dataclasses import dataclass
from itertools import islice

from reconciler.acr.answer import Answer
from reconciler.acr.cr.product import Product
from reconciler.acr.cr.replication import DEFAULT_PRIORITY, read_trigger
from reconciler.acr.errors import MalformedAnswer
from reconciler.acr.rpc import Parameter
from reconciler.model.sync_task import SyncImage, SyncLayer, SyncTask, TaskStatus

ASKED_ONE_BY_ONE = 5
"""Up to so many tags of a repository are asked for by name; for more, its whole history of tasks is listed."""


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


class SyncTasks(Product):
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

    def sync_tasks_of(self, region: str, instance_id: str, tags: Mapping[str, Set[str]]) -> tuple[SyncTask, ...]:
        """The tasks that copy these tags of repositories (`namespace/repository`) away from this instance."""
        found: list[SyncTask] = []
        for repository, names in sorted(tags.items()):
            if len(names) <= ASKED_ONE_BY_ONE:
                for name in sorted(names):
                    found += self.list_sync_tasks(region, instance_id, repository=repository, tag=name)
            else:
                found += self.list_sync_tasks(region, instance_id, repository=repository)
        return tuple(task for task in found if _leaves(task, instance_id, tags))

    def cancel_sync_task(self, region: str, instance_id: str, task_id: str) -> None:
        self._call(region, "CancelRepoSyncTask", {"InstanceId": instance_id, "SyncTaskId": task_id})


def _leaves(task: SyncTask, instance_id: str, tags: Mapping[str, Set[str]]) -> bool:
    """The service lists what an instance receives, too."""
    return task.source.instance == instance_id and task.source.tag in tags.get(task.source.repository, ())


def _task(item: Answer) -> SyncTask:
    status = item.text("TaskStatus")
    if status not in frozenset(TaskStatus):
        raise MalformedAnswer(f"`{item.action}` answered with a `TaskStatus` that is not known: {status}")
    return SyncTask(
        id=item.text("SyncTaskId"),
        status=TaskStatus(status),
        trigger=read_trigger(item, "TaskTrigger"),
        source=_image(item.part("ImageFrom")),
        target=_image(item.part("ImageTo")),
        issue=item.text("TaskIssue", ""),
        rule=item.text("SyncRuleId", ""),
        batch=item.text("SyncBatchTaskId", ""),
        created=item.number("CreateTime", 0),
        # The service's own spelling; the right one was added later.
        modified=item.number("ModifiedTime", item.number("ModifedTime", 0)),
        synced=item.number("SyncedSize", 0),
        layers=tuple(_layer(layer) for layer in item.parts("LayerTasks")),
        priority=item.number("Priority", 0),
        cross_account=item.flag("CrossUser"),
    )


def _layer(item: Answer) -> SyncLayer:
    return SyncLayer(
        digest=item.text("Digest", ""),
        size=item.number("Size", 0),
        synced=item.number("SyncedSize", 0),
        status=item.text("TaskStatus", ""),
    )


def _image(side: Answer) -> SyncImage:
    return SyncImage(
        region=side.text("RegionId", ""),
        instance=side.text("InstanceId", ""),
        repository=f"{side.text('RepoNamespaceName', '')}/{side.text('RepoName', '')}",
        tag=side.text("ImageTag", ""),
    )
