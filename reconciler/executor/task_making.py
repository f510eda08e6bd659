"""Making a replication task once, whatever becomes of the answer."""

from __future__ import annotations

from collections.abc import Container

from reconciler.acr.cr import Cr, NewSyncTask
from reconciler.core.routing import Errand, latest
from reconciler.executor.target import settle
from reconciler.executor.waiting import Patience
from reconciler.model.single_image import SingleImage


def make_task(
    cr: Cr,
    repository_id: str,
    image: SingleImage,
    *,
    patience: Patience | None = None,
    past: Container[str] | None = None,
) -> str:
    """The new task's id; `repository_id` is the source's.

    When the answer is lost, the task is one that runs or, where the ids of all `past` ones are known, none of those.
    Raises AcrError.
    """
    source, target = image.source, image.target
    namespace, _, name = target.repository.partition("/")
    new = NewSyncTask(
        repository_id=repository_id,
        tag=source.tag,
        target_region=target.region,
        target_instance=target.instance,
        target_namespace=namespace,
        target_repository=name,
        target_tag=target.tag,
        override=image.overwrite,
        priority=image.priority,
        user_id=image.user_id,
    )
    errand = Errand(source.instance, source.repository, source.tag, target.instance, target.repository, target.tag)
    made: list[str] = []

    def happened() -> bool:
        found = cr.sync_tasks_of(source.region, source.instance, {source.repository: {source.tag}})
        ours = latest(t for t in found if t.running or (past is not None and t.id not in past)).get(errand)
        made.extend([ours.id] if ours else [])
        return ours is not None

    settle(lambda: made.append(cr.create_sync_task(source.region, source.instance, new)), happened, patience)
    return made[-1]
