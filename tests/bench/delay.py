"""A wire that takes time: `python -m tests.bench.delay HOST:PORT SECONDS` prints its own address and relays to it.

Every byte arrives `SECONDS` later on its way there, and as much later on its way back; how many are under way is not
limited. Connections themselves are opened at once, since that is the kernels' business.
"""

from __future__ import annotations

import asyncio
import sys
from collections import deque

_HOST = "127.0.0.1"


class _End(asyncio.Protocol):
    """One end of a relayed connection: what it receives is due at `other` after `delay` seconds."""

    def __init__(self, delay: float) -> None:
        self._delay = delay
        self._due: deque[tuple[float, bytes]] = deque()
        self._transport: asyncio.Transport | None = None
        self.other: _End | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        if not isinstance(transport, asyncio.Transport):
            raise TypeError("a relayed connection is a stream")
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        self._later(data)

    def eof_received(self) -> bool:
        self._later(b"")
        return True

    def connection_lost(self, _exc: Exception | None) -> None:
        self._later(b"")

    def send(self, data: bytes) -> None:
        """Nothing to send is the end."""
        if self._transport is None or self._transport.is_closing():
            return
        if data:
            self._transport.write(data)
        else:
            self._transport.close()

    def _later(self, data: bytes) -> None:
        loop = asyncio.get_running_loop()
        idle = not self._due
        self._due.append((loop.time() + self._delay, data))
        if idle:
            loop.call_at(self._due[0][0], self._arrive)

    def _arrive(self) -> None:
        loop = asyncio.get_running_loop()
        while self._due and self._due[0][0] <= loop.time():
            _, data = self._due.popleft()
            if self.other is not None:
                self.other.send(data)
        if self._due:
            loop.call_at(self._due[0][0], self._arrive)


class _Entrance(_End):
    """The client's end, which dials the target when it is connected."""

    def __init__(self, host: str, port: int, delay: float) -> None:
        super().__init__(delay)
        self._target = (host, port)
        self._dialing: asyncio.Task[None] | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(transport)
        # What is received meanwhile waits in the kernel, so that nothing is due before there is an exit.
        if isinstance(transport, asyncio.Transport):
            transport.pause_reading()
            self._dialing = asyncio.get_running_loop().create_task(self._dial(transport))

    async def _dial(self, transport: asyncio.Transport) -> None:
        try:
            _, leaving = await asyncio.get_running_loop().create_connection(lambda: _End(self._delay), *self._target)
        except OSError:
            transport.abort()
            return
        self.other, leaving.other = leaving, self
        transport.resume_reading()


async def _serve(host: str, port: int, delay: float) -> None:
    server = await asyncio.get_running_loop().create_server(
        lambda: _Entrance(host, port, delay), _HOST, 0, backlog=1024
    )
    sys.stdout.write(f"{_HOST}:{server.sockets[0].getsockname()[1]}\n")
    sys.stdout.flush()
    await server.serve_forever()


def main(target: str, seconds: str) -> None:
    host, _, port = target.rpartition(":")
    asyncio.run(_serve(host, int(port), float(seconds)))


if __name__ == "__main__":
    main(*sys.argv[1:])
