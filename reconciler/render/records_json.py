"""Records as JSON; schemas/records.v1.json is its contract."""

from __future__ import annotations

from reconciler.model.json_value import Json
from reconciler.model.record import PastRun, Records, TaskRecord
from reconciler.render import task_json

FORMAT_VERSION = "1.0"


def to_json(records: Records, *, created: str, tool_version: str, now: int) -> Json:
    """`created` is RFC 3339 in UTC, `now` the same in epoch milliseconds."""
    return {
        "format_version": FORMAT_VERSION,
        "tool_version": tool_version,
        "created": created,
        "runs": [_run(run) for run in records.runs],
        **({} if records.tasks is None else {"tasks": [_task(record, now) for record in records.tasks]}),
    }


def _task(record: TaskRecord, now: int) -> Json:
    return {
        **task_json.row(record.task),
        "rule_name": record.rule,
        "source_key": record.source,
        "target_key": record.target,
        "seconds": record.seconds(now),
    }


def _run(run: PastRun) -> Json:
    return {
        "id": run.id,
        "created": run.created,
        "verdict": run.verdict.value,
        "selected": run.selected,
        "imported": run.imported,
        "skipped": run.skipped,
        "failed": run.failed,
        "bytes_moved": run.bytes_moved,
        "seconds": run.seconds,
    }
