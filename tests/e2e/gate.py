"""A gate before the local cloud's OpenAPI: calls pass through it, and a test answers some of them itself."""

from __future__ import annotations

import contextlib
import http.client
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit

Guard = Callable[[str, str], bytes | None]
"""From an action, and a path with its query, to the answer of a refusal (403); None lets the call pass."""


@dataclass
class Gate:
    """`guard` is asked before each call, `after` is told of each one before its answer goes out."""

    endpoint: str
    guard: Guard = field(default=lambda _action, _path: None)
    after: Callable[[str, str], None] = field(default=lambda _action, _path: None)


@contextlib.contextmanager
def gate(cloud: str) -> Iterator[Gate]:
    """A gate before the endpoint `cloud`."""
    behind = urlsplit(cloud).netloc

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def handle_any(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", "0")))
            action = self.headers.get("x-acs-action", "")
            refusal = opened.guard(action, self.path)
            status, answer = (403, refusal) if refusal is not None else self._pass_on(body)
            if refusal is None:
                opened.after(action, self.path)
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

        def _pass_on(self, body: bytes) -> tuple[int, bytes]:
            with contextlib.closing(http.client.HTTPConnection(behind, timeout=30)) as connection:
                # The signature is over the name that the caller knows.
                connection.request(self.command, self.path, body, dict(self.headers.items()))
                answer = connection.getresponse()
                return answer.status, answer.read()

        do_GET = do_POST = do_PUT = do_DELETE = handle_any  # noqa: N815

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    opened = Gate(f"http://127.0.0.1:{server.server_port}")
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield opened
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
