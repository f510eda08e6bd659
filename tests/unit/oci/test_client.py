"""The client against answers that a well-behaved registry does not give."""

from __future__ import annotations

import io
import json

import pytest

from reconciler.model.image import Descriptor
from reconciler.oci.client import BlobStream, Registry
from reconciler.oci.errors import (
    DigestMismatch,
    ManifestBlobUnknown,
    NotFound,
    RegistryBusy,
    RegistryRefused,
    RegistryUnreachable,
)
from reconciler.oci.login import Login
from reconciler.oci.manifest import OCI_INDEX, OCI_MANIFEST, digest_bytes
from reconciler.oci.patience import Retry
from reconciler.oci.session import UploadSession
from reconciler.oci.upload import OpenAt
from tests.unit.oci.scripted import Asked, Reply, scripted

BLOB = bytes(range(256)) * 4000
DIGEST = digest_bytes(BLOB)
NAMED = Descriptor(DIGEST, 0)
MANIFEST = json.dumps(
    {"schemaVersion": 2, "mediaType": OCI_MANIFEST, "config": {"digest": DIGEST, "size": 5}, "layers": []}
).encode()


def errors(code: str, message: str) -> bytes:
    return json.dumps({"errors": [{"code": code, "message": message}]}).encode()


def bytes_of(content: bytes) -> OpenAt:
    return lambda offset: io.BytesIO(content[offset:])


def read(stream: BlobStream) -> bytes:
    whole = io.BytesIO()
    buffer = memoryview(bytearray(1000))
    while count := stream.readinto(buffer):
        whole.write(buffer[:count])
    return whole.getvalue()


def test_a_busy_registry_is_tried_again_and_observed() -> None:
    replies = [Reply(429, {"Retry-After": "7"}), Reply(503), Reply(200, {"Docker-Content-Digest": DIGEST})]
    with scripted(lambda _: replies.pop(0)) as server:
        registry = server.registry()
        seen: list[Retry] = []
        with registry.observed(seen.append):
            found = registry.head_manifest("a/b", "v1")
        registry.close()
    assert found is not None
    assert found.digest == DIGEST
    assert [(retry.throttled, retry.delay >= 7) for retry in seen] == [(True, True), (False, False)]
    assert registry.retries == 2
    assert registry.requests == {"HEAD": 3}


def test_attempts_are_bounded_and_the_reason_is_the_registrys() -> None:
    with scripted(lambda _: Reply(503, {}, errors("UNAVAILABLE", "storage is\nasleep"))) as server:
        registry = server.registry(attempts=3)
        with pytest.raises(RegistryBusy, match="tags of a/b: 503 storage is asleep"):
            registry.tags("a/b")
        registry.close()
        assert len(server.asked) == 3


def test_a_wish_for_a_long_pause_ends_the_attempts() -> None:
    with scripted(lambda _: Reply(429, {"Retry-After": "86400"})) as server:
        registry = server.registry()
        with pytest.raises(RegistryBusy) as caught:
            registry.tags("a/b")
        registry.close()
        assert len(server.asked) == 1
    assert caught.value.retry_after == 86400


def test_a_refusal_is_not_tried_again() -> None:
    with scripted(lambda _: Reply(400, {}, errors("NAME_INVALID", "bad name"))) as server:
        registry = server.registry()
        with pytest.raises(RegistryRefused, match="bad name"):
            registry.tags("a/b")
        registry.close()
        assert len(server.asked) == 1


def test_a_connection_that_was_closed_while_idle_costs_no_attempt() -> None:
    with scripted(lambda _: Reply(200, {"Docker-Content-Digest": DIGEST, "Connection": "close"})) as server:
        registry = server.registry(attempts=1)
        for _ in range(3):
            assert registry.head_manifest("a/b", "v1") is not None
        registry.close()
        assert len(server.asked) == 3


def test_nobody_there_is_worth_another_try() -> None:
    with scripted(lambda _: Reply()) as server:
        registry = server.registry()
    with pytest.raises(RegistryUnreachable) as caught:
        registry.tags("a/b")
    assert caught.value.transient
    assert registry.retries == 2


def test_manifest_bytes_must_have_the_digest() -> None:
    with scripted(lambda _: Reply(200, {"Content-Type": OCI_MANIFEST}, MANIFEST)) as server:
        registry = server.registry()
        assert registry.manifest("a/b", "v1").digest == digest_bytes(MANIFEST)
        with pytest.raises(DigestMismatch):
            registry.manifest("a/b", DIGEST)
        registry.close()


