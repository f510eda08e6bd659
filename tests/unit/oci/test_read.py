from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from reconciler.model.image import Digest
from reconciler.oci.errors import NotFound, RegistryBusy
from reconciler.oci.manifest import OCI_INDEX, digest_bytes
from reconciler.oci.read import present, read_content, read_contents
from tests.unit.oci.scripted import Asked, Reply, scripted
from tests.unit.transfer.lab import Painter, RealRegistry, content, paint, serve


@pytest.fixture
def painted(tmp_path: Path) -> Iterator[RealRegistry]:
    with serve(tmp_path) as registry:
        client = registry.client()
        paint(client)
        client.close()
        yield registry


def test_everything_under_a_manifest_is_read_with_its_referrers(painted: RealRegistry) -> None:
    client = painted.client()
    multi = client.manifest("apps/api", "multi").digest
    found = read_content(client, "apps/api", multi, workers=2)
    kinds = sorted((len(c.manifests), len(c.blobs)) for c in found.values())
    assert kinds == [(0, 2), (0, 3), (0, 3), (2, 0), (2, 0)]

    signed = client.manifest("tools/cli", "signed").digest
    with_signature = read_content(client, "tools/cli", signed, workers=2)
    (referrer,) = with_signature[signed].referrers
    assert with_signature[referrer.digest].subject == signed
    client.close()


def test_what_several_images_share_is_read_once(painted: RealRegistry) -> None:
    client = painted.client()
    painter = Painter(client, "apps/shared")
    child = painter.image([content("child", 100)])
    roots = [painter.index([child], tag="a"), painter.index([child, child], tag="b")]
    fresh = painted.client()
    read_contents(fresh, "apps/shared", [client.manifest("apps/shared", tag).digest for tag in "ab"], workers=2)
    paths = [path for method, path, _ in painted.requests() if method == "GET"]
    assert paths.count(f"/v2/apps/shared/manifests/{child['digest']}") == 1
    assert len(roots) == 2
    client.close()
    fresh.close()


def test_a_missing_manifest_is_an_error(painted: RealRegistry) -> None:
    client = painted.client()
    with pytest.raises(NotFound):
        read_content(client, "apps/api", digest_bytes(b"none"), workers=1)
    client.close()


def test_an_image_that_cannot_be_read_does_not_stop_the_others(painted: RealRegistry) -> None:
    client = painted.client()
    painter = Painter(client, "apps/shared")
    shared, lost = painter.image([content("shared", 100)]), painter.image([content("lost", 100)])
    whole = painter.index([shared], tag="whole")
    broken = painter.index([shared, lost], tag="broken")
    painted.stored(str(lost["digest"])).unlink()
    fresh = painted.client()
    good, bad = (Digest(str(root["digest"])) for root in (whole, broken))
    found = read_contents(fresh, "apps/shared", [good, bad, digest_bytes(b"none")], workers=2)
    assert set(found.read) == {good, shared["digest"]}
    assert {digest: type(error) for digest, error in found.failed.items()} == {
        bad: NotFound,
        digest_bytes(b"none"): NotFound,
    }
    client.close()
    fresh.close()


def _manifests(count: int) -> dict[str, bytes]:
    documents = (json.dumps({"schemaVersion": 2, "manifests": [], "annotations": {"n": str(n)}}) for n in range(count))
    return {digest_bytes(raw.encode()): raw.encode() for raw in documents}


@pytest.mark.parametrize(("failing", "down"), [(0, False), (1, False), (8, False), (9, True), (20, True)])
def test_a_registry_that_fails_over_a_few_manifests_is_not_down(failing: int, down: bool) -> None:
    images = _manifests(20)
    broken = set(list(images)[-failing:] if failing else [])

    def answer(asked: Asked) -> Reply:
        reference = asked.path.rsplit("/", 1)[1]
        if "/manifests/" not in asked.path or reference not in images:
            return Reply(404)
        if reference in broken:
            return Reply(500)
        return Reply(200, {"Content-Type": OCI_INDEX, "Docker-Content-Digest": reference}, images[reference])

    with scripted(answer) as server, closing(server.registry()) as registry:
        digests = [Digest(digest) for digest in images]
        if down:
            with pytest.raises(RegistryBusy):
                read_contents(registry, "apps/web", digests, workers=1)
            return
        found = read_contents(registry, "apps/web", digests, workers=1)
    assert set(found.failed) == broken
    assert set(found.read) == set(images) - broken


def test_presence_is_per_repository(painted: RealRegistry) -> None:
    client = painted.client()
    root = client.manifest("apps/web", "v1").content
    blobs = [blob.digest for blob in root.blobs]
    none = digest_bytes(b"none")
    assert present(client, "apps/web", [*blobs, none], [root.digest, none], workers=2) == {*blobs, root.digest}
    assert present(client, "apps/nowhere", blobs, [root.digest], workers=2) == frozenset()
    client.close()
