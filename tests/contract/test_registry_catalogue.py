"""What a docker-registry holds, listed; and the newest images by when they were built."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from reconciler.live.origin_listing import list_origin
from reconciler.live.port import ReadFailed
from reconciler.model.json_value import Json
from reconciler.model.live import Clock
from reconciler.model.scope import OriginScope
from reconciler.model.source import RegistrySource, RepositoryFilter
from reconciler.oci.manifest import OCI_MANIFEST
from reconciler.oci.registry_catalogue import RegistryCatalogue
from tests.unit.oci.scripted import Reply, scripted
from tests.unit.transfer.lab import Painter, RealRegistry, serve

MOMENTS = {"v1": "2024-01-01T00:00:00Z", "v2": "2024-03-01T00:00:00.123456789Z", "v3": None, "v4": "yesterday"}


def _paint(painter: Painter, tag: str, created: str | None) -> None:
    document = {"architecture": "amd64", "os": "linux", "author": tag, "created": created}
    config = painter.blob(json.dumps(document).encode(), "application/vnd.oci.image.config.v1+json")
    image: dict[str, Json] = {"schemaVersion": 2, "mediaType": OCI_MANIFEST, "config": config, "layers": list[Json]()}
    painter.put(image, OCI_MANIFEST, tag)


@pytest.fixture
def registry(tmp_path: Path) -> Iterator[RealRegistry]:
    with serve(tmp_path / "registry") as running:
        client = running.client()
        painter = Painter(client, "apps/web")
        for tag, created in MOMENTS.items():
            _paint(painter, tag, created)
        painter.index([painter.image([b"layer"])], tag="index")
        Painter(client, "nginx").image([b"layer"], tag="1.25")
        client.close()
        yield running


def scope(*repositories: str, newest: int | None = None) -> OriginScope:
    source = RegistrySource("https://registry.example.com", RepositoryFilter((), repositories))
    return OriginScope(source, (source.filter,), newest)


def test_repositories_and_tags_with_what_they_stand_for(registry: RealRegistry) -> None:
    client = registry.client()
    origin = list_origin(RegistryCatalogue(client), scope())
    assert [repository.name for repository in origin.repositories] == ["apps/web", "nginx"]
    for repository in origin.repositories:
        for tag in repository.tags or ():
            assert tag.digest == client.manifest(repository.name, tag.name).digest
    assert origin.clock is Clock.CREATED
    assert not [path for _, path, _ in registry.requests() if "/blobs/sha256" in path and "GET" in path]
    client.close()


@pytest.mark.parametrize("newest", [None, 0, 5])
def test_no_configuration_is_read_where_it_decides_nothing(registry: RealRegistry, newest: int | None) -> None:
    client = registry.client()
    before = len(registry.requests())
    (web,) = list_origin(RegistryCatalogue(client), scope("apps/web", newest=newest)).repositories
    assert {tag.pushed for tag in web.tags or ()} == {0}
    assert {method for method, _, _ in registry.requests()[before:]} <= {"GET", "HEAD"}
    assert not [path for _, path, _ in registry.requests()[before:] if "/blobs/" in path or "_catalog" in path]
    client.close()


def test_the_moment_is_when_the_image_was_built(registry: RealRegistry) -> None:
    client = registry.client()
    (web,) = list_origin(RegistryCatalogue(client), scope("apps/web", newest=2)).repositories
    moments = {tag.name: tag.pushed for tag in web.tags or ()}
    assert moments == {"v1": 1704067200000, "v2": 1709251200123, "v3": 0, "v4": 0, "index": 0}
    client.close()


def test_a_repository_that_is_not_there_is_left_out(registry: RealRegistry) -> None:
    client = registry.client()
    origin = list_origin(RegistryCatalogue(client), scope("apps/web", "gone"))
    assert [repository.name for repository in origin.repositories] == ["apps/web"]
    client.close()


@pytest.mark.parametrize("status", [401, 403, 404, 405])
def test_a_registry_that_lists_its_repositories_to_nobody(status: int) -> None:
    with scripted(lambda _: Reply(status)) as server:
        client = server.registry()
        with pytest.raises(ReadFailed, match="does not list its repositories") as caught:
            list_origin(RegistryCatalogue(client), scope("apps/*"))
        client.close()
    one_by_one = "name them one by one, without `*`, in `source.repositories`"
    assert caught.value.hint.endswith(one_by_one)
    assert ("`docker login " in caught.value.hint) == (status in (401, 403))
