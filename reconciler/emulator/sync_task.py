"""Replication tasks as values: one image on its way from one instance to another."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

from reconciler.emulator.sync_rule import SyncTrigger
from reconciler.model.image import Digest


class TaskStatus(StrEnum):
    PENDING = "PENDING"
    SYNCHRONIZING = "SYNCHRONIZING"
    SUCCESS = "SUCCESS"
    ERROR = "ERROR"
    CANCELED = "CANCELED"

    @property
    def final(self) -> bool:
        return self in (TaskStatus.SUCCESS, TaskStatus.ERROR, TaskStatus.CANCELED)


@dataclass(slots=True)
class ImagePlace:
    region: str
    instance_id: str
    namespace: str
    repository: str
    tag: str

    @property
    def path(self) -> str:
        return f"{self.namespace}/{self.repository}"


@dataclass(slots=True)
class LayerTask:
    """One blob of the image whose manifest is `artifact`; sizes in bytes."""

    id: str
    digest: Digest
    artifact: Digest
    size: int
    synced: int = 0
    status: TaskStatus = TaskStatus.PENDING


@dataclass(slots=True)
class SyncTask:
    """`digest` is what the tag pointed at when the task was made; times are epoch milliseconds."""

    id: str
    batch_id: str
    source: ImagePlace
    target: ImagePlace
    digest: Digest
    trigger: SyncTrigger
    priority: int
    override: bool
    created: int
    modified: int
    rule_id: str = ""
    cross_user: bool = False
    link_id: str = ""
    status: TaskStatus = TaskStatus.PENDING
    issue: str = ""
    layers: list[LayerTask] = field(default_factory=list)

    @property
    def synced_size(self) -> int:
        return sum(layer.synced for layer in self.layers)