def test_a_manifest_that_was_read_is_not_read_again() -> None:
    with scripted(lambda _: Reply(200, {"Content-Type": OCI_MANIFEST}, MANIFEST)) as server:
        registry = server.registry()
        registry.manifest("a/b", "v1")
        again = registry.manifest("a/b", digest_bytes(MANIFEST))
        registry.close()
        assert again.raw == MANIFEST
        assert len(server.asked) == 1


def test_a_tag_is_always_read_anew() -> None:
    with scripted(lambda _: Reply(200, {"Content-Type": OCI_MANIFEST}, MANIFEST)) as server:
        registry = server.registry()
        registry.manifest("a/b", "v1")
        registry.manifest("a/b", "v1")
        registry.close()
        assert len(server.asked) == 2


def test_a_registry_without_digest_header_is_asked_for_the_bytes() -> None:
    with scripted(lambda _: Reply(200, {"Content-Type": OCI_MANIFEST}, MANIFEST)) as server:
        registry = server.registry()
        found = registry.head_manifest("a/b", "v1")
        registry.close()
    assert found == Descriptor(digest_bytes(MANIFEST), len(MANIFEST), OCI_MANIFEST)


def test_missing_content_of_a_manifest_has_its_own_error() -> None:
    with scripted(lambda _: Reply(404, {}, errors("MANIFEST_BLOB_UNKNOWN", "blob unknown"))) as server:
        registry = server.registry()
        with pytest.raises(ManifestBlobUnknown):
            registry.put_manifest("a/b", "v1", MANIFEST, OCI_MANIFEST)
        registry.close()


def test_a_stored_manifest_must_have_our_digest() -> None:
    with scripted(lambda _: Reply(201, {"Docker-Content-Digest": DIGEST})) as server:
        registry = server.registry(attempts=1)
        with pytest.raises(DigestMismatch, match="the registry stored"):
            registry.put_manifest("a/b", "v1", MANIFEST, OCI_MANIFEST)
        registry.close()


def test_a_redirect_elsewhere_carries_no_login() -> None:
    with scripted(lambda _: Reply(200, {}, BLOB)) as storage:

        def script(asked: Asked) -> Reply:
            if "authorization" not in asked.headers:
                return Reply(401, {"WWW-Authenticate": 'Basic realm="r"'})
            return Reply(307, {"Location": f"http://{storage.host}/bucket/blob?signature=abc"})

        with scripted(script) as server:
            registry = server.registry(Login("user", "secret"))
            with registry.open_blob("a/b", NAMED) as stream:
                assert read(stream) == BLOB
            registry.close()
    assert [asked.path for asked in storage.asked] == ["/bucket/blob?signature=abc"]
    assert "authorization" not in storage.asked[0].headers


def test_an_upload_elsewhere_carries_no_login() -> None:
    with scripted(lambda _: Reply(201)) as storage:

        def script(asked: Asked) -> Reply:
            if "authorization" not in asked.headers:
                return Reply(401, {"WWW-Authenticate": 'Basic realm="r"'})
            return Reply(202, {"Location": f"http://{storage.host}/up?part=1"})

        with scripted(script) as server:
            registry = server.registry(Login("user", "secret"))
            registry.upload("a/b", Descriptor(DIGEST, len(BLOB)), bytes_of(BLOB)).attempt()
            registry.close()
    (put,) = storage.asked
    assert (put.path, put.body) == (f"/up?part=1&digest={DIGEST.replace(':', '%3A')}", BLOB)
    assert "authorization" not in put.headers


def test_a_url_of_the_registry_itself_keeps_the_login_and_our_way_to_it() -> None:
    def script(asked: Asked) -> Reply:
        if "authorization" not in asked.headers:
            return Reply(401, {"WWW-Authenticate": 'Basic realm="r"'})
        if asked.method == "POST":
            return Reply(202, {"Location": f"https://{asked.headers['host']}/up/1"})
        return Reply(201)

    with scripted(script) as server:
        registry = server.registry(Login("user", "secret"))
        registry.put_blob_bytes("a/b", b"small")
        registry.close()
        assert server.asked[-1].body == b"small"


