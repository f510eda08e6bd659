"""A registry over real sockets that goes wrong on demand."""

from __future__ import annotations

import contextlib
import json
import socket
import socketserver
import struct
import threading
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from urllib.parse import parse_qsl, unquote, urlsplit

from reconciler.oci.client import Registry
from reconciler.oci.connection import Timeouts
from reconciler.oci.login import Login
from reconciler.oci.patience import Backoff
from tests.faults.answers import Answers, Knobs, Reply
from tests.faults.faults import (
    Ask,
    Close,
    CutBody,
    CutHead,
    CutRequest,
    Dress,
    Fault,
    Flip,
    Kind,
    Policy,
    Refuse,
    RefuseEarly,
    Stall,
    StopReading,
    WrongLength,
    calm,
)
from tests.faults.store import Store

ALARM = 20.0
"""Seconds after which a server that keeps still gives up; no client may wait that long."""


@dataclass
class FaultyRegistry:
    """`log` holds every request with the fault that it met; `knobs` say what kind of registry this is."""

    host: str
    store: Store
    knobs: Knobs
    stopping: threading.Event = field(default_factory=threading.Event)
    log: list[tuple[Ask, Fault | None]] = field(default_factory=list)
    _numbers: Counter[tuple[Kind, str]] = field(default_factory=Counter)
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _policy: Policy = calm

    def goes_wrong(self, policy: Policy) -> None:
        """From here on; requests are counted anew."""
        with self._lock:
            self._policy = policy
            self._numbers.clear()
            self.log.clear()

    def client(self) -> Registry:
        login = Login("user", "secret") if self.knobs.tokens else None
        return Registry(
            self.host,
            lambda _: login,
            backoff=Backoff(attempts=6, first=0.001, longest=0.002),
            timeouts=Timeouts(connect=5.0, exchange=self.knobs.patience, commit=self.knobs.patience),
            piece=self.knobs.piece,
            sleep=lambda _: None,
        )

    def asked(self, kind: Kind, method: str = "") -> list[Ask]:
        return [ask for ask, _ in self.log if ask.kind is kind and ask.method in (method or ask.method)]

    def meet(
        self, kind: Kind, method: str, target: str, headers: dict[str, str], *, kept: bool
    ) -> tuple[Ask, Fault | None]:
        url = urlsplit(target)
        repository, reference = _place(url.path)
        with self._lock:
            self._numbers[kind, method] += 1
            length = headers.get("content-length", "0")
            ask = Ask(
                kind,
                method,
                url.path,
                dict(parse_qsl(url.query)),
                headers,
                repository,
                reference,
                int(length),
                self._numbers[kind, method],
                reference in self.store.tags.get(repository, {}),
                kept,
            )
            fault = self._policy(ask)
            self.log.append((ask, fault))
            return ask, fault


