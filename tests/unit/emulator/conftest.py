"""A local cloud to talk to, and a small registry client."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator

import httpx
import pytest

from reconciler.emulator.server import LocalCloud
from reconciler.model.spec import (
    Desired,
    Edition,
    Instance,
    Namespace,
    PersonalNamespace,
    Repository,
    Visibility,
)


@pytest.fixture
def seed() -> Desired:
    return Desired(
        instances=(
            Instance("hub", "cn-hangzhou", "acme-hub", Edition.ADVANCED),
            Instance("eu", "eu-central-1", "acme-eu", Edition.BASIC),
        ),
        namespaces=(
            Namespace("hub", "apps", True, Visibility.PRIVATE),
            Namespace("hub", "closed", False, Visibility.PRIVATE),
            Namespace("eu", "apps", True, Visibility.PRIVATE),
        ),
        repositories=(
            Repository("hub", "apps/open", Visibility.PUBLIC, "for all"),
            Repository("hub", "apps/fixed", Visibility.PRIVATE, "for good", tag_immutability=True),
        ),
        personal_namespaces=(PersonalNamespace("cn-hangzhou", "apps"),),
    )


@pytest.fixture
def cloud(seed: Desired) -> Iterator[LocalCloud]:
    with LocalCloud.start(seed, speed=100) as running:
        yield running


@pytest.fixture
def registry() -> Iterator[Callable[[LocalCloud, str, str], httpx.Client]]:
    """A client of one registry address with a token for some scopes, separated by spaces."""
    clients: list[httpx.Client] = []

    def connect(cloud: LocalCloud, label: str, scopes: str) -> httpx.Client:
        client = httpx.Client(base_url=f"http://{cloud.registries[label]}", trust_env=False)
        clients.append(client)
        query = {"service": "any", "scope": scopes.split()}
        answer = client.get("/auth/token", params=query, auth=cloud.access_key).raise_for_status()
        client.headers["Authorization"] = f"Bearer {answer.json()['token']}"
        return client

    yield connect
    for client in clients:
        client.close()


@pytest.fixture
def push() -> Callable[[httpx.Client, str, str, bytes], str]:
    """Push an image of one layer to `repository` as `tag`; gives the manifest's digest."""

    def blob(client: httpx.Client, repository: str, data: bytes) -> str:
        digest = f"sha256:{hashlib.sha256(data).hexdigest()}"
        answer = client.post(f"/v2/{repository}/blobs/uploads/", params={"digest": digest}, content=data)
        assert answer.status_code == 201, answer.text
        return digest

    def image(client: httpx.Client, repository: str, tag: str, layer: bytes) -> str:
        config = json.dumps({"created": "2026-01-02T03:04:05Z", "architecture": "amd64", "os": "linux"}).encode()
        manifest = json.dumps(
            {
                "schemaVersion": 2,
                "mediaType": "application/vnd.oci.image.manifest.v1+json",
                "config": {
                    "mediaType": "application/vnd.oci.image.config.v1+json",
                    "digest": blob(client, repository, config),
                    "size": len(config),
                },
                "layers": [
                    {
                        "mediaType": "application/vnd.oci.image.layer.v1.tar",
                        "digest": blob(client, repository, layer),
                        "size": len(layer),
                    }
                ],
            }
        ).encode()
        answer = client.put(
            f"/v2/{repository}/manifests/{tag}",
            content=manifest,
            headers={"Content-Type": "application/vnd.oci.image.manifest.v1+json"},
        )
        assert answer.status_code == 201, answer.text
        return answer.headers["docker-content-digest"]

    return image
