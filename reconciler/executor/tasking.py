"""Images that go by replication tasks: created at the API's pace, watched to the end, tried again where it helps."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from reconciler.acr.errors import (
    AccessDenied,
    AcrError,
    CredentialsMissing,
    NotFound,
    NotReady,
    Throttled,
    Unavailable,
    Unreachable,
)
from reconciler.core.routing import Errand, errand, latest
from reconciler.executor.events import TaskSeen
from reconciler.executor.listing import listed_digests
from reconciler.executor.moving import Mover
from reconciler.executor.target import Workbench
from reconciler.executor.task_making import make_task
from reconciler.executor.waiting import StepFailed
from reconciler.model.image import Digest
from reconciler.model.live import LiveInstance
from reconciler.model.plan import Transfer, TransferReason
from reconciler.model.report import ImageResult
from reconciler.model.single_image import SingleImage
from reconciler.model.spec import ReplicationRule
from reconciler.model.sync_task import SyncImage, SyncTask, TaskStatus

TRIES = 3
"""Tasks per image. The service names no time after which a network fault is over; what lasts longer is for a person."""

IN_FLIGHT = 40
"""Tasks that are watched at once: one look at each takes under three seconds at the pace of our calls."""

_TRANSIENT = re.compile(r".*(NETWORK|TIMEOUT|TIMED_OUT|THROTTL|BUSY|UNAVAILABLE|INTERNAL|SYSTEM_ERROR).*")
"""Issues that may be over by the next try. The service documents NETWORK_ERROR alone."""


@dataclass(slots=True)
class _Job:
    """One image on its way. `known` are tasks of the past; one that is `adopted` was started by somebody else."""

    transfer: Transfer
    errand: Errand
    rule: ReplicationRule
    source: LiveInstance
    target: LiveInstance
    known: frozenset[str] = frozenset()
    task: str = ""
    adopted: bool = False
    tries: int = 0
    due: float = 0.0
    seen: tuple[TaskStatus, int] | None = None

    @property
    def repository(self) -> str:
        return self.transfer.source.repository

    @property
    def tag(self) -> str:
        return self.transfer.source.tag

    @property
    def landing(self) -> tuple[str, str]:
        return (self.transfer.target.repository, self.transfer.target.tag)


@dataclass(slots=True)
class Tasks:
    """The images of one step. `start` creates the first of their tasks, `finish` sees all of them to their end.

    Both raise AcrError when the next image would fail in the same way.
    """

    bench: Workbench
    carrier: Mover
    _waiting: list[_Job] = field(default_factory=list)
    _running: list[_Job] = field(default_factory=list)
    _ended: list[_Job] = field(default_factory=list)
    _repositories: dict[str, Mapping[str, str]] = field(default_factory=dict)
    _moves: bool = False

    def start(self, transfers: Iterable[Transfer]) -> None:
        """Take over what is on its way already, then create tasks, as many as are watched at once."""
        rules = {rule.backfill_address: rule for rule in self.bench.desired.replications}
        jobs = []
        for transfer in transfers:
            if not self.carrier.reached_source(transfer):
                self._end(transfer, "the image did not reach the source instance", retryable=True)
                continue
            rule = rules[transfer.address]
            source, target = self.bench.instance(rule.source), self.bench.instance(rule.target)
            key = errand(source, target, transfer.source.repository, transfer.source.tag)
            jobs.append(_Job(transfer, key, rule, source, target))
        # Tasks before targets: what a task brings while both are read is then seen at its target, and not made again.
        tasks = {found[0].source.id: self._tasks_about(found) for found in _by_source(jobs)}
        for source_jobs in _by_source(self._not_there_yet(jobs)):
            self._look_around(source_jobs, tasks[source_jobs[0].source.id])
        self._fill()

    def finish(self) -> None:
        """Every image has an outcome afterwards."""
        while self._waiting or self._running or self._ended:
            self._stop_if_asked()
            self._fill()
            try:
                if self._waiting or self._running:
                    open_images = len(self._waiting) + len(self._running)
                    what = f"replication of {open_images} images by tasks of the service"
                    self.bench.patience.until(self._look, what, alive=self._moved)
                else:
                    self._verify()
            except StepFailed as failure:
                for job in (*self._running, *self._waiting, *self._ended):
                    self._end(job.transfer, str(failure), retryable=failure.retryable)
                return

    def _stop_if_asked(self) -> None:
        if self.bench.patience.stop.is_set():
            for job in self._waiting:
                self._end(job.transfer, "the run was stopped before a task was made for it", retryable=True)
            self._waiting.clear()

    def _not_there_yet(self, jobs: Sequence[_Job]) -> list[_Job]:
        """Without those that arrived since the plan was made."""
        missing: list[_Job] = []
        for target_jobs in _by_target(jobs):
            there = _at_target(self.bench, target_jobs)
            for job in target_jobs:
                if there.get(job.landing) == job.transfer.digest:
                    self.carrier.record(job.transfer, ImageResult.SKIPPED)
                else:
                    missing.append(job)
        return missing

    def _tasks_about(self, jobs: Sequence[_Job]) -> Sequence[SyncTask]:
        """The tasks of one source, past ones too, that are about these images."""
        tags: dict[str, set[str]] = {}
        for job in jobs:
            tags.setdefault(job.repository, set()).add(job.tag)
        return self.bench.cr.sync_tasks_of(jobs[0].source.region, jobs[0].source.id, tags)

    def _look_around(self, jobs: Sequence[_Job], tasks: Sequence[SyncTask]) -> None:
        """What the source holds now, and which of its `tasks` are to be waited for."""
        source = jobs[0].source
        listed = {r.name: r.id for r in self.bench.cr.list_repositories(source.region, source.id)}
        self._repositories[source.id] = listed
        now = listed_digests(self.bench.cr, source, {job.repository for job in jobs})
        newest, past = latest(tasks), frozenset(task.id for task in tasks)
        for job in jobs:
            task = newest.get(job.errand)
            job.known = past
            if task is not None and task.running:
                job.task, job.adopted = task.id, True
                self._running.append(job)
            elif now.get((job.repository, job.tag)) != job.transfer.digest:
                self._end(job.transfer, "the tag moved at the source since the plan was made", retryable=True)
            else:
                self._waiting.append(job)

    def _fill(self) -> None:
        now = self.bench.patience.clock()
        for job in [job for job in self._waiting if job.due <= now]:
            if len(self._running) >= IN_FLIGHT or self.bench.patience.stop.is_set():
                return
            self._waiting.remove(job)
            try:
                self._create(job)
            except (AccessDenied, CredentialsMissing):
                raise
            except AcrError as error:
                passing = isinstance(error, (NotReady, Throttled, Unavailable, Unreachable))
                self._end(job.transfer, str(error), retryable=passing)
            else:
                self._running.append(job)

    def _create(self, job: _Job) -> None:
        transfer, source, target = job.transfer, job.source, job.target
        image = SingleImage(
            SyncImage(source.region, source.id, job.repository, job.tag),
            SyncImage(target.region, target.id, *job.landing),
            overwrite=transfer.reason is TransferReason.DIFFERENT,
            priority=job.rule.priority,
        )
        job.tries += 1
        repository_id = self._repositories[source.id][job.repository]
        job.task = make_task(self.bench.cr, repository_id, image, patience=self.bench.patience, past=job.known)
        job.adopted, job.known, job.seen = False, job.known | {job.task}, None

    def _look(self) -> bool:
        """Whether a task has ended, or one may be tried again."""
        self._moves = False
        ended = False
        for job in list(self._running):
            try:
                task = self.bench.cr.get_sync_task(job.source.region, job.source.id, job.task)
            except NotFound as error:
                self._running.remove(job)
                self._end(job.transfer, str(error), retryable=True)
                continue
            if job.seen != (task.status, task.synced):
                job.seen = (task.status, task.synced)
                self._moves = True
                self.bench.tell(TaskSeen(job.transfer, task))
            if task.status.final:
                self._running.remove(job)
                self._judge(job, task)
                ended = True
        now = self.bench.patience.clock()
        room = len(self._running) < IN_FLIGHT
        return ended or (room and any(job.due <= now for job in self._waiting))

    def _moved(self) -> bool:
        return self._moves

    def _judge(self, job: _Job, task: SyncTask) -> None:
        transient = bool(_TRANSIENT.fullmatch(task.issue))
        if task.status is TaskStatus.SUCCESS:
            self._ended.append(job)
        elif task.status is TaskStatus.CANCELED:
            self._end(job.transfer, f"replication task {task.id} was canceled", retryable=True)
        elif transient and job.tries < TRIES:
            job.due = self.bench.patience.clock() + self.bench.patience.slowest * job.tries
            self._waiting.append(job)
        else:
            tries = f" ({job.tries} tries)" if job.tries > 1 else ""
            reason = f"replication task {task.id} failed{tries}: {task.issue or 'the service gives no reason'}"
            self._end(job.transfer, reason, retryable=transient)

    def _verify(self) -> None:
        """A task says that it is done; the target's listing says what is there."""

        def settled() -> bool:
            for jobs in _by_target(self._ended):
                there = _at_target(self.bench, jobs)
                for job in jobs:
                    self._compare(job, there.get(job.landing))
            return not self._ended

        self.bench.patience.until(settled, f"{len(self._ended)} replicated images in the target's listing")

    def _compare(self, job: _Job, there: Digest | None) -> None:
        if there == job.transfer.digest:
            self._ended.remove(job)
            self.carrier.record(job.transfer, ImageResult.IMPORTED)
        elif there is not None and job.adopted:
            # It was started for what the tag was before.
            self._ended.remove(job)
            self._waiting.append(job)
        elif there is not None:
            self._ended.remove(job)
            self._end(job.transfer, f"the target has {there}: the tag moved at the source meanwhile", retryable=True)

    def _end(self, transfer: Transfer, reason: str, *, retryable: bool) -> None:
        self.carrier.record(transfer, ImageResult.FAILED, reason, retryable=retryable)


def _at_target(bench: Workbench, jobs: Sequence[_Job]) -> Mapping[tuple[str, str], Digest]:
    """What the one target of `jobs` holds under their names."""
    return listed_digests(bench.cr, jobs[0].target, {job.landing[0] for job in jobs})


def _by_source(jobs: Iterable[_Job]) -> list[list[_Job]]:
    return _grouped(jobs, lambda job: job.source.id)


def _by_target(jobs: Iterable[_Job]) -> list[list[_Job]]:
    return _grouped(jobs, lambda job: job.target.id)


def _grouped(jobs: Iterable[_Job], key: Callable[[_Job], str]) -> list[list[_Job]]:
    groups: dict[str, list[_Job]] = {}
    for job in jobs:
        groups.setdefault(key(job), []).append(job)
    return list(groups.values())
