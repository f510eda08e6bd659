from __future__ import annotations

import json
from collections.abc import Callable

import httpx
import pytest

from reconciler.emulator.server import LocalCloud

Connect = Callable[[LocalCloud, str, str], httpx.Client]
Push = Callable[[httpx.Client, str, str, bytes], str]

OCI_MANIFEST = "application/vnd.oci.image.manifest.v1+json"
OCI_INDEX = "application/vnd.oci.image.index.v1+json"
SCOPES = "repository:apps/web:pull,push repository:apps/fixed:pull,push"


@pytest.fixture
def hub(cloud: LocalCloud, registry: Connect) -> httpx.Client:
    return registry(cloud, "instances.hub", SCOPES)


def code(answer: httpx.Response) -> str:
    found: str = answer.json()["errors"][0]["code"]
    return found


def put(client: httpx.Client, reference: str, body: bytes, kind: str = OCI_MANIFEST) -> httpx.Response:
    return client.put(f"/v2/apps/web/manifests/{reference}", content=body, headers={"Content-Type": kind})


def test_bytes_are_kept_exactly(hub: httpx.Client, push: Push) -> None:
    digest = push(hub, "apps/web", "v1", b"layer")
    loose = hub.get(f"/v2/apps/web/manifests/{digest}").content.replace(b": ", b":   ") + b"\n\n"
    assert put(hub, "spaced", loose).status_code == 201
    answer = hub.get("/v2/apps/web/manifests/spaced")
    assert (answer.content, answer.headers["content-type"]) == (loose, OCI_MANIFEST)
    head = hub.head("/v2/apps/web/manifests/spaced")
    assert head.headers["docker-content-digest"] == answer.headers["docker-content-digest"] != digest
    assert head.headers["content-length"] == str(len(loose))


def test_manifest_needs_its_blobs(hub: httpx.Client, push: Push) -> None:
    digest = push(hub, "apps/web", "v1", b"layer")
    manifest = json.loads(hub.get(f"/v2/apps/web/manifests/{digest}").content)
    lacking = "sha256:" + "0" * 64
    manifest["layers"][0]["digest"] = lacking
    answer = put(hub, "v2", json.dumps(manifest).encode())
    assert (answer.status_code, code(answer)) == (400, "MANIFEST_BLOB_UNKNOWN")
    assert answer.json()["errors"][0]["detail"] == [{"digest": lacking}]
    assert hub.head("/v2/apps/web/manifests/v2").status_code == 404


def test_index_needs_its_children(hub: httpx.Client, push: Push) -> None:
    digest = push(hub, "apps/web", "v1", b"layer")
    size = len(hub.get(f"/v2/apps/web/manifests/{digest}").content)
    child = {"mediaType": OCI_MANIFEST, "digest": digest, "size": size}
    index = {"schemaVersion": 2, "mediaType": OCI_INDEX, "manifests": [child]}
    assert put(hub, "multi", json.dumps(index).encode(), OCI_INDEX).status_code == 201
    child["digest"] = "sha256:" + "0" * 64
    assert code(put(hub, "multi", json.dumps(index).encode(), OCI_INDEX)) == "MANIFEST_BLOB_UNKNOWN"


@pytest.mark.parametrize("body", [b"no JSON", b"[]", b"{}", b'{"schemaVersion":1,"fsLayers":[]}'])
def test_what_is_no_manifest_is_refused(hub: httpx.Client, push: Push, body: bytes) -> None:
    push(hub, "apps/web", "v1", b"layer")
    answer = put(hub, "bad", body, "application/json")
    assert (answer.status_code, code(answer)) == (400, "MANIFEST_INVALID")


def test_digest_reference_is_checked(hub: httpx.Client, push: Push) -> None:
    digest = push(hub, "apps/web", "v1", b"layer")
    body = hub.get(f"/v2/apps/web/manifests/{digest}").content
    assert put(hub, digest, body).status_code == 201
    assert code(put(hub, digest, body + b" ")) == "DIGEST_INVALID"


def test_referrers(hub: httpx.Client, push: Push) -> None:
    subject = push(hub, "apps/web", "v1", b"layer")
    manifest = json.loads(hub.get(f"/v2/apps/web/manifests/{subject}").content)
    signature = {
        **manifest,
        "artifactType": "application/vnd.example.signature",
        "subject": {"mediaType": OCI_MANIFEST, "digest": subject, "size": 1},
    }
    answer = put(hub, "sig", json.dumps(signature).encode())
    assert answer.headers["oci-subject"] == subject
    listing = hub.get(f"/v2/apps/web/referrers/{subject}")
    assert listing.headers["content-type"] == OCI_INDEX
    assert [m["digest"] for m in listing.json()["manifests"]] == [answer.headers["docker-content-digest"]]
    other = hub.get(f"/v2/apps/web/referrers/{subject}", params={"artifactType": "other"})
    assert (other.json()["manifests"], other.headers["oci-filters-applied"]) == ([], "artifactType")


def test_tags_are_paged_in_order(hub: httpx.Client, push: Push) -> None:
    for tag in ("c", "a", "b", "d", "e"):
        push(hub, "apps/web", tag, b"layer")
    seen: list[list[str]] = []
    following = "/v2/apps/web/tags/list?n=2"
    while following:
        answer = hub.get(following)
        seen.append(answer.json()["tags"])
        following = answer.links.get("next", {}).get("url", "")
    assert seen == [["a", "b"], ["c", "d"], ["e"]]


def test_deleting_a_tag_leaves_the_manifest(hub: httpx.Client, push: Push) -> None:
    digest = push(hub, "apps/web", "v1", b"layer")
    push(hub, "apps/web", "v2", b"layer")
    assert hub.delete("/v2/apps/web/manifests/v1").status_code == 202
    assert hub.get("/v2/apps/web/tags/list").json()["tags"] == ["v2"]
    assert hub.head(f"/v2/apps/web/manifests/{digest}").status_code == 200
    assert hub.delete(f"/v2/apps/web/manifests/{digest}").status_code == 202
    assert hub.get("/v2/apps/web/tags/list").json()["tags"] == []


def test_immutable_tags_stay_but_latest_moves(hub: httpx.Client, push: Push) -> None:
    first = push(hub, "apps/fixed", "v1", b"one")
    second = push(hub, "apps/fixed", "latest", b"two")
    body = hub.get(f"/v2/apps/fixed/manifests/{second}").content
    again = hub.get(f"/v2/apps/fixed/manifests/{first}").content
    kind = {"Content-Type": OCI_MANIFEST}
    refused = hub.put("/v2/apps/fixed/manifests/v1", content=body, headers=kind)
    assert (refused.status_code, code(refused)) == (403, "DENIED")
    assert hub.put("/v2/apps/fixed/manifests/v1", content=again, headers=kind).status_code == 201
    assert hub.put("/v2/apps/fixed/manifests/latest", content=again, headers=kind).status_code == 201


def test_there_is_no_catalog(hub: httpx.Client) -> None:
    assert hub.get("/v2/_catalog").status_code == 404
