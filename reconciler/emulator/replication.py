"""Carries replication tasks out: content really goes from one instance's registry to the other's."""

from __future__ import annotations

import asyncio
import heapq
from collections.abc import Callable, Mapping

import httpx

from reconciler.emulator.account import Account
from reconciler.emulator.clock import Clock
from reconciler.emulator.content import Content, StoredManifest
from reconciler.emulator.faults import TaskFault, TaskFaults
from reconciler.emulator.policy import DELAYS
from reconciler.emulator.refusal import Refused
from reconciler.emulator.sync_task import LayerTask, SyncTask, TaskStatus
from reconciler.emulator.tagging import check_overwrite, describe
from reconciler.model.image import Descriptor, Digest

_AT_ONCE = 4


class Replication:
    """A queue of tasks, higher priority first. `changed` is called after each change of the account; `faults` are the
    failures that somebody asked for."""

    def __init__(
        self, account: Account, contents: Mapping[str, Content], clock: Clock, changed: Callable[[], None]
    ) -> None:
        self._account = account
        self._contents = contents
        self._clock = clock
        self._changed = changed
        self.faults = TaskFaults()
        self._waiting: list[tuple[int, int, str]] = []
        self._running: set[asyncio.Task[None]] = set()
        self._order = 0

    def submit(self, task: SyncTask) -> None:
        self._account.sync_tasks[task.id] = task
        self._queue(task)
        self._changed()

    def resume(self) -> None:
        """Queue what a former run left open."""
        for task in self._account.sync_tasks.values():
            if not task.status.final:
                self._queue(task)

    def _queue(self, task: SyncTask) -> None:
        self._order += 1
        heapq.heappush(self._waiting, (-task.priority, self._order, task.id))
        self._start_some()

    def cancel(self, task: SyncTask) -> None:
        """A running copy stops before its next layer."""
        self._finish(task, TaskStatus.CANCELED)

    async def stop(self) -> None:
        for running in self._running:
            running.cancel()
        await asyncio.gather(*self._running, return_exceptions=True)

    def _start_some(self) -> None:
        while self._waiting and len(self._running) < _AT_ONCE:
            _, _, task_id = heapq.heappop(self._waiting)
            running = asyncio.get_running_loop().create_task(self._run(self._account.sync_tasks[task_id]))
            self._running.add(running)
            running.add_done_callback(self._done)

    def _done(self, running: asyncio.Task[None]) -> None:
        self._running.discard(running)
        if not running.cancelled():
            running.result()
            self._start_some()

    async def _run(self, task: SyncTask) -> None:
        await self._clock.pause(DELAYS.task_pending)
        if task.status.final:
            return
        task.status = TaskStatus.SYNCHRONIZING
        task.layers.clear()
        try:
            await self._copy(task, self.faults.meet(task))
        except Refused as refusal:
            self._finish(task, TaskStatus.ERROR, refusal.code)
        except KeyError:
            self._finish(task, TaskStatus.ERROR, "IMAGE_NOT_EXIST")
        except ValueError:
            self._finish(task, TaskStatus.ERROR, "DIGEST_INVALID")
        except httpx.HTTPError:
            self._finish(task, TaskStatus.ERROR, "NETWORK_ERROR")

    async def _copy(self, task: SyncTask, fault: TaskFault | None) -> None:
        source = self._contents[self._account.instance(task.source.instance_id).label]
        holder = self._account.instance(task.target.instance_id)
        target = self._contents[holder.label]
        manifests = await _closure(source, task.source.path, task.digest)
        repository, _ = self._account.repository_for_push(holder, task.target.path, self._clock.now())
        existing = await target.resolve(task.target.path, task.target.tag)
        check_overwrite(repository, task.target.tag, existing, task.digest)
        if not task.override and existing not in (None, task.digest):
            raise Refused("TAG_ALREADY_EXIST", f"tag already exists: {task.target.tag}")
        blobs: dict[Digest, Descriptor] = {}
        for manifest in manifests:
            for blob in manifest.blobs:
                if blob.digest not in blobs:
                    identity = self._account.new_id("rslt", task.id, blob.digest)
                    task.layers.append(LayerTask(identity, blob.digest, manifest.digest, blob.size))
                    blobs[blob.digest] = blob
        for copied, layer in enumerate(task.layers):
            if task.status.final:
                return
            _fail_if_asked(fault, copied)
            layer.status = TaskStatus.SYNCHRONIZING
            if not await target.has_blob(task.target.path, layer.digest):
                chunks = source.read_blob(task.source.path, layer.digest)
                await target.write_blob(task.target.path, blobs[layer.digest], chunks)
                await self._clock.pause(DELAYS.task_layer)
            layer.synced, layer.status = layer.size, TaskStatus.SUCCESS
        if task.status.final:
            return
        _fail_if_asked(fault, len(task.layers), done=True)
        for manifest in manifests:
            await target.write_manifest(task.target.path, manifest, None)
        await target.write_manifest(task.target.path, manifests[-1], task.target.tag)
        tag = await describe(target, task.target.path, task.target.tag, manifests[-1], self._clock.now())
        repository.tags[tag.name] = tag
        self._finish(task, TaskStatus.SUCCESS)

    def _finish(self, task: SyncTask, status: TaskStatus, issue: str = "") -> None:
        if task.status.final:
            return
        task.status, task.issue, task.modified = status, issue, self._clock.now()
        for layer in task.layers:
            if not layer.status.final:
                layer.status = status
        self._changed()


def _fail_if_asked(fault: TaskFault | None, copied: int, *, done: bool = False) -> None:
    """Raises Refused when `fault` strikes after so many layers, at the latest when all are `done`."""
    if fault is not None and (done or copied >= fault.after_layers):
        raise Refused(fault.issue, "a failure that was asked for")


async def _closure(content: Content, path: str, digest: Digest) -> list[StoredManifest]:
    """Children before parents, the image itself last; each once."""
    order: dict[Digest, StoredManifest] = {}

    async def visit(current: Digest) -> None:
        if current in order:
            return
        manifest = await content.manifest(path, current)
        for child in manifest.children:
            await visit(child.digest)
        order[current] = manifest

    await visit(digest)
    return list(order.values())
