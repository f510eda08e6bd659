# ruff: noqa: ARG002 - the signatures are those of `Cr`; this account needs no region.
"""An account whose instances hold tags, and whose tasks go as their script says."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Set
from dataclasses import dataclass, replace

from reconciler.acr.cr import NewSyncTask
from reconciler.acr.errors import AcrError, NotFound
from reconciler.model.live import LiveRepository, LiveSyncRule, LiveTag
from reconciler.model.spec import Trigger
from reconciler.model.sync_task import SyncImage, SyncTask, TaskStatus
from tests.unit.core.scene import repository
from tests.unit.executor.account import Account

REPOSITORY = "apps/web"
WORKING, DONE = (TaskStatus.SYNCHRONIZING, ""), (TaskStatus.SUCCESS, "")
NETWORK = (TaskStatus.ERROR, "NETWORK_ERROR")

Script = list[tuple[TaskStatus, str]]
"""What a task shows, reading by reading; it stays with the last."""


@dataclass
class _Held:
    task: SyncTask
    script: Script


class TaskAccount(Account):
    """`tags` is what each instance holds in `apps/web`; rules are from `rules_created`.

    `scripts` has, for each tag, one script for each of its tasks; a task without one is done at once. `delivers` is
    false for a service that says SUCCESS and copies nothing.
    """

    def __init__(self) -> None:
        super().__init__()
        self.tags: dict[str, dict[str, LiveTag]] = defaultdict(dict)
        self.scripts: dict[str, list[Script]] = {}
        self.delivers = True
        self.most_running = 0
        self.rules_created = 0
        self.unreadable: AcrError | None = None
        self._tasks: dict[str, _Held] = {}

    def begin(self, tag: str, script: Script, created: int = 1) -> str:
        """A task that somebody else started."""
        return self._begin(tag, script, created)

    @property
    def creations(self) -> list[str]:
        return [call.removeprefix("create task ") for call in self.calls if call.startswith("create task ")]

    def _begin(self, tag: str, script: Script, created: int) -> str:
        identity = f"rst-{len(self._tasks)}"
        ends = [SyncImage("cn-hangzhou", f"cri-{key}", REPOSITORY, tag) for key in ("hub", "eu")]
        status, issue = script[0]
        task = SyncTask(identity, status, Trigger.MANUAL, ends[0], ends[1], issue, created=created, modified=created)
        self._tasks[identity] = _Held(task, script)
        self._deliver(task)
        running = sum(held.task.running for held in self._tasks.values())
        self.most_running = max(self.most_running, running)
        return identity

    def list_repositories(self, region: str, instance_id: str) -> tuple[LiveRepository, ...]:
        return (repository(REPOSITORY),)

    def list_tags(self, region: str, instance_id: str, repository_id: str) -> tuple[LiveTag, ...]:
        if self.unreadable is not None:
            raise self.unreadable
        return tuple(self.tags[instance_id].values())

    def list_sync_rules(self, region: str, instance_id: str) -> tuple[LiveSyncRule, ...]:
        found = super().list_sync_rules(region, instance_id)
        return tuple(rule if rule.created else replace(rule, created=self.rules_created) for rule in found)

    def create_sync_task(self, region: str, instance_id: str, task: NewSyncTask) -> str:
        scripts = self.scripts.get(task.tag, [])
        script = scripts.pop(0) if scripts else [DONE]
        made: list[str] = []
        override = " over" if task.override else ""
        self._write(f"create task {task.tag}{override}", lambda: made.append(self._begin(task.tag, script, 100)))
        return made[0]

    def get_sync_task(self, region: str, instance_id: str, task_id: str) -> SyncTask:
        if task_id not in self._tasks:
            raise NotFound("GetRepoSyncTask", "SYNC_TASK_NOT_EXIST", "", request_id="", status=404)
        held = self._tasks[task_id]
        if len(held.script) > 1:
            held.script.pop(0)
        status, issue = held.script[0]
        held.task = replace(held.task, status=status, issue=issue)
        self._deliver(held.task)
        return held.task

    def sync_tasks_of(self, region: str, instance_id: str, tags: Mapping[str, Set[str]]) -> tuple[SyncTask, ...]:
        return tuple(held.task for held in self._tasks.values() if held.task.source.tag in tags[REPOSITORY])

    def _deliver(self, task: SyncTask) -> None:
        tag = task.source.tag
        if task.status is TaskStatus.SUCCESS and self.delivers and tag in self.tags["cri-hub"]:
            self.tags["cri-eu"][tag] = self.tags["cri-hub"][tag]
