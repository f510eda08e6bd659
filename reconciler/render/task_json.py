"""Replication tasks as JSON: one image by hand (schemas/replicate.v1.json), and rows of records."""

from __future__ import annotations

from reconciler.model.json_value import Json
from reconciler.model.single_image import Outcome
from reconciler.model.sync_task import SyncImage, SyncTask
from reconciler.render import units

FORMAT_VERSION = "1.0"


def to_json(found: Outcome, *, created: str, tool_version: str) -> Json:
    """`created` is RFC 3339 in UTC."""
    return {
        "format_version": FORMAT_VERSION,
        "tool_version": tool_version,
        "created": created,
        "result": found.stage.value,
        "digest": found.digest,
        "source": _side(found.image.source),
        "target": _side(found.image.target),
        "overwrite": found.image.overwrite,
        "reason": found.reason,
        "task": None if found.task is None else row(found.task),
    }


def row(task: SyncTask) -> dict[str, Json]:
    """Sizes are in layers only where the task was asked for by itself."""
    return {
        "id": task.id,
        "status": task.status.value,
        "trigger": task.trigger.value,
        "issue": task.issue,
        "rule": task.rule,
        "batch": task.batch,
        "source": _side(task.source),
        "target": _side(task.target),
        "created": units.timestamp(task.created) if task.created else None,
        "modified": units.timestamp(task.modified) if task.modified else None,
        "layers": [
            {"digest": layer.digest, "size": layer.size, "synced": layer.synced, "status": layer.status}
            for layer in task.layers
        ],
    }


def _side(image: SyncImage) -> Json:
    return {
        "region": image.region,
        "instance": image.instance,
        "repository": image.repository,
        "tag": image.tag,
    }
