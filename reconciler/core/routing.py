"""How the images of a backfill travel: by tasks of the service, or by the transfer."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from reconciler.model.live import LiveInstance, LiveTag
from reconciler.model.plan import Via
from reconciler.model.spec import BackfillPolicy, BackfillRoute
from reconciler.model.sync_task import SyncTask


@dataclass(frozen=True, slots=True)
class Route:
    """`why` names the setting that decided."""

    via: Via
    why: str


def choose(policy: BackfillPolicy, images: Sequence[LiveTag], *, reachable: bool) -> Route:
    """`images` are those of one backfill; `reachable` is whether we get to both registries ourselves."""
    if policy.via is BackfillRoute.TASKS:
        return Route(Via.TASK, "by tasks of the service, as `via: tasks` says")
    if policy.via is BackfillRoute.EXECUTOR:
        return Route(Via.EXECUTOR, "by the transfer, as `via: executor` says")
    if not reachable:
        return Route(Via.TASK, "by tasks of the service, which need no open endpoint")
    if len(images) > policy.max_tasks:
        return Route(Via.EXECUTOR, f"by the transfer: more images than `max_tasks` ({policy.max_tasks})")
    if sum(tag.size for tag in images) > policy.max_bytes:
        return Route(Via.EXECUTOR, "by the transfer: larger than `max_bytes`")
    return Route(Via.TASK, "by tasks of the service: within `max_tasks` and `max_bytes`")


@dataclass(frozen=True, slots=True)
class Errand:
    """From where to where a task copies: instance ids, `namespace/repository`, tags."""

    source: str
    repository: str
    tag: str
    target: str
    target_repository: str
    target_tag: str


def errand(source: LiveInstance, target: LiveInstance, repository: str, tag: str) -> Errand:
    """A rule keeps the names."""
    return Errand(source.id, repository, tag, target.id, repository, tag)


def errand_of(task: SyncTask) -> Errand:
    source, target = task.source, task.target
    return Errand(source.instance, source.repository, source.tag, target.instance, target.repository, target.tag)


def latest(tasks: Iterable[SyncTask]) -> Mapping[Errand, SyncTask]:
    """The task that says how it stands with each errand: one that is running, else the newest."""
    found: dict[Errand, SyncTask] = {}
    for task in sorted(tasks, key=lambda task: (task.running, task.created, task.id)):
        found[errand_of(task)] = task
    return found
