"""The service's replication tasks: a table of them, live while they run, and new ones for those that failed."""

from __future__ import annotations

import re
import shutil
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from time import sleep
from typing import TYPE_CHECKING

import typer

from reconciler.commands.console import Console
from reconciler.commands.exits import Exit, Refused
from reconciler.commands.options import TextFormat
from reconciler.commands.pipeline import check, open_told, require_valid
from reconciler.commands.saved import now_milliseconds, records_text

if TYPE_CHECKING:
    from reconciler.acr.hosts import Network
    from reconciler.executor.task_history import History
    from reconciler.model.record import TaskRecord
    from reconciler.model.spec import Desired

_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86400}
_PAUSE = 2.0
"""Seconds between two looks: one call for each hub, and one for each task under way."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which tasks to show."""

    failed: bool
    rule: str | None
    instance: str | None
    since: str | None
    limit: int
    spec: Sequence[Path] | None

    def require_default(self, *, watch: bool) -> None:
        """Raises Refused: these are for tasks."""
        given = (("--rule", self.rule), ("--instance", self.instance), ("--since", self.since), ("--spec", self.spec))
        named = [option for option, value in given if value is not None] + ["--watch"] * watch
        if named:
            raise Refused(f"`{named[0]}` is for replication tasks", hint="add `--tasks`")

    def choose(self, found: Sequence[TaskRecord], now: int) -> tuple[TaskRecord, ...]:
        """Oldest first."""
        from reconciler.model.sync_task import TaskStatus

        oldest = now - _age(self.since) * 1000 if self.since is not None else 0
        chosen = [
            record
            for record in found
            if (not self.failed or record.task.status in (TaskStatus.ERROR, TaskStatus.CANCELED))
            and self.rule in (None, record.rule, record.task.rule)
            and self.instance in (None, record.source, record.target)
            and record.task.created >= oldest
        ]
        return tuple(chosen[-self.limit :])

    def require_known(self, desired: Desired, names: Sequence[str]) -> None:
        """Raises Refused for a rule or an instance that nobody knows: an empty table would look like good news."""
        from reconciler.spec.problem import choice

        keys = [instance.key for instance in desired.instances]
        for what, word, known in (("instance", self.instance, keys), ("rule", self.rule, names)):
            if word is not None and word not in known:
                raise Refused(f"no {what} is called `{word}`", hint=choice(word, known, otherwise="correct the name"))


def show(
    wanted: Wanted,
    console: Console,
    endpoint_url: str | None,
    network: Network,
    output: TextFormat,
    *,
    watch: bool,
    retry: bool,
    auto_approve: bool,
    log_file: Path | None,
) -> Exit:
    """Exit code 1 when a retry could not be made, or when a watched task failed. Raises Refused, AcrError."""
    from reconciler.executor.task_history import History
    from reconciler.model.record import Records
    from reconciler.render import records_human

    now = now_milliseconds()
    _age(wanted.since or "0s")
    checked = check(wanted.spec)
    require_valid(checked, console, on_stdout=False)
    desired = checked.loaded.desired
    with open_told(endpoint_url, console, writes=retry, network=network, log_file=log_file, desired=desired) as cloud:
        history = History.open(cloud.cr, desired)
        wanted.require_known(desired, history.rules)
        chosen = wanted.choose(history.read(), now)
        problems: Mapping[str, str] = {}
        if retry:
            chosen, problems = _retried(history, console, auto_approve=auto_approve, chosen=chosen)
        if watch:
            chosen = _watched(history, wanted, console, chosen, only={r.task.id for r in chosen} if retry else None)
    records = Records(tasks=chosen)
    if output is TextFormat.JSON:
        console.out(records_text(records))
    else:
        console.out(records_human.render(records, console.style, now_milliseconds()))
    for task, problem in problems.items():
        console.note(f"error: task {task} could not be made again: {problem}")
    return Exit.ERROR if problems or (watch and any(_failed(record) for record in chosen)) else Exit.OK


def _retried(
    history: History, console: Console, *, auto_approve: bool, chosen: Sequence[TaskRecord]
) -> tuple[tuple[TaskRecord, ...], Mapping[str, str]]:
    due = history.failed_last(chosen)
    if not due:
        console.note("no task has to be made again: what failed was followed by another task")
        return (), {}
    if not auto_approve:
        if not console.interactive:
            raise Refused("nobody can be asked here, so no task was made", hint="pass `--auto-approve`")
        what = "this task" if len(due) == 1 else f"these {len(due)} tasks"
        console.ask(f"Make {what} again? Only `yes` is accepted: ")
        if sys.stdin.readline().strip() != "yes":
            raise Refused("not approved: no task was made")
    return history.again(due)


def _watched(
    history: History, wanted: Wanted, console: Console, chosen: Sequence[TaskRecord], only: set[str] | None
) -> tuple[TaskRecord, ...]:
    from reconciler.render import records_human

    told: dict[str, str] = {}
    while True:
        chosen = history.looked_into(chosen)
        if console.interactive:
            columns, lines = shutil.get_terminal_size()
            style = replace(console.note_style, width=columns)
            console.frame(records_human.frame(chosen, style, lines, now_milliseconds()))
        else:
            for record in chosen:
                line = records_human.task_line(record)
                if told.get(record.task.id) != line:
                    told[record.task.id] = line
                    console.note(line)
        if not any(record.task.running for record in chosen):
            console.frame("")
            return tuple(chosen)
        sleep(_PAUSE)
        found = history.read()
        chosen = tuple(r for r in found if r.task.id in only) if only else wanted.choose(found, now_milliseconds())


def _failed(record: TaskRecord) -> bool:
    return record.task.status.final and record.task.status.value != "SUCCESS"


def _age(text: str) -> int:
    """Seconds. Raises typer.BadParameter."""
    found = re.fullmatch(r"([0-9]{1,9})([smhd])", text)
    if found is None:
        raise typer.BadParameter(f"`{text}` is not an age such as 90m, 12h or 7d", param_hint="--since")
    return int(found[1]) * _SECONDS[found[2]]
