"""Debian's docker-registry as processes: plain or over TLS, each with an access log, and the slow way to one."""

from __future__ import annotations

import contextlib
import os
import re
import socket
import ssl
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.request import urlopen

from reconciler.oci.client import Registry
from tests.bench.authority import Authority
from tests.bench.measure import PROJECT

_CONFIG = """\
version: 0.1
log: {{level: error, accesslog: {{disabled: false}}}}
storage: {{filesystem: {{rootdirectory: "{data}"}}}}
http: {{addr: "{host}"{tls}}}
"""
_TLS = ', tls: {{certificate: "{server}", key: "{key}"}}'
# Over TLS Go's clients speak HTTP/2.
_REQUEST = re.compile(rb'"(?:GET|HEAD|POST|PUT|PATCH|DELETE) \S+ HTTP/')


@dataclass(frozen=True, slots=True)
class Server:
    """The registry process `pid` over the storage `data`; `log` is its access log, `authority` signed its
    certificate."""

    host: str
    data: Path
    log: Path
    authority: Authority | None
    pid: int

    def cpu(self) -> float:
        """Seconds that it has computed so far (proc(5))."""
        fields = Path(f"/proc/{self.pid}/stat").read_text().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def requests(self) -> int:
        """How many it has answered, read once the log stands still: a line is written after its answer."""
        seen = -1
        while (now := len(_REQUEST.findall(self.log.read_bytes()))) != seen:
            seen = now
            time.sleep(0.05)
        return now


def anonymous(host: str) -> Registry:
    return Registry(host, lambda _: None)


@contextlib.contextmanager
def serve(folder: Path, *, data: Path | None = None, authority: Authority | None = None) -> Iterator[Server]:
    """`data` is storage that is there already; without it, it is new below `folder`."""
    folder.mkdir(parents=True, exist_ok=True)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        host = f"127.0.0.1:{probe.getsockname()[1]}"
    config, log, data = folder / "config.yml", folder / "access.log", data or folder / "data"
    tls = "" if authority is None else _TLS.format(server=authority.server, key=authority.key)
    config.write_text(_CONFIG.format(data=data, host=host, tls=tls))
    with log.open("wb") as output:
        process = subprocess.Popen(["docker-registry", "serve", str(config)], stdout=output, stderr=output)
    server = Server(host, data, log, authority, process.pid)
    try:
        _until_ready(server, process)
        yield server
    finally:
        process.terminate()
        process.wait()


@contextlib.contextmanager
def delayed(host: str, seconds: float) -> Iterator[str]:
    """The address of a relay to `host` that holds everything back for `seconds` in each direction."""
    command = [sys.executable, "-m", "tests.bench.delay", host, str(seconds)]
    with subprocess.Popen(command, cwd=PROJECT, stdout=subprocess.PIPE, text=True) as process:
        try:
            address = process.stdout.readline().strip() if process.stdout is not None else ""
            if not address:
                raise RuntimeError("the relay did not start")
            yield address
        finally:
            process.terminate()


def _until_ready(server: Server, process: subprocess.Popen[bytes]) -> None:
    trust = None
    if server.authority is not None:
        trust = ssl.create_default_context(cafile=server.authority.certificate)
    scheme = "http" if trust is None else "https"
    while process.poll() is None:
        with contextlib.suppress(OSError), urlopen(f"{scheme}://{server.host}/v2/", context=trust) as answer:
            answer.read()
            return
        time.sleep(0.02)
    raise RuntimeError(f"docker-registry ended with status {process.returncode}")
