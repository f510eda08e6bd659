"""What runs in the local cloud's thread: the event loop, its listeners, and saving."""

from __future__ import annotations

import asyncio
import errno
import socket
import threading
from pathlib import Path

import uvicorn
from starlette.types import ASGIApp
from uvicorn.protocols.http.h11_impl import H11Protocol

from reconciler.emulator import persistence
from reconciler.emulator.account import Account, Holder, PersonalRegion
from reconciler.emulator.call_faults import CallFaults
from reconciler.emulator.catalogue import Namespace, Repository, personal_catalogue
from reconciler.emulator.certificate import Certificate
from reconciler.emulator.clock import Clock
from reconciler.emulator.cloud import Cloud
from reconciler.emulator.content import Content
from reconciler.emulator.files import DiskFiles, MemoryFiles
from reconciler.emulator.front import Front
from reconciler.emulator.openapi.app import OpenApi
from reconciler.emulator.oss.app import Oss
from reconciler.emulator.oss.buckets import Buckets
from reconciler.emulator.policy import Policy
from reconciler.emulator.registry.app import Registry
from reconciler.emulator.remote import RemoteRegistry
from reconciler.emulator.rush import Rush
from reconciler.emulator.seed import account_from
from reconciler.emulator.store import Store
from reconciler.model.spec import Desired, Visibility

_HOST = "127.0.0.1"
_SAVE_AFTER = 0.2
"""Seconds; changes that come together are saved together."""
_SAVE_SHARE = 10
"""Saving a large account takes at most one part in so many of the loop's time."""
_KEEP_ALIVE = 75


