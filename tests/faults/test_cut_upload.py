"""What docker-registry makes of an upload whose request broke off, which is why blobs go there in pieces.

It signs the state of an upload into its location (`_state`): what it had received then. A request that breaks off
appends to the file, and its state never reaches the client; after that no state that the client has, or can ask for,
agrees with the file.
"""

from __future__ import annotations

import http.client
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from tests.unit.transfer.lab import RealRegistry, content, serve

HALF = 1024 * 1024
BLOB = content("a blob in two halves", 2 * HALF)


@pytest.fixture
def registry(tmp_path: Path) -> Iterator[RealRegistry]:
    with serve(tmp_path) as found:
        yield found


class Upload:
    """One upload as a client sees it; `location` is the newest that it was told."""

    def __init__(self, registry: RealRegistry) -> None:
        self._host = registry.host
        self.location = "/v2/a/b/blobs/uploads/"
        assert self.ask("POST") == (202, "")

    def ask(self, method: str, location: str = "", *, body: bytes = b"", offset: int | None = None) -> tuple[int, str]:
        """Status, and the Range that the answer names."""
        connection = http.client.HTTPConnection(self._host, timeout=30)
        headers = {"Content-Type": "application/octet-stream", "Content-Length": str(len(body))}
        if offset is not None:
            headers["Content-Range"] = f"{offset}-{offset + len(body) - 1}"
        connection.request(method, location or self.location, body, headers)
        answer = connection.getresponse()
        answer.read()
        connection.close()
        if answer.status < 300:
            url = urlsplit(answer.headers["Location"])
            self.location = f"{url.path}?{url.query}"
        said = answer.headers.get("Range", "")
        return answer.status, "" if said == "0-0" else said

    def break_off(self, body: bytes, stated: int) -> None:
        """A PATCH that states more bytes than come."""
        connection = http.client.HTTPConnection(self._host, timeout=30)
        connection.putrequest("PATCH", self.location)
        connection.putheader("Content-Type", "application/octet-stream")
        connection.putheader("Content-Length", str(stated))
        connection.endheaders(body)
        connection.close()


def received(registry: RealRegistry) -> int:
    """Bytes in the file of the one upload there is."""
    return sum(path.stat().st_size for path in registry.root.rglob("_uploads/*/data"))


def test_between_two_requests_an_upload_goes_on(registry: RealRegistry) -> None:
    upload = Upload(registry)
    assert upload.ask("PATCH", body=BLOB[:HALF], offset=0) == (202, f"0-{HALF - 1}")
    assert upload.ask("GET") == (204, f"0-{HALF - 1}")
    assert upload.ask("PATCH", body=BLOB[HALF:], offset=HALF) == (202, f"0-{2 * HALF - 1}")


def test_after_a_request_that_broke_off_no_known_location_goes_on(registry: RealRegistry) -> None:
    upload = Upload(registry)
    before = upload.location
    upload.break_off(BLOB[:HALF], len(BLOB))
    until = time.monotonic() + 20
    while received(registry) < HALF and time.monotonic() < until:
        time.sleep(0.01)
    kept = received(registry)
    assert kept == HALF, "the bytes that came are in its file"
    # Asked how far it is, it does not know; told to go on, from nothing or from where its file ends, it refuses.
    assert upload.ask("GET", before)[0] == 404
    assert upload.ask("PATCH", before, body=BLOB[kept:], offset=kept)[0] == 404
    assert upload.ask("PATCH", before, body=BLOB, offset=0)[0] == 404
    assert upload.ask("PUT", f"{before}&digest=sha256:{'0' * 64}", body=BLOB[kept:])[0] == 404
