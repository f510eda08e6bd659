"""Why an image is not at the target of a replication, as far as rules and tasks tell."""

from __future__ import annotations

from dataclasses import replace

from reconciler.model.drift import Cause, ImageDrift, ImageState
from reconciler.model.live import LiveSyncRule
from reconciler.model.spec import Backfill, ReplicationRule, Trigger
from reconciler.model.sync_task import SyncTask, TaskStatus


def explain(
    image: ImageDrift, rule: ReplicationRule, live: LiveSyncRule | None, task: SyncTask | None, *, filtered: bool
) -> ImageDrift:
    """`image` with its state and cause. `live` is the rule that is there by now, `task` the latest one for the image;
    `filtered` is whether the rule's own filter matches the tag."""
    cause, detail = _cause(image, rule, live, task, filtered=filtered), ""
    state = image.state
    if task is not None:
        detail = task.issue or task.status.value
    if task is not None and task.running:
        state = ImageState.IN_FLIGHT
    elif rule.backfill is Backfill.NONE and cause in (Cause.OLDER_THAN_RULE, Cause.MANUAL_RULE):
        state = ImageState.LEFT
    return replace(image, state=state, cause=cause, task=task.id if task else "", detail=detail)


def _cause(
    image: ImageDrift, rule: ReplicationRule, live: LiveSyncRule | None, task: SyncTask | None, *, filtered: bool
) -> Cause:
    if task is not None and (task.running or task.modified >= image.pushed):
        match task.status:
            case TaskStatus.SUCCESS:
                return Cause.CHANGED_AT_TARGET
            case TaskStatus.ERROR | TaskStatus.CANCELED:
                return Cause.TASK_FAILED
            case TaskStatus.PENDING | TaskStatus.SYNCHRONIZING:
                return Cause.UNKNOWN
    if rule.trigger is Trigger.MANUAL:
        return Cause.MANUAL_RULE
    if live is None or image.pushed < live.created:
        return Cause.OLDER_THAN_RULE
    return Cause.NO_TASK if filtered and live.created else Cause.UNKNOWN
