"""Manual replication of one image: what is asked for, and how it ended."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from reconciler.model.image import Digest
from reconciler.model.sync_task import SyncImage, SyncTask


@dataclass(frozen=True, slots=True)
class SingleImage:
    """`user_id` is the account that owns the target, when that is another one; a higher `priority` goes first."""

    source: SyncImage
    target: SyncImage
    overwrite: bool = False
    priority: int = 3
    user_id: str | None = None


class Stage(StrEnum):
    """`created` and `running` are as far as one gets without waiting; a task that was there before is `running`."""

    CREATED = "created"
    RUNNING = "running"
    REPLICATED = "replicated"
    UNCHANGED = "unchanged"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Outcome:
    """`task` is None when the image was there already; `reason` says why it failed."""

    image: SingleImage
    stage: Stage
    digest: Digest
    task: SyncTask | None = None
    reason: str = ""
