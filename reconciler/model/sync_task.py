"""Replication tasks: one image on its way from one instance to another, carried by the service."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from reconciler.model.spec import Trigger


class TaskStatus(StrEnum):
    """In the service's own words."""

    PENDING = "PENDING"
    SYNCHRONIZING = "SYNCHRONIZING"
    SUCCESS = "SUCCESS"
    ERROR = "ERROR"
    CANCELED = "CANCELED"

    @property
    def final(self) -> bool:
        return self in (TaskStatus.SUCCESS, TaskStatus.ERROR, TaskStatus.CANCELED)


@dataclass(frozen=True, slots=True, order=True)
class SyncImage:
    """One side of a task; `instance` is the service's id, `repository` is `namespace/repository`."""

    region: str
    instance: str
    repository: str
    tag: str

    def __str__(self) -> str:
        return f"{self.instance}/{self.repository}:{self.tag}"


@dataclass(frozen=True, slots=True)
class SyncLayer:
    """One blob of a task's image; sizes are bytes."""

    digest: str
    size: int
    synced: int
    status: str


@dataclass(frozen=True, slots=True)
class SyncTask:
    """Times are epoch milliseconds, 0 when the answer has none; sizes are bytes. Tasks that one push started share a
    `batch`. Layers and `synced` come with a single task only, not with a listing."""

    id: str
    status: TaskStatus
    trigger: Trigger
    source: SyncImage
    target: SyncImage
    issue: str = ""
    rule: str = ""
    batch: str = ""
    created: int = 0
    modified: int = 0
    synced: int = 0
    layers: tuple[SyncLayer, ...] = ()
    priority: int = 0
    cross_account: bool = False

    @property
    def size(self) -> int:
        return sum(layer.size for layer in self.layers)

    @property
    def running(self) -> bool:
        """Whether the image is still on its way."""
        return not self.status.final