@pytest.mark.parametrize("location", ["http://storage.example.com/up", "ftp://storage.example.com/up"])
def test_a_url_that_is_not_https_is_refused(location: str) -> None:
    registry = Registry("r.example.com", lambda _: None)
    session = UploadSession("a/b", location)
    with pytest.raises(RegistryRefused, match="not https"):
        registry.upload("a/b", Descriptor(DIGEST, len(BLOB)), bytes_of(BLOB), session=session).attempt()
    registry.close()


def test_redirects_without_end_are_refused() -> None:
    with scripted(lambda asked: Reply(307, {"Location": asked.path})) as server:
        registry = server.registry()
        with pytest.raises(RegistryRefused, match="more than 5 redirects"), registry.open_blob("a/b", NAMED):
            pass
        registry.close()


def test_a_blob_is_read_from_an_offset() -> None:
    def script(asked: Asked) -> Reply:
        assert asked.headers["range"] == "bytes=1000-"
        return Reply(206, {"Content-Range": f"bytes 1000-{len(BLOB) - 1}/{len(BLOB)}"}, BLOB[1000:])

    with scripted(script) as server:
        registry = server.registry()
        with registry.open_blob("a/b", NAMED, 1000) as stream:
            assert read(stream) == BLOB[1000:]
        registry.close()


def test_a_registry_that_ignores_ranges_is_read_past_the_first_bytes() -> None:
    with scripted(lambda _: Reply(200, {}, BLOB)) as server:
        registry = server.registry()
        with registry.open_blob("a/b", NAMED, 1500) as stream:
            assert read(stream) == BLOB[1500:]
        registry.close()


def test_a_range_that_was_not_asked_for_is_refused() -> None:
    with scripted(lambda _: Reply(206, {"Content-Range": "bytes 0-9/10"}, BLOB[:10])) as server:
        registry = server.registry()
        with pytest.raises(RegistryRefused, match="asked for bytes from 5"), registry.open_blob("a/b", NAMED, 5):
            pass
        registry.close()


@pytest.mark.parametrize(
    ("content", "reason"),
    [(BLOB[:-1], "ends after 1023999 of 1024000 bytes"), (BLOB[:-1] + b"x", "its bytes have the digest sha256:")],
)
def test_damaged_bytes_are_never_completed(content: bytes, reason: str) -> None:
    def script(asked: Asked) -> Reply:
        return Reply(202, {"Location": "/v2/a/b/blobs/uploads/1"}) if asked.method == "POST" else Reply(201)

    with scripted(script) as server:
        registry = server.registry()
        with pytest.raises(DigestMismatch, match=reason):
            registry.upload("a/b", Descriptor(DIGEST, len(BLOB)), bytes_of(content)).attempt()
        registry.close()
    assert all(len(asked.body) < len(BLOB) for asked in server.asked)


def test_an_upload_goes_to_the_session_that_was_given() -> None:
    with scripted(lambda _: Reply(201)) as server:
        registry = server.registry()
        session = UploadSession("a/b", "/v2/a/b/blobs/uploads/7?_state=s")
        registry.upload("a/b", Descriptor(DIGEST, len(BLOB)), bytes_of(BLOB), session=session).attempt()
        registry.close()
    (put,) = server.asked
    assert put.path == f"/v2/a/b/blobs/uploads/7?_state=s&digest={DIGEST.replace(':', '%3A')}"
    assert put.body == BLOB


def test_mount_tells_the_blob_that_is_there_from_the_session() -> None:
    def script(asked: Asked) -> Reply:
        assert asked.path == f"/v2/a/b/blobs/uploads/?mount={DIGEST.replace(':', '%3A')}&from=c%2Fd"
        return replies.pop()

    replies = [Reply(202, {"Location": "../uploads/9"}), Reply(201)]
    with scripted(script) as server:
        registry = server.registry()
        assert registry.mount("a/b", DIGEST, "c/d") is None
        session = registry.mount("a/b", DIGEST, "c/d")
        registry.close()
    assert session == UploadSession("a/b", "/v2/a/b/blobs/uploads/9")


def test_a_registry_that_knows_no_mount_opens_a_session() -> None:
    def script(asked: Asked) -> Reply:
        return Reply(405) if "mount=" in asked.path else Reply(202, {"Location": "/up/1"})

    with scripted(script) as server:
        registry = server.registry()
        assert registry.mount("a/b", DIGEST, "c/d") == UploadSession("a/b", "/up/1")
        registry.close()


