"""Replication tasks of the declared hubs: read, looked into while they run, and made again when they failed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from reconciler.acr.cr import Cr
from reconciler.acr.cr.replication import DEFAULT_PRIORITY
from reconciler.acr.errors import AcrError
from reconciler.core.routing import latest
from reconciler.executor.task_making import make_task
from reconciler.model.live import LiveInstance
from reconciler.model.record import TaskRecord
from reconciler.model.single_image import SingleImage
from reconciler.model.spec import Desired, Edition, Trigger
from reconciler.model.sync_task import SyncTask, TaskStatus

_SOURCES = (Edition.ADVANCED, Edition.STANDARD, None)
LOOKED_INTO = 40
"""Running tasks whose layers are asked for at a time; each is a call."""


@dataclass(slots=True)
class History:
    """`hubs` are the instances that tasks are listed from; `_names` and `_rule_names` tell what ids stand for."""

    _cr: Cr
    _hubs: Sequence[LiveInstance]
    _names: Mapping[str, str]
    _rule_names: Mapping[str, str]

    @classmethod
    def open(cls, cr: Cr, desired: Desired) -> History:
        """Looks the declared instances up. Tasks are listed where they leave from, so instances of editions that only
        receive are not asked. Raises AcrError."""
        places = sorted({(instance.region, instance.account) for instance in desired.instances})
        listed = {place: cr.list_instances(place[0], place[1] or None) for place in places}
        names: dict[str, str] = {}
        hubs: list[LiveInstance] = []
        for instance in desired.instances:
            for live in listed[instance.region, instance.account]:
                if live.id == instance.id if instance.id else live.name == instance.name:
                    names[live.id] = instance.key
                    if live.edition in _SOURCES and live.status == "RUNNING":
                        hubs.append(live)
        rules = {rule.id: rule.name for hub in hubs for rule in cr.list_sync_rules(hub.region, hub.id)}
        return cls(cr, hubs, names, rules)

    @property
    def rules(self) -> tuple[str, ...]:
        """Names and ids of the rules that are there now."""
        return (*self._rule_names, *self._rule_names.values())

    def read(self) -> tuple[TaskRecord, ...]:
        """Every task that leaves a hub, oldest first; the service does not say in which order it lists them."""
        found = [
            task
            for hub in self._hubs
            for task in self._cr.list_sync_tasks(hub.region, hub.id)
            if task.source.instance == hub.id
        ]
        found.sort(key=lambda task: (task.created, task.id))
        return tuple(map(self._record, found))

    def looked_into(self, records: Sequence[TaskRecord]) -> tuple[TaskRecord, ...]:
        """With the layers of those that are under way."""
        running = [record.task.id for record in records if record.task.running][:LOOKED_INTO]
        return tuple(self._with_layers(record) if record.task.id in running else record for record in records)

    def failed_last(self, records: Sequence[TaskRecord]) -> tuple[TaskRecord, ...]:
        """Those that failed and were not followed by another task for the same image and target."""
        newest = {task.id for task in latest(record.task for record in self.read()).values()}
        return tuple(r for r in records if r.task.status is TaskStatus.ERROR and r.task.id in newest)

    def again(self, records: Sequence[TaskRecord]) -> tuple[tuple[TaskRecord, ...], Mapping[str, str]]:
        """A new task for each, and what was in the way of those that got none, by the old task's id."""
        made: list[TaskRecord] = []
        problems: dict[str, str] = {}
        for record in records:
            try:
                made.append(self._record(self._again(record.task)))
            except (AcrError, KeyError) as error:
                gone = f"the source has no repository `{record.task.source.repository}` any more"
                problems[record.task.id] = gone if isinstance(error, KeyError) else str(error)
        return tuple(made), problems

    def _again(self, task: SyncTask) -> SyncTask:
        """Raises AcrError, and KeyError when the repository is gone."""
        source = task.source
        known = {r.name: r.id for r in self._cr.list_repositories(source.region, source.instance)}
        # A rule replaces what is there, and the task that it made would have.
        image = SingleImage(source, task.target, task.trigger is Trigger.PUSH, task.priority or DEFAULT_PRIORITY)
        made = make_task(self._cr, known[source.repository], image)
        return self._cr.get_sync_task(source.region, source.instance, made)

    def _with_layers(self, record: TaskRecord) -> TaskRecord:
        task = record.task
        seen = self._cr.get_sync_task(task.source.region, task.source.instance, task.id)
        return replace(record, task=replace(seen, created=task.created, modified=seen.modified or task.modified))

    def _record(self, task: SyncTask) -> TaskRecord:
        return TaskRecord(
            task,
            self._rule_names.get(task.rule, task.rule),
            self._names.get(task.source.instance, task.source.instance),
            self._names.get(task.target.instance, task.target.instance),
        )
