"""Blobs in one request, where the registry takes that."""

from __future__ import annotations

import hashlib
import io
from contextlib import closing
from functools import partial

import pytest

from reconciler.model.image import Descriptor
from reconciler.oci.client import Registry
from reconciler.oci.errors import RegistryBusy
from reconciler.oci.manifest import digest_bytes
from reconciler.oci.upload import SINGLE_POST_LIMIT
from tests.unit.oci.scripted import Asked, Reply, scripted


class Store:
    """Takes blobs in a single POST when `posts` is 201; with 202 it opens a session and drops the body."""

    def __init__(self, posts: int) -> None:
        self.posts = posts
        self.blobs: dict[str, bytes] = {}

    def __call__(self, asked: Asked) -> Reply:
        path, _, query = asked.path.partition("?")
        digest = f"sha256:{hashlib.sha256(asked.body).hexdigest()}"
        wanted = query.removeprefix("digest=").replace("%3A", ":")
        if asked.method == "HEAD":
            return Reply(200 if path.rsplit("/", 1)[1] in self.blobs else 404)
        if asked.method == "POST" and query and self.posts not in (201, 202):
            return Reply(self.posts)
        if (asked.method == "PUT" or (query and self.posts == 201)) and digest == wanted:
            self.blobs[digest] = asked.body
            return Reply(201, {"Docker-Content-Digest": digest})
        return Reply(202, {"Location": f"/v2/a/b/blobs/uploads/{len(self.blobs)}"})


def send(registry: Registry, *contents: bytes) -> None:
    for content in contents:
        registry.put_blob_bytes("a/b", content)


def test_a_registry_that_takes_it_is_asked_once_for_each_blob() -> None:
    store = Store(201)
    with scripted(store) as server, closing(server.registry()) as registry:
        send(registry, b"one", b"two", b"three")
        assert [path.split("?")[0] for path in server.paths()] == ["POST /v2/a/b/blobs/uploads/"] * 3
    assert sorted(store.blobs.values()) == [b"one", b"three", b"two"]


def test_a_registry_that_opens_a_session_instead_costs_no_request_more() -> None:
    store = Store(202)
    with scripted(store) as server, closing(server.registry()) as registry:
        send(registry, b"one", b"two")
        assert [asked.method for asked in server.asked] == ["POST", "PUT", "POST", "PUT"]
        assert [asked.body for asked in server.asked] == [b"one", b"one", b"", b"two"]
    assert sorted(store.blobs.values()) == [b"one", b"two"]


@pytest.mark.parametrize("status", [400, 404, 405, 415])
def test_a_registry_that_refuses_it_is_not_asked_again(status: int) -> None:
    store = Store(status)
    with scripted(store) as server, closing(server.registry()) as registry:
        send(registry, b"one", b"two")
        assert [asked.method for asked in server.asked] == ["POST", "POST", "PUT", "POST", "PUT"]
    assert sorted(store.blobs.values()) == [b"one", b"two"]


def test_a_busy_registry_teaches_nothing() -> None:
    store = Store(503)
    with scripted(store) as server, closing(server.registry(attempts=1)) as registry:
        with pytest.raises(RegistryBusy):
            send(registry, b"one")
        store.posts = 201
        send(registry, b"two", b"three")
        assert [asked.method for asked in server.asked] == ["POST", "POST", "POST"]


def test_an_answer_that_got_lost_is_asked_for() -> None:
    store = Store(201)
    losing = partial(_without_the_answer, store)
    with scripted(losing) as server, closing(server.registry()) as registry:
        upload = registry.upload("a/b", Descriptor(digest_bytes(b"one"), 3), lambda n: io.BytesIO(b"one"[n:]))
        with pytest.raises(RegistryBusy):
            upload.attempt()
        upload.attempt()
        assert [asked.method for asked in server.asked] == ["POST", "HEAD"]


def _without_the_answer(store: Store, asked: Asked) -> Reply:
    reply = store(asked)
    return Reply(503) if asked.method == "POST" else reply


def test_large_blobs_go_through_a_session() -> None:
    store = Store(201)
    with scripted(store) as server, closing(server.registry()) as registry:
        send(registry, b"small", bytes(SINGLE_POST_LIMIT + 1))
        assert [asked.method for asked in server.asked] == ["POST", "POST", "PUT"]
