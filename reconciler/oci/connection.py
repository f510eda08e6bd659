"""Kept-alive connections to registries and to where they redirect, shared by threads."""

from __future__ import annotations

import ipaddress
import threading
from collections import defaultdict, deque
from collections.abc import Callable
from dataclasses import dataclass
from types import TracebackType

from reconciler.oci.channel import Channel


@dataclass(frozen=True, slots=True)
class Timeouts:
    """Seconds: to connect, for one read or write, and for a registry to store a whole blob once it was sent."""

    connect: float = 15.0
    exchange: float = 90.0
    commit: float = 900.0


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a connection goes; `host` is `host[:port]`. A credential for one origin is never sent to another."""

    scheme: str
    host: str

    def __str__(self) -> str:
        return f"{self.scheme}://{self.host}"


def is_loopback(host: str) -> bool:
    """Whether `host[:port]` names this machine itself, where plain HTTP gives nothing away."""
    name = host[1:].split("]", 1)[0] if host.startswith("[") else host.rsplit(":", 1)[0]
    if name == "localhost" or name.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(name).is_loopback
    except ValueError:
        return False


Dial = Callable[[Origin, float], Channel]
"""A connection to an origin, not connected yet; the number is its time-out to connect, in seconds."""


class Connections:
    """A thread leases a connection, uses it alone, and gives it back; up to `idle` per origin wait for the next one.

    `dial` makes new ones. How many connections are open is bounded by the threads that lease them: one lease each per
    origin.
    """

    def __init__(self, *, timeouts: Timeouts, idle: int, dial: Dial) -> None:
        self.timeouts = timeouts
        self._idle_limit = idle
        self._dial = dial
        self._lock = threading.Lock()
        self._idle: dict[Origin, deque[Channel]] = defaultdict(deque)
        self._closed = False

    def lease(self, origin: Origin, *, fresh: bool = False) -> Lease:
        """A connection that is not known to be dead; `fresh` asks for a new one. It connects on first use."""
        while not fresh:
            with self._lock:
                waiting = self._idle[origin]
                connection = waiting.pop() if waiting else None
            if connection is None:
                break
            if not connection.news():
                return Lease(self, origin, connection, reused=True)
            connection.close()
        return Lease(self, origin, self._dial(origin, self.timeouts.connect), reused=False)

    def close(self) -> None:
        with self._lock:
            self._closed = True
            connections = [connection for waiting in self._idle.values() for connection in waiting]
            self._idle.clear()
        for connection in connections:
            connection.close()

    def _take_back(self, origin: Origin, connection: Channel) -> None:
        with self._lock:
            keep = not self._closed and connection.sock is not None and len(self._idle[origin]) < self._idle_limit
            if keep:
                self._idle[origin].append(connection)
        if not keep:
            connection.close()


class Lease:
    """One thread's use of one connection. Leaving the block without `release` closes the connection."""

    __slots__ = ("_connections", "_done", "_last", "connection", "origin", "reused")

    def __init__(self, connections: Connections, origin: Origin, connection: Channel, *, reused: bool) -> None:
        self._connections = connections
        self._done = False
        self._last = False
        self.connection = connection
        self.origin = origin
        self.reused = reused

    def ready(self) -> None:
        """Connect now if need be, and allow the time-out of an exchange from here on. Raises OSError."""
        if self.connection.sock is None:
            self.connection.connect()
        self.connection.allow(self._connections.timeouts.exchange)

    def answered(self) -> bool:
        """Whether there is something to read. Over TLS that cannot be told from here, and the answer is no."""
        return self.connection.sock is not None and not self.connection.secured and self.connection.news()

    def be_the_last(self) -> None:
        """The server still expects what is not sent any more: nobody else may use this connection."""
        self._last = True

    def release(self) -> None:
        """The exchange is over and its answer read to the end: the connection may serve another one."""
        if self._last:
            self.discard()
        elif not self._done:
            self._done = True
            self._connections._take_back(self.origin, self.connection)

    def __enter__(self) -> Lease:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.discard()

    def discard(self) -> None:
        if not self._done:
            self._done = True
            self.connection.close()
