"""A small local cloud with images in it, and everything that reads it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from reconciler.acr.cr import Cr
from reconciler.acr.cr_personal import CrPersonal
from reconciler.acr.credentials import Credential, StaticCredential
from reconciler.acr.endpoint import Endpoint
from reconciler.acr.surroundings import Surroundings
from reconciler.acr.transport import ReadOnlyTransport, Transport, open_transport
from reconciler.emulator.server import LocalCloud
from reconciler.live.logins import CloudLogins
from reconciler.live.reader import CloudReader
from reconciler.model.image import Descriptor, Digest
from reconciler.model.live import Live, LiveInstance
from reconciler.model.spec import (
    AclEntry,
    Desired,
    Edition,
    Instance,
    InternetEndpoint,
    Level,
    Namespace,
    PersonalNamespace,
    PersonalRepository,
    ReplicationRule,
    Repository,
    VpcBinding,
)
from reconciler.oci.client import Registry
from tests.unit.core.scene import personal_edition

MANIFEST = "application/vnd.oci.image.manifest.v1+json"
INDEX = "application/vnd.oci.image.index.v1+json"
CONFIG = "application/vnd.oci.image.config.v1+json"
LAYER = "application/vnd.oci.image.layer.v1.tar+gzip"

SEED = Desired(
    instances=(
        Instance("hub", "cn-hangzhou", "acme-hub", Edition.ADVANCED),
        Instance("eu", "eu-central-1", "acme-eu", Edition.BASIC),
    ),
    endpoints=(InternetEndpoint("hub", True, (AclEntry("203.0.113.0/24", "office"),)),),
    namespaces=(Namespace("hub", "apps", auto_create=True), Namespace("hub", "other"), Namespace("eu", "apps")),
    repositories=(Repository("hub", "apps/web", summary="shop"), Repository("hub", "other/tool", summary="tool")),
    vpcs=(VpcBinding("main", "hub", "vpc-1", "vsw-1"),),
    replications=(ReplicationRule("everywhere", "hub", "eu", Level.NAMESPACE, "apps"),),
    personal_namespaces=(PersonalNamespace("cn-hangzhou", "apps"), PersonalNamespace("cn-hangzhou", "mine")),
    personal_repositories=(
        PersonalRepository("cn-hangzhou", "apps/web", summary="shop"),
        PersonalRepository("cn-hangzhou", "mine/toy", summary="toy"),
    ),
)


@dataclass(frozen=True, slots=True)
class Reading:
    """`image` and `index` are in the hub's `apps/web`: an image of two blobs, and an index with that image in it."""

    cloud: LocalCloud
    transport: Transport
    cr: Cr
    reader: CloudReader
    logins: CloudLogins
    image: Digest
    index: Digest
    blobs: tuple[Digest, ...]


def push_image(registry: Registry, repository: str, tag: str, text: bytes) -> tuple[Digest, tuple[Digest, ...]]:
    config = registry.put_blob_bytes(repository, json.dumps({"text": text.decode()}).encode())
    layer = registry.put_blob_bytes(repository, text)
    body = {
        "schemaVersion": 2,
        "mediaType": MANIFEST,
        "config": _descriptor(CONFIG, config),
        "layers": [_descriptor(LAYER, layer)],
    }
    raw = json.dumps(body).encode()
    return registry.put_manifest(repository, tag, raw, MANIFEST).digest, (config.digest, layer.digest)


def _descriptor(media_type: str, blob: Descriptor) -> dict[str, object]:
    return {"mediaType": media_type, "digest": blob.digest, "size": blob.size}


def push_index(registry: Registry, repository: str, tag: str, image: Digest) -> Digest:
    size = len(registry.manifest(repository, image).raw)
    body = {
        "schemaVersion": 2,
        "mediaType": INDEX,
        "manifests": [{"mediaType": MANIFEST, "digest": image, "size": size}],
    }
    raw = json.dumps(body).encode()
    assert registry.put_manifest(repository, tag, raw, INDEX).digest == "sha256:" + hashlib.sha256(raw).hexdigest()
    return Digest("sha256:" + hashlib.sha256(raw).hexdigest())


@pytest.fixture(scope="session")
def world() -> Iterator[Reading]:
    with LocalCloud.start(SEED, speed=1000.0) as cloud:
        transport = open_transport(Endpoint(cloud.endpoint), StaticCredential(Credential(*cloud.access_key)))
        reading = ReadOnlyTransport(transport)
        cr, personal = Cr(reading), CrPersonal(reading)
        logins = CloudLogins(cr, personal)
        clients: dict[str, Registry] = {}

        def registry(host: str) -> Registry:
            return clients.setdefault(host, Registry(host, logins))

        reader = CloudReader(cr, personal, Surroundings.over(reading), registry, learn=logins.learn)
        hub = cloud.registries["instances.hub"]
        logins.learn(_hosts(cloud))
        image, blobs = push_image(registry(hub), "apps/web", "v1", b"one")
        index = push_index(registry(hub), "apps/web", "multi", image)
        push_image(registry(hub), "other/tool", "v1", b"tool")
        push_image(registry(cloud.registries["personal.cn-hangzhou"]), "apps/web", "old", b"old")
        yield Reading(cloud, transport, cr, reader, logins, image, index, blobs)
        for client in clients.values():
            client.close()
        transport.close()


def _hosts(cloud: LocalCloud) -> Live:
    """What a reading would learn about logins, before there is anything to read."""
    hub = LiveInstance(
        cloud.instance_id("hub"), "acme-hub", "cn-hangzhou", None, "RUNNING", registry=cloud.registries["instances.hub"]
    )
    return Live((hub,), (personal_edition("cn-hangzhou", cloud.registries["personal.cn-hangzhou"]),))
