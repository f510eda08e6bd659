"""What one small request costs in each HTTP client: `python -m tests.bench.small_requests [REQUESTS]`.

HEAD of one manifest at a docker-registry on this machine, by 16 and 64 threads, plain and over TLS. `reconciler` is our
whole client, with logins, retries and checks; `http.client` is what it is made of, `httpx` what it could be made of.
"""

from __future__ import annotations

import os
import ssl
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from http.client import HTTPConnection, HTTPSConnection
from pathlib import Path

import httpx

from reconciler.oci.client import Registry
from tests.bench.authority import Authority
from tests.bench.registries import Server, serve
from tests.unit.transfer.lab import Painter

_PATH = "/v2/small/one/manifests/v1"
_HEADERS = {"Accept": "application/vnd.oci.image.manifest.v1+json"}
_THREADS = (16, 64)

_Ask = Callable[[], None]


def _reconciler(server: Server) -> _Ask:
    registry = Registry(server.host, lambda _: None, plain_http=server.authority is None)

    def ask() -> None:
        assert registry.head_manifest("small/one", "v1") is not None

    return ask


def _http_client(server: Server) -> _Ask:
    tls = _trusting(server)
    own = threading.local()

    def ask() -> None:
        connection: HTTPConnection | None = getattr(own, "connection", None)
        if connection is None:
            connection = HTTPConnection(server.host) if tls is None else HTTPSConnection(server.host, context=tls)
            own.connection = connection
        connection.request("HEAD", _PATH, headers=_HEADERS)
        response = connection.getresponse()
        response.read()
        assert response.status == 200

    return ask


def _httpx(server: Server) -> _Ask:
    tls = _trusting(server)
    limits = httpx.Limits(max_connections=None, max_keepalive_connections=None)
    client = httpx.Client(verify=tls if tls is not None else True, limits=limits)
    url = f"{'http' if tls is None else 'https'}://{server.host}{_PATH}"

    def ask() -> None:
        assert client.head(url, headers=_HEADERS).status_code == 200

    return ask


def _trusting(server: Server) -> ssl.SSLContext | None:
    return None if server.authority is None else ssl.create_default_context(cafile=server.authority.certificate)


def _measured(ask: _Ask, threads: int, requests: int) -> tuple[float, float]:
    """Requests per second, and CPU milliseconds of this process for each; connections are open by then."""
    with ThreadPoolExecutor(threads) as pool:
        list(pool.map(lambda _: ask(), range(threads * 4)))
        wall, cpu = time.monotonic(), time.process_time()
        list(pool.map(lambda _: ask(), range(requests)))
        return requests / (time.monotonic() - wall), (time.process_time() - cpu) / requests * 1000


def main(requests: int) -> None:
    clients: Sequence[tuple[str, Callable[[Server], _Ask]]] = (
        ("reconciler", _reconciler),
        ("http.client", _http_client),
        ("httpx", _httpx),
    )
    with tempfile.TemporaryDirectory(prefix="bench-") as name:
        folder = Path(name)
        authority = Authority.found(folder / "authority")
        with serve(folder / "plain") as plain:
            registry = Registry(plain.host, lambda _: None)
            Painter(registry, "small/one").image([b"one"], tag="v1")
            registry.close()
            with serve(folder / "tls", data=plain.data, authority=authority) as secured:
                # Read when a client is made.
                os.environ["SSL_CERT_FILE"] = str(authority.certificate)
                sys.stdout.write("| client | threads | way | requests/s | CPU ms each |\n|---|---|---|---|---|\n")
                for server, way in ((plain, "plain"), (secured, "TLS")):
                    for threads in _THREADS:
                        for label, make in clients:
                            rate, cpu = _measured(make(server), threads, requests)
                            sys.stdout.write(f"| {label} | {threads} | {way} | {rate:,.0f} | {cpu:.2f} |\n")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 3000)
