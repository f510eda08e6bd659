from __future__ import annotations

import hashlib
import socket
from collections.abc import Callable

import httpx
import pytest

from reconciler.emulator.server import LocalCloud

Connect = Callable[[LocalCloud, str, str], httpx.Client]

DATA = bytes(range(256)) * 40
DIGEST = f"sha256:{hashlib.sha256(DATA).hexdigest()}"
WEB = "repository:apps/web:pull,push"


@pytest.fixture
def hub(cloud: LocalCloud, registry: Connect) -> httpx.Client:
    return registry(cloud, "instances.hub", f"{WEB} repository:apps/other:pull,push")


def started(client: httpx.Client) -> str:
    answer = client.post("/v2/apps/web/blobs/uploads/")
    assert answer.status_code == 202
    assert answer.headers["range"] == "0-0"
    return answer.headers["location"]


def test_whole_blob_in_one_post(hub: httpx.Client) -> None:
    answer = hub.post("/v2/apps/web/blobs/uploads/", params={"digest": DIGEST}, content=DATA)
    assert (answer.status_code, answer.headers["docker-content-digest"]) == (201, DIGEST)
    assert hub.get(answer.headers["location"]).content == DATA


def test_chunks_in_order(hub: httpx.Client) -> None:
    location = started(hub)
    for start, stop in ((0, 4000), (4000, 9000)):
        span = {"Content-Range": f"{start}-{stop - 1}"}
        answer = hub.patch(location, content=DATA[start:stop], headers=span)
        assert (answer.status_code, answer.headers["range"]) == (202, f"0-{stop - 1}")
        location = answer.headers["location"]
    answer = hub.put(location, params={"digest": DIGEST}, content=DATA[9000:])
    assert answer.status_code == 201
    assert hub.get(f"/v2/apps/web/blobs/{DIGEST}").content == DATA


def test_streamed_body_without_a_length(hub: httpx.Client) -> None:
    answer = hub.patch(started(hub), content=iter([DATA[:100], DATA[100:]]))
    assert hub.put(answer.headers["location"], params={"digest": DIGEST}).status_code == 201


def test_status_tells_where_to_go_on(hub: httpx.Client) -> None:
    location = started(hub)
    hub.patch(location, content=DATA[:500])
    answer = hub.get(location)
    assert (answer.status_code, answer.headers["range"]) == (204, "0-499")


def test_chunk_at_a_wrong_offset_is_refused(hub: httpx.Client) -> None:
    location = started(hub)
    hub.patch(location, content=DATA[:500])
    answer = hub.patch(location, content=DATA[600:], headers={"Content-Range": f"600-{len(DATA) - 1}"})
    assert (answer.status_code, answer.headers["range"]) == (416, "0-499")
    rest = hub.patch(location, content=DATA[500:], headers={"Content-Range": f"500-{len(DATA) - 1}"})
    assert hub.put(rest.headers["location"], params={"digest": DIGEST}).status_code == 201


def test_wrong_digest_ends_the_upload(hub: httpx.Client) -> None:
    location = started(hub)
    answer = hub.put(location, params={"digest": DIGEST}, content=DATA[:-1])
    assert (answer.status_code, answer.json()["errors"][0]["code"]) == (400, "DIGEST_INVALID")
    assert hub.get(location).status_code == 404
    assert hub.head(f"/v2/apps/web/blobs/{DIGEST}").status_code == 404


def test_cancelled_upload_is_gone(hub: httpx.Client) -> None:
    location = started(hub)
    assert hub.delete(location).status_code == 204
    assert hub.patch(location, content=DATA).json()["errors"][0]["code"] == "BLOB_UPLOAD_UNKNOWN"


def test_mount_from_another_repository(hub: httpx.Client) -> None:
    hub.post("/v2/apps/other/blobs/uploads/", params={"digest": DIGEST}, content=DATA)
    answer = hub.post("/v2/apps/web/blobs/uploads/", params={"mount": DIGEST, "from": "apps/other"})
    assert (answer.status_code, answer.headers["docker-content-digest"]) == (201, DIGEST)
    assert hub.get(f"/v2/apps/web/blobs/{DIGEST}").content == DATA


def test_mount_without_the_right_to_pull_becomes_an_upload(
    cloud: LocalCloud, hub: httpx.Client, registry: Connect
) -> None:
    hub.post("/v2/apps/other/blobs/uploads/", params={"digest": DIGEST}, content=DATA)
    narrow = registry(cloud, "instances.hub", WEB)
    answer = narrow.post("/v2/apps/web/blobs/uploads/", params={"mount": DIGEST, "from": "apps/other"})
    assert answer.status_code == 202
    assert narrow.head(f"/v2/apps/web/blobs/{DIGEST}").status_code == 404


def test_mount_of_what_is_not_there_becomes_an_upload(hub: httpx.Client) -> None:
    answer = hub.post("/v2/apps/web/blobs/uploads/", params={"mount": DIGEST, "from": "apps/other"})
    assert answer.status_code == 202


@pytest.mark.parametrize(
    ("asked", "status", "start", "stop"),
    [
        ("bytes=0-9", 206, 0, 10),
        ("bytes=100-", 206, 100, len(DATA)),
        ("bytes=-5", 206, len(DATA) - 5, len(DATA)),
        (f"bytes=10-{len(DATA) + 99}", 206, 10, len(DATA)),
        (f"bytes={len(DATA)}-", 416, 0, 0),
        ("lines=1-2", 200, 0, len(DATA)),
    ],
)
def test_byte_ranges(hub: httpx.Client, asked: str, status: int, start: int, stop: int) -> None:
    hub.post("/v2/apps/web/blobs/uploads/", params={"digest": DIGEST}, content=DATA)
    answer = hub.get(f"/v2/apps/web/blobs/{DIGEST}", headers={"Range": asked})
    assert (answer.status_code, answer.content) == (status, DATA[start:stop])
    if status == 206:
        assert answer.headers["content-range"] == f"bytes {start}-{stop - 1}/{len(DATA)}"


def test_blob_of_one_repository_is_not_in_another(hub: httpx.Client) -> None:
    hub.post("/v2/apps/other/blobs/uploads/", params={"digest": DIGEST}, content=DATA)
    hub.post("/v2/apps/web/blobs/uploads/")
    assert hub.head(f"/v2/apps/web/blobs/{DIGEST}").status_code == 404
    head = hub.head(f"/v2/apps/other/blobs/{DIGEST}")
    assert (head.status_code, head.headers["content-length"]) == (200, str(len(DATA)))


def test_what_came_before_a_broken_connection_stays(hub: httpx.Client) -> None:
    location = httpx.URL(started(hub))
    lines = (
        f"PATCH {location.path} HTTP/1.1",
        f"Host: {location.host}",
        f"Authorization: {hub.headers['authorization']}",
        f"Content-Length: {len(DATA)}",
    )
    with socket.create_connection((location.host, location.port or 80)) as broken:
        broken.sendall("\r\n".join((*lines, "", "")).encode() + DATA[:3000])
        while hub.get(location).headers["range"] != "0-2999":
            pass  # the bytes are on their way
    while (rest := hub.patch(location, content=DATA[3000:])).status_code == 416:
        pass  # the server has not seen the end of the connection yet
    assert hub.put(rest.headers["location"], params={"digest": DIGEST}).status_code == 201
    assert hub.get(f"/v2/apps/web/blobs/{DIGEST}").content == DATA