def test_tags_come_in_pages() -> None:
    def script(asked: Asked) -> Reply:
        if "last=" in asked.path:
            return Reply(200, {}, b'{"name": "a/b", "tags": ["v2", "v3"]}')
        return Reply(200, {"Link": '</v2/a/b/tags/list?last=v2&n=2>; rel="next"'}, b'{"tags": ["v1", "v2"]}')

    with scripted(script) as server:
        registry = server.registry()
        assert registry.tags("a/b") == ["v1", "v2", "v3"]
        registry.close()


def test_a_repository_without_tags_has_none_and_a_missing_one_is_an_error() -> None:
    def script(asked: Asked) -> Reply:
        return Reply(200, {}, b'{"tags": null}') if "/a/" in asked.path else Reply(404)

    with scripted(script) as server:
        registry = server.registry()
        assert registry.tags("a/b") == []
        with pytest.raises(NotFound):
            registry.tags("b/b")
        registry.close()


def test_pages_that_go_in_circles_end() -> None:
    link = {"Link": '</v2/a/b/tags/list?last=v1>; rel="next"'}
    with scripted(lambda _: Reply(200, link, b'{"tags": ["v1"]}')) as server:
        registry = server.registry()
        assert registry.tags("a/b") == ["v1"]
        registry.close()
        assert len(server.asked) == 2


REFERRERS = json.dumps(
    {
        "schemaVersion": 2,
        "mediaType": OCI_INDEX,
        "manifests": [{"mediaType": OCI_MANIFEST, "digest": DIGEST, "size": 9}],
    }
).encode()


def test_referrers_come_from_the_api() -> None:
    with scripted(lambda _: Reply(200, {"Content-Type": OCI_INDEX}, REFERRERS)) as server:
        registry = server.registry()
        assert registry.referrers("a/b", DIGEST) == (Descriptor(DIGEST, 9, OCI_MANIFEST),)
        registry.close()
        assert server.paths() == [f"GET /v2/a/b/referrers/{DIGEST}"]


def test_referrers_come_from_the_fallback_tag_and_the_api_is_asked_once() -> None:
    def script(asked: Asked) -> Reply:
        tag = f"/v2/a/b/manifests/{DIGEST.replace(':', '-')}"
        return Reply(200, {"Content-Type": OCI_INDEX}, REFERRERS) if asked.path == tag else Reply(404)

    with scripted(script) as server:
        registry = server.registry()
        other = digest_bytes(b"other")
        assert registry.referrers("a/b", DIGEST) == (Descriptor(DIGEST, 9, OCI_MANIFEST),)
        assert registry.referrers("a/b", DIGEST) == (Descriptor(DIGEST, 9, OCI_MANIFEST),)
        assert registry.referrers("a/b", other) == ()
        registry.close()
        assert [path for path in server.paths() if "/referrers/" in path] == [f"GET /v2/a/b/referrers/{DIGEST}"]


def test_an_unknown_repository_says_nothing_about_the_api() -> None:
    def script(asked: Asked) -> Reply:
        if "/a/b/" in asked.path:
            return Reply(404, {}, errors("NAME_UNKNOWN", "repository name not known to registry"))
        return Reply(200, {"Content-Type": OCI_INDEX}, REFERRERS)

    with scripted(script) as server:
        registry = server.registry()
        assert registry.referrers("a/b", DIGEST) == ()
        assert registry.referrers("c/d", DIGEST) == (Descriptor(DIGEST, 9, OCI_MANIFEST),)
        registry.close()


def test_an_answer_that_ends_early_is_tried_again() -> None:
    replies = [Reply(200, {}, b'{"tags": ["v1"]}', cut=4), Reply(200, {}, b'{"tags": ["v1"]}')]
    with scripted(lambda _: replies.pop(0)) as server:
        registry = server.registry()
        assert registry.tags("a/b") == ["v1"]
        registry.close()
    assert registry.retries == 1


def test_an_endless_answer_is_refused() -> None:
    with scripted(lambda _: Reply(200, {}, b"x" * (17 * 1024 * 1024))) as server:
        registry = server.registry()
        with pytest.raises(RegistryRefused, match="more than"):
            registry.manifest("a/b", "v1")
        registry.close()
