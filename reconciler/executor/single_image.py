"""One image to one place, by a task of the service: what the console calls manual replication."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from reconciler.acr.cr import Cr
from reconciler.core.routing import Errand, latest
from reconciler.executor.listing import listed_digests
from reconciler.executor.task_making import make_task
from reconciler.executor.waiting import Patience, StepFailed
from reconciler.model.image import Digest
from reconciler.model.live import LiveInstance, LiveRepository
from reconciler.model.single_image import Outcome, SingleImage, Stage
from reconciler.model.sync_task import SyncTask, TaskStatus


class CannotReplicate(Exception):
    """The request cannot be carried out; `known` are the names that could have been meant."""

    def __init__(self, message: str, *, word: str = "", known: tuple[str, ...] = (), hint: str = "") -> None:
        super().__init__(message)
        self.word = word
        self.known = known
        self.hint = hint


@dataclass(frozen=True, slots=True)
class Ends:
    """`target` is None when it belongs to another account, into which nobody can look."""

    source: LiveInstance
    target: LiveInstance | None


def replicate(cr: Cr, image: SingleImage, ends: Ends) -> Outcome:
    """Make a task, unless the image is there or on its way. Raises CannotReplicate and AcrError."""
    repository = _repository(cr, image, ends.source)
    tags = cr.list_tags(ends.source.region, ends.source.id, repository.id)
    found = next((tag for tag in tags if tag.name == image.source.tag), None)
    if found is None:
        raise CannotReplicate(
            f"`{image.source.repository}` of the source has no tag `{image.source.tag}`",
            word=image.source.tag,
            known=tuple(tag.name for tag in tags),
        )
    if ends.target is not None:
        there = _at_target(cr, image, ends.target)
        if there == found.digest:
            return Outcome(image, Stage.UNCHANGED, found.digest)
        if there is not None and not image.overwrite:
            raise CannotReplicate(
                f"the target has another image under this tag: {there}", hint="pass `--overwrite` to replace it"
            )
    running = _running(cr, image)
    if running is not None:
        return Outcome(image, Stage.RUNNING, found.digest, running)
    made = make_task(cr, repository.id, image)
    source = image.source
    return Outcome(image, Stage.CREATED, found.digest, cr.get_sync_task(source.region, source.instance, made))


def wait(cr: Cr, outcome: Outcome, ends: Ends, patience: Patience, seen: Callable[[SyncTask], None]) -> Outcome:
    """Watch the task to its end, which `seen` is told of, and look whether the image is there.

    Raises AcrError, and StepFailed when nothing moves for as long as patience lasts.
    """
    if outcome.task is None:
        return outcome
    task, moved = outcome.task, False

    def ended() -> bool:
        nonlocal task, moved
        source = outcome.image.source
        now = cr.get_sync_task(source.region, source.instance, task.id)
        moved = (now.status, now.synced) != (task.status, task.synced)
        task = now
        seen(task)
        return task.status.final

    patience.until(ended, f"replication task {task.id}", alive=lambda: moved)
    if task.status is not TaskStatus.SUCCESS:
        reason = task.issue or f"it was {task.status.lower()}"
        return replace(outcome, stage=Stage.FAILED, task=task, reason=f"replication task {task.id}: {reason}")
    if ends.target is not None:
        target = ends.target
        try:
            patience.until(lambda: _at_target(cr, outcome.image, target) == outcome.digest, "the image at its target")
        except StepFailed as failure:
            return replace(outcome, stage=Stage.FAILED, task=task, reason=str(failure))
    return replace(outcome, stage=Stage.REPLICATED, task=task)


def _repository(cr: Cr, image: SingleImage, source: LiveInstance) -> LiveRepository:
    known = cr.list_repositories(source.region, source.id)
    found = next((repository for repository in known if repository.name == image.source.repository), None)
    if found is None:
        raise CannotReplicate(
            f"the source has no repository `{image.source.repository}`",
            word=image.source.repository,
            known=tuple(repository.name for repository in known),
        )
    return found


def _at_target(cr: Cr, image: SingleImage, target: LiveInstance) -> Digest | None:
    """Raises CannotReplicate when the target has no place for it."""
    name = image.target.repository
    namespaces = cr.list_namespaces(target.region, target.id)
    namespace = next((found for found in namespaces if found.name == name.split("/", 1)[0]), None)
    if namespace is None:
        raise CannotReplicate(
            f"the target has no namespace `{name.split('/', 1)[0]}`",
            word=name.split("/", 1)[0],
            known=tuple(found.name for found in namespaces),
            hint="declare it under `namespaces` of the instance, and apply",
        )
    known = any(repository.name == name for repository in cr.list_repositories(target.region, target.id))
    if not known:
        if not namespace.auto_create:
            raise CannotReplicate(
                f"the target has no repository `{name}`, and its namespace does not create repositories",
                hint="declare it under `repositories` of the instance, or set `auto_create: true` on the namespace",
            )
        return None
    return listed_digests(cr, target, {name}).get((name, image.target.tag))


def _running(cr: Cr, image: SingleImage) -> SyncTask | None:
    source, target = image.source, image.target
    tasks = cr.sync_tasks_of(source.region, source.instance, {source.repository: {source.tag}})
    errand = Errand(source.instance, source.repository, source.tag, target.instance, target.repository, target.tag)
    return latest(task for task in tasks if task.running).get(errand)