class _Connection(socketserver.BaseRequestHandler):
    """Speaks HTTP/1.1 until either side has had enough."""

    server: _Server

    def handle(self) -> None:
        self.input = self.request.makefile("rb")
        with contextlib.suppress(OSError, _Over):
            self._one(kept=False)
            while True:
                self._one(kept=True)

    def finish(self) -> None:
        self.input.close()

    def _one(self, *, kept: bool) -> None:
        method, target, headers = self._head()
        faulty = self.server.faulty
        ask, fault = faulty.meet(_kind(method, target), method, target, headers, kept=kept)
        self._early(fault)
        refused = self.server.answers.barred(ask)
        if refused is None and ask.kind in (Kind.PATCH, Kind.PUT):
            refused = self.server.answers.opening(ask)
        body = self._body(ask, fault, keep=refused is None)
        if isinstance(fault, Refuse):
            text = json.dumps({"errors": [{"code": fault.code, "message": "no"}]}).encode() if fault.code else b""
            reply = Reply(fault.status, dict(fault.headers), text)
        else:
            reply = refused or self.server.answers.answer(ask, body)
        self._write(ask, reply, fault)
        if (
            ask.kind in (Kind.PUT, Kind.START)
            and reply.status == 201
            and not isinstance(fault, CutHead | Stall | CutBody)
        ):
            faulty.store.confirmed[ask.repository, ask.query["digest"]] += 1

    def _head(self) -> tuple[str, str, dict[str, str]]:
        first = self.input.readline()
        if not first.endswith(b"\n"):
            raise _Over
        method, target, _ = first.decode("ascii").split(" ")
        headers = {}
        while (line := self.input.readline()) not in (b"\r\n", b"\n"):
            if not line:
                raise _Over
            name, _, value = line.decode("latin-1").partition(":")
            headers[name.strip().lower()] = value.strip()
        return method, target, headers

    def _early(self, fault: Fault | None) -> None:
        if not isinstance(fault, RefuseEarly):
            return
        self.request.sendall(f"HTTP/1.1 {fault.status} No\r\nContent-Length: 0\r\n\r\n".encode())
        if fault.hold:
            self.server.faulty.stopping.wait(ALARM)
        raise _Over

    def _body(self, ask: Ask, fault: Fault | None, *, keep: bool) -> bytes:
        """The request's body. What came of a broken one stays with its upload when the registry is of that kind."""
        end = fault.after if isinstance(fault, CutRequest | StopReading) else ask.length
        body: bytes = self.input.read(min(end, ask.length))
        if ask.kind in (Kind.PATCH, Kind.PUT):
            self.server.faulty.store.payload[ask.reference] += len(body)
        if len(body) == ask.length and not isinstance(fault, CutRequest | StopReading):
            return body
        if keep and ask.kind in (Kind.PATCH, Kind.PUT) and self.server.faulty.knobs.keeps_partial:
            self.server.faulty.store.append(ask.reference, body)
        if isinstance(fault, StopReading):
            self.server.faulty.stopping.wait(ALARM)
        if isinstance(fault, CutRequest) and fault.reset:
            self.request.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        raise _Over

    def _write(self, ask: Ask, reply: Reply, fault: Fault | None) -> None:
        body = b"" if ask.method == "HEAD" else reply.body
        length = len(reply.body)
        lines = [(name, value) for name, value in reply.headers.items()]
        last = False
        after: int | None = None
        match fault:
            case Flip(at=at) if body and reply.status < 300:
                place = at % len(body)
                body = body[:place] + bytes([body[place] ^ 1]) + body[place + 1 :]
            case WrongLength(by=by) if ask.method != "HEAD":
                length, last = max(length + by, 0), by > 0
            case Dress(lines=instead):
                replaced = {name.lower() for name, _ in instead}
                lines = [(name, value) for name, value in lines if name.lower() not in replaced]
                lines += [(name, value) for name, value in instead if value]
            case CutBody(after=after) | Stall(after=int(after)):
                last = True
            case Close():
                last = True
            case _:
                pass
        if not any(name.lower() == "content-length" for name, _ in lines):
            lines.append(("Content-Length", str(length)))
        head = (
            f"HTTP/1.1 {reply.status} Whatever\r\n" + "".join(f"{name}: {value}\r\n" for name, value in lines) + "\r\n"
        )
        if isinstance(fault, CutHead):
            self.request.sendall(head.encode("latin-1")[: fault.after % len(head)])
            raise _Over
        if isinstance(fault, Stall) and fault.after is None:
            self.server.faulty.stopping.wait(ALARM)
            raise _Over
        self.request.sendall(head.encode("latin-1") + (body if after is None else body[:after]))
        if isinstance(fault, Stall):
            self.server.faulty.stopping.wait(ALARM)
        if last:
            raise _Over


class _Over(Exception):
    """This connection has nothing more to say."""


class _Server(socketserver.ThreadingTCPServer):
    daemon_threads = True
    block_on_close = False
    request_queue_size = 64
    faulty: FaultyRegistry
    answers: Answers


@contextlib.contextmanager
def faulty_registry(knobs: Knobs | None = None) -> Iterator[FaultyRegistry]:
    server = _Server(("127.0.0.1", 0), _Connection)
    host = f"127.0.0.1:{server.server_address[1]}"
    registry = FaultyRegistry(host, Store(), knobs or Knobs())
    server.faulty = registry
    server.answers = Answers(host, registry.store, registry.knobs)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    try:
        yield registry
    finally:
        registry.stopping.set()
        server.shutdown()
        server.server_close()
        thread.join()


def _kind(method: str, target: str) -> Kind:
    path = urlsplit(target).path
    if path == "/token":
        return Kind.TOKEN
    if path.rstrip("/") == "/v2":
        return Kind.PING
    if path.endswith("/tags/list"):
        return Kind.TAGS
    if "/referrers/" in path:
        return Kind.REFERRERS
    if "/manifests/" in path:
        return Kind.MANIFEST
    if "/blobs/uploads/" not in path:
        return Kind.BLOB
    if method == "POST":
        return Kind.MOUNT if "mount=" in target else Kind.START
    return {"PATCH": Kind.PATCH, "PUT": Kind.PUT, "GET": Kind.STATUS, "DELETE": Kind.CANCEL}[method]


def _place(path: str) -> tuple[str, str]:
    """Repository, and the last part of the path: a tag, a digest, or the name of an upload session."""
    parts = unquote(path).strip("/").split("/")
    ends = [place for place, part in enumerate(parts) if part in ("tags", "referrers", "manifests", "blobs")]
    return ("/".join(parts[1 : ends[-1]]), parts[-1]) if ends else ("", "")
