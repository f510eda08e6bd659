"""docker-registry behind logins and TLS, certificates for it, and a proxy that leads there."""

from __future__ import annotations

import contextlib
import select
import socket
import socketserver
import subprocess
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from reconciler.oci.client import Registry
from reconciler.oci.dialing import Dialer
from reconciler.oci.login import Login
from reconciler.oci.patience import Backoff

NAME = "registry.test"
"""A host that only the proxy knows the way to."""
LOGIN = Login("porter", "open-sesame")
_HTPASSWD = "porter:$2y$05$abcdefghijklmnopqrstuutXu9KzOt.1yBoZUeFWoT/914/JfszCO\n"


@dataclass(frozen=True)
class Secured:
    port: int
    log: Path

    @property
    def host(self) -> str:
        return f"localhost:{self.port}"

    def refusals(self) -> int:
        """Answers of 401 to requests that named a user; without one there is only a challenge."""
        return self.log.read_text(errors="replace").count("error authenticating user")


def openssl(*arguments: object) -> None:
    subprocess.run(["openssl", *map(str, arguments)], check=True, capture_output=True)


class Authority:
    """A private certificate authority, `ca.crt` in `folder`."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir()
        self._folder = folder
        self.certificate = folder / "ca.crt"
        self._key = folder / "ca.key"
        key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2"]
        openssl("req", "-x509", *key, "-subj", "/CN=test authority", "-keyout", self._key, "-out", self.certificate)

    def issue(self, name: str, extensions: str = "") -> tuple[Path, Path]:
        """Certificate and key."""
        certificate, key, request = (self._folder / f"{name}.{ending}" for ending in ("cert", "key", "csr"))
        curve = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"]
        openssl("req", *curve, "-subj", f"/CN={name}", "-keyout", key, "-out", request)
        told = self._folder / f"{name}.ext"
        told.write_text(extensions)
        signer = ["-CA", self.certificate, "-CAkey", self._key, "-CAcreateserial", "-days", "2"]
        openssl("x509", "-req", "-in", request, *signer, "-extfile", told, "-out", certificate)
        return certificate, key


@contextlib.contextmanager
def serve(folder: Path, *, authority: Authority | None = None, client_certificates: bool = False) -> Iterator[Secured]:
    """A docker-registry that knows `LOGIN` alone; with `authority` it speaks TLS."""
    folder.mkdir()
    (folder / "htpasswd").write_text(_HTPASSWD)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    tls = ""
    if authority is not None:
        certificate, key = authority.issue("server", f"subjectAltName=DNS:localhost,DNS:{NAME}")
        clients = f", clientcas: ['{authority.certificate}']" if client_certificates else ""
        tls = f", tls: {{certificate: '{certificate}', key: '{key}'{clients}}}"
    (folder / "config.yml").write_text(
        "version: 0.1\nlog: {level: warn, accesslog: {disabled: true}}\n"
        f"storage: {{filesystem: {{rootdirectory: '{folder / 'data'}'}}}}\n"
        f"auth: {{htpasswd: {{realm: test, path: '{folder / 'htpasswd'}'}}}}\n"
        f"http: {{addr: '127.0.0.1:{port}'{tls}}}\n"
    )
    log = folder / "log"
    with log.open("wb") as output:
        command = ["docker-registry", "serve", str(folder / "config.yml")]
        process = subprocess.Popen(command, stdout=output, stderr=output)
    try:
        _wait(port, process)
        yield Secured(port, log)
    finally:
        process.terminate()
        process.wait()


def _wait(port: int, process: subprocess.Popen[bytes]) -> None:
    while process.poll() is None:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port)):
            return
        time.sleep(0.02)
    raise RuntimeError(f"docker-registry ended with status {process.returncode}")


@contextlib.contextmanager
def client(
    host: str,
    login: Login | None = LOGIN,
    *,
    environment: dict[str, str] | None = None,
    plain_http: bool | None = None,
) -> Iterator[Registry]:
    registry = Registry(
        host,
        lambda _: login,
        plain_http=plain_http,
        dial=Dialer(environment or {}),
        backoff=Backoff(attempts=2, first=0.01),
    )
    try:
        yield registry
    finally:
        registry.close()


class Proxy(socketserver.ThreadingTCPServer):
    """Tunnels to ports of this machine, whatever the host is called, for those who show `authorization`."""

    daemon_threads = True
    allow_reuse_address = True

    def __init__(self, authorization: str | None = None) -> None:
        super().__init__(("127.0.0.1", 0), _Tunnel)
        self.authorization = authorization
        self.heads: list[str] = []

    @property
    def address(self) -> str:
        return f"127.0.0.1:{self.server_address[1]}"

    @property
    def destinations(self) -> set[str]:
        return {head.split()[1] for head in self.heads}


class _Tunnel(socketserver.StreamRequestHandler):
    server: Proxy

    def handle(self) -> None:
        lines = []
        while (line := self.rfile.readline()) not in (b"\r\n", b""):
            lines.append(line.decode())
        self.server.heads.append("".join(lines))
        wanted = self.server.authorization
        if wanted is not None and f"Proxy-Authorization: {wanted}\r\n" not in lines:
            self.wfile.write(b"HTTP/1.1 407 Proxy Authentication Required\r\n\r\n")
            return
        port = int(lines[0].split()[1].rpartition(":")[2])
        with socket.create_connection(("127.0.0.1", port)) as far:
            self.wfile.write(b"HTTP/1.1 200 Connection established\r\n\r\n")
            ways = {self.connection: far, far: self.connection}
            while True:
                ready, _, _ = select.select(list(ways), [], [])
                for side in ready:
                    data = side.recv(65536)
                    if not data:
                        return
                    ways[side].sendall(data)


@contextlib.contextmanager
def proxied(authorization: str | None = None) -> Iterator[Proxy]:
    with Proxy(authorization) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join()
