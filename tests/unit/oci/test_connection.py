"""TLS is verified, connections are kept, and plain HTTP stays on this machine."""

from __future__ import annotations

import http.server
import ssl
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from reconciler.oci.client import Registry
from reconciler.oci.connection import Connections, Origin, Timeouts, is_loopback
from reconciler.oci.dialing import Dialer
from reconciler.oci.errors import RegistryRefused
from reconciler.oci.patience import Backoff
from tests.unit.oci.scripted import Reply, scripted


@pytest.fixture
def certificate(tmp_path: Path) -> Path:
    path = tmp_path / "server.pem"
    names = ["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost"]
    files = ["-keyout", str(path), "-out", f"{path}.crt"]
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", *names, *files],
        check=True,
        capture_output=True,
    )
    path.write_text(path.read_text() + Path(f"{path}.crt").read_text())
    return path


class _Tags(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        body = b'{"tags": ["v1"]}'
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        pass


class _Quiet(http.server.ThreadingHTTPServer):
    def handle_error(self, request: object, client_address: object) -> None:
        """A client that refuses the certificate is what the test wants."""


@pytest.fixture
def secure(certificate: Path) -> Iterator[str]:
    server = _Quiet(("127.0.0.1", 0), _Tags)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield f"localhost:{server.server_port}"
    server.shutdown()
    server.server_close()
    thread.join()


def registry(host: str) -> Registry:
    return Registry(host, lambda _: None, plain_http=False, backoff=Backoff(attempts=1))


def test_a_certificate_that_nobody_vouches_for_is_refused(secure: str) -> None:
    client = registry(secure)
    with pytest.raises(RegistryRefused, match=r"certificate not trusted: .*; set `SSL_CERT_FILE`"):
        client.tags("a/b")
    client.close()


def test_the_users_authorities_are_read(secure: str, certificate: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", f"{certificate}.crt")
    client = registry(secure)
    assert client.tags("a/b") == ["v1"]
    assert client.tags("a/b") == ["v1"]
    client.close()


@pytest.mark.parametrize("host", ["localhost", "localhost:5000", "127.0.0.1:5000", "[::1]:5000", "r.localhost"])
def test_this_machine(host: str) -> None:
    assert is_loopback(host)


@pytest.mark.parametrize("host", ["localhost.example.com", "10.0.0.1:5000", "127.0.0.1.example.com", "[2001:db8::1]"])
def test_other_machines(host: str) -> None:
    assert not is_loopback(host)


def test_connections_are_kept_up_to_the_limit() -> None:
    with scripted(lambda _: Reply()) as server:
        connections = Connections(timeouts=Timeouts(), idle=1, dial=Dialer({}))
        origin = Origin("http", server.host)
        leases = [connections.lease(origin) for _ in range(2)]
        for lease in leases:
            lease.ready()
        for lease in leases:
            lease.release()
        again = [connections.lease(origin) for _ in range(2)]
        assert [lease.reused for lease in again] == [True, False]
        for lease in again:
            lease.discard()
        connections.close()


def test_a_connection_that_waits_for_more_serves_nobody_else() -> None:
    """A registry that refused an upload before its end may still read the rest of it, and take a request for that."""
    with scripted(lambda _: Reply()) as server:
        connections = Connections(timeouts=Timeouts(), idle=4, dial=Dialer({}))
        lease = connections.lease(Origin("http", server.host))
        lease.ready()
        lease.be_the_last()
        lease.release()
        again = connections.lease(Origin("http", server.host))
        assert not again.reused
        again.discard()
        connections.close()