class Engine:
    """What runs in the thread. `ready` is set once, with `failure` when the start went wrong."""

    cloud: Cloud
    endpoint: str

    def __init__(
        self,
        seed: Desired | None,
        port: int,
        access_key: tuple[str, str],
        clock: Clock,
        state: Path | None,
        registries: dict[str, str],
        policy: Policy,
        buckets: dict[str, Path],
        certificate: Certificate | None = None,
    ) -> None:
        self.ready = threading.Event()
        self.failure: BaseException | None = None
        self.saved = False
        """Whether the account was there before, in the folder of an earlier run."""
        self._seed = seed
        self._next_port = port
        self._access_key = access_key
        self._clock = clock
        self._state = state
        self._registries = registries
        self._policy = policy
        self._buckets = buckets
        self._certificate = certificate
        self._remotes: list[RemoteRegistry] = []
        self._servers: list[tuple[uvicorn.Server, asyncio.Task[None]]] = []
        self._save_due: asyncio.TimerHandle | None = None
        self._save_seconds = 0.0
        self._loop: asyncio.AbstractEventLoop | None = None
        self._stopped = asyncio.Event()

    def run(self) -> None:
        try:
            asyncio.run(self._main())
        # A thread has nobody to raise to, so whoever waits for `ready` is given what went wrong, whatever it was:
        # uvicorn ends with SystemExit where it cannot start, and nobody is to wait for a cloud that will not come.
        except BaseException as failure:
            if self.ready.is_set():
                raise
            self.failure = failure
        finally:
            self._loop = None
            self.ready.set()

    def ask_to_stop(self) -> None:
        loop = self._loop
        if loop is not None and loop.is_running():
            loop.call_soon_threadsafe(self._stopped.set)

    def spoil_calls(self, faults: CallFaults) -> None:
        """From any thread."""
        loop = self._loop
        if loop is not None and loop.is_running():
            loop.call_soon_threadsafe(self.cloud.weather.set, faults)

    def rush(self, rush: Rush | None) -> None:
        """From any thread."""
        loop = self._loop
        if loop is not None and loop.is_running():
            loop.call_soon_threadsafe(self.cloud.rushes.set, rush)

    async def _main(self) -> None:
        self._loop = asyncio.get_running_loop()
        try:
            await self._start()
            self.ready.set()
            await self._stopped.wait()
        finally:
            await self._shut_down()

    async def _start(self) -> None:
        account = self._account()
        self.cloud = Cloud(
            account,
            self._policy,
            self._clock,
            self._access_key,
            changed=self._changed,
            scheme="http" if self._certificate is None else "https",
            open_registry=self._open_registry,
        )
        self.endpoint, listener = self._bind()
        for holder in account.holders():
            await self._open_registry(holder)
        buckets = Buckets(MemoryFiles() if self._state is None else DiskFiles(self._state / "oss"))
        for name, folder in self._buckets.items():
            buckets.fill(name, folder)
        oss = Oss(buckets, self._clock, self._access_key, self.cloud.requests)
        await self._serve(Front(OpenApi(self.cloud, self._hang_up), oss), listener)
        self.cloud.replication.resume()
        self._changed()

    def _account(self) -> Account:
        saved = None
        if self._state is not None:
            self._state.mkdir(parents=True, exist_ok=True)
            saved = persistence.load(self._state)
            self.saved = saved is not None
        account = saved or account_from(self._seed or Desired(), self._policy, self._clock)
        known = {holder.label for holder in account.holders()}
        for label in self._registries.keys() - known:
            group, _, region = label.partition(".")
            if group != "personal" or not region:
                raise ValueError(f"no such registry: {label} (there are: {', '.join(sorted(known)) or 'none'})")
            account.personal[region] = PersonalRegion(region, personal_catalogue(self._policy.personal_quota))
        return account

    async def _open_registry(self, holder: Holder) -> None:
        address, listener = self._bind()
        content = await self._content(holder)
        self.cloud.contents[holder.label] = content
        self.cloud.addresses[holder.label] = address
        await self._serve(Registry(self.cloud, holder, content), listener)

    async def _content(self, holder: Holder) -> Content:
        url = self._registries.get(holder.label)
        if url is None:
            if self._state is None:
                return Store(MemoryFiles())
            return Store(DiskFiles(self._state / "registries" / holder.label))
        remote = RemoteRegistry(url)
        self._remotes.append(remote)
        for path in await remote.repositories():
            self._discovered(holder, path)
        return remote

    def _discovered(self, holder: Holder, path: str) -> None:
        """A repository that a real registry holds already; quotas say nothing about it."""
        namespace, _, name = path.partition("/")
        if not name or path in holder.catalogue.repositories:
            return
        account, now = self.cloud.account, self._clock.now()
        if namespace not in holder.catalogue.namespaces:
            space_id = account.new_id("crn", holder.label, namespace)
            holder.catalogue.namespaces[namespace] = Namespace(space_id, namespace, True, Visibility.PRIVATE)
        visibility = holder.catalogue.namespaces[namespace].visibility
        repository_id = account.new_id("crr", holder.label, path)
        holder.catalogue.repositories[path] = Repository(
            repository_id, account.serial, namespace, name, visibility, path, now, now
        )

    def _bind(self) -> tuple[str, socket.socket]:
        while True:
            listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            wanted = self._next_port
            try:
                listener.bind((_HOST, wanted))
            except OSError as failure:
                listener.close()
                first = not hasattr(self, "endpoint")
                if wanted == 0 or first or failure.errno != errno.EADDRINUSE:
                    raise
                self._next_port += 1
                continue
            if wanted:
                self._next_port += 1
            return f"{_HOST}:{listener.getsockname()[1]}", listener

    async def _serve(self, app: ASGIApp, listener: socket.socket) -> None:
        config = uvicorn.Config(
            app,
            http="h11",
            ws="none",
            lifespan="off",
            log_config=None,
            log_level="error",  # a client that tries TLS first is no warning
            access_log=False,
            server_header=False,
            timeout_keep_alive=_KEEP_ALIVE,
            timeout_graceful_shutdown=1,
            backlog=1024,
            ssl_certfile=None if self._certificate is None else self._certificate.certificate,
            ssl_keyfile=None if self._certificate is None else self._certificate.key,
        )
        server = uvicorn.Server(config)
        serving = asyncio.get_running_loop().create_task(server.serve(sockets=[listener]))
        self._servers.append((server, serving))
        while not server.started:
            if serving.done():
                serving.result()
                raise OSError("the server did not start")
            await asyncio.sleep(0.005)

    def _hang_up(self, client: tuple[str, int]) -> None:
        for connection in self._connections():
            if connection.client == client:
                connection.transport.abort()

    def _connections(self) -> list[H11Protocol]:
        open_now = (connection for server, _ in self._servers for connection in server.server_state.connections)
        return [connection for connection in open_now if isinstance(connection, H11Protocol)]

    async def _shut_down(self) -> None:
        for server, _ in self._servers:
            server.should_exit = True
        await asyncio.gather(*(serving for _, serving in self._servers))
        # A client that keeps a TLS connection open is not waited for.
        for connection in self._connections():
            connection.transport.abort()
        await asyncio.sleep(0)
        if hasattr(self, "cloud"):
            await self.cloud.stop()
            if self._save_due is not None:
                self._save_due.cancel()
                self._save()
        for remote in self._remotes:
            await remote.client.aclose()

    def _changed(self) -> None:
        if self._state is not None and self._save_due is None:
            delay = max(_SAVE_AFTER, self._save_seconds * _SAVE_SHARE)
            self._save_due = asyncio.get_running_loop().call_later(delay, self._save)

    def _save(self) -> None:
        self._save_due = None
        if self._state is not None:
            loop = asyncio.get_running_loop()
            began = loop.time()
            persistence.save(self.cloud.account, self._state)
            self._save_seconds = loop.time() - began
