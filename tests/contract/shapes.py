"""One image of every shape that the OCI image specification 1.1 and docker allow, made of raw bytes."""

from __future__ import annotations

import base64
import gzip
import io
import json
from collections.abc import Callable, Mapping
from types import MappingProxyType

from reconciler.model.image import Descriptor
from reconciler.model.json_value import Json
from reconciler.oci.manifest import DOCKER_MANIFEST, OCI_ARTIFACT, OCI_EMPTY, OCI_INDEX, OCI_MANIFEST, digest_bytes
from tests.unit.transfer.lab import Painter, content

TAR = "application/vnd.oci.image.layer.v1.tar"
CONFIG = "application/vnd.oci.image.config.v1+json"
FOREIGN = "application/vnd.docker.image.rootfs.foreign.diff.tar.gzip"
ZSTD_FRAME = bytes.fromhex("28b52ffd")

Paint = Callable[[Painter], object]
"""Pushes one image under the tag `v1`."""


def manifest(painter: Painter, *layers: Json, **extra: Json) -> dict[str, Json]:
    config = painter.blob(b'{"architecture": "amd64", "os": "linux"}', CONFIG)
    return {"schemaVersion": 2, "mediaType": OCI_MANIFEST, "config": config, "layers": list(layers), **extra}


def listed(media_type: str, *entries: Json, **extra: Json) -> dict[str, Json]:
    return {"schemaVersion": 2, "mediaType": media_type, "manifests": list(entries), **extra}


def without_type(painter: Painter) -> None:
    document = manifest(painter, painter.blob(content("plain", 900)))
    del document["mediaType"]
    painter.put(document, OCI_MANIFEST, "v1")


def compressions(painter: Painter) -> None:
    seekable = painter.blob(gzip.compress(content("stargz", 500), mtime=0), f"{TAR}+gzip")
    annotations: Json = {"containerd.io/snapshot/stargz/toc.digest": digest_bytes(b"toc")}
    painter.put(
        manifest(
            painter,
            painter.blob(content("tar", 700), TAR),
            painter.blob(gzip.compress(b"x" * 5000, mtime=0), f"{TAR}+gzip"),
            painter.blob(ZSTD_FRAME + content("zstd", 600), f"{TAR}+zstd"),
            {**seekable, "annotations": annotations},
        ),
        OCI_MANIFEST,
        "v1",
    )


def attested(painter: Painter) -> None:
    image = painter.image([content("attested", 800)])
    statement = painter.put(
        manifest(painter, painter.blob(b'{"predicate": 1}', "application/vnd.in-toto+json")), OCI_MANIFEST
    )
    about: Json = {"vnd.docker.reference.type": "attestation-manifest", "vnd.docker.reference.digest": image["digest"]}
    unknown: Json = {"architecture": "unknown", "os": "unknown"}
    entries = (
        {**image, "platform": {"architecture": "arm", "os": "linux", "variant": "v7"}},
        {**statement, "platform": unknown, "annotations": about},
        painter.image([content("no platform", 300)]),
    )
    painter.put(listed(OCI_INDEX, *entries), OCI_INDEX, "v1")


def nested(painter: Painter) -> None:
    inner = painter.index([painter.image([content("inner", 500)])])
    middle = painter.index([inner, painter.image([content("middle", 500)])])
    painter.index([middle], tag="v1")


def docker_list(painter: Painter) -> None:
    images = [painter.image([content(name, 400)], docker=True) for name in ("amd64", "arm64")]
    painter.index(images, tag="v1", docker=True)


def artifact(painter: Painter) -> None:
    empty = painter.blob(b"{}", OCI_EMPTY)
    document = manifest(painter, painter.blob(b"name: chart", "application/vnd.cncf.helm.chart.content.v1.tar+gzip"))
    painter.put({**document, "artifactType": "application/x.thing", "config": empty}, OCI_MANIFEST, "v1")


def nothing_but_a_type(painter: Painter) -> None:
    """An artifact of annotations alone, as the specification advises it: the empty blob is config and layer."""
    empty: Json = {**painter.blob(b"{}", OCI_EMPTY), "data": "e30="}
    document = manifest(painter, empty, annotations={"said": "all"})
    painter.put({**document, "artifactType": "application/x.note", "config": empty}, OCI_MANIFEST, "v1")


def embedded_data(painter: Painter) -> None:
    data = b"small enough to carry along"
    layer: Json = {**painter.blob(data, "text/plain"), "data": base64.b64encode(data).decode()}
    painter.put(manifest(painter, layer), OCI_MANIFEST, "v1")


def foreign_layers(painter: Painter) -> None:
    far: Json = {
        "mediaType": FOREIGN,
        "digest": digest_bytes(b"windows"),
        "size": 7,
        "urls": ["https://example.com/windows"],
    }
    document = manifest(painter, far, painter.blob(content("own", 300), "application/vnd.docker.image.rootfs.diff.tar"))
    painter.put({**document, "mediaType": DOCKER_MANIFEST}, DOCKER_MANIFEST, "v1")


def empty_blob(painter: Painter) -> None:
    painter.image([b"", content("after nothing", 100)], tag="v1")


def repeated_layers(painter: Painter) -> None:
    painter.image([content("twice", 600), b"between", content("twice", 600)], tag="v1")


def many_layers(painter: Painter) -> None:
    painter.image([content(f"layer {number}", 50) for number in range(127)], tag="v1")


def large_manifest(painter: Painter) -> None:
    painter.image([b"one"], tag="v1", annotations={"long": "x" * (4 * 1024 * 1024 - 5000)})


def unusual_fields(painter: Painter) -> None:
    extra: Json = {"annotations": {"ключ": "значение \u2028 ✓"}, "x-unknown": [1.50, 1e3, None, {"deep": [[]]}]}
    painter.put({**manifest(painter), "extra": extra, "annotations": {"é": "\u0007"}}, OCI_MANIFEST, "v1")


def empty_index(painter: Painter) -> None:
    painter.put(listed(OCI_INDEX, artifactType="application/x.empty"), OCI_INDEX, "v1")


def with_subject(painter: Painter) -> None:
    """A tagged image about another one that is not there."""
    absent: Json = {"mediaType": OCI_MANIFEST, "digest": digest_bytes(b"absent"), "size": 6}
    painter.put(manifest(painter, subject=absent), OCI_MANIFEST, "v1")


ORDINARY: Mapping[str, Paint] = MappingProxyType(
    {
        paint.__name__.replace("_", "-"): paint
        for paint in (
            without_type,
            compressions,
            attested,
            nested,
            docker_list,
            artifact,
            nothing_but_a_type,
            embedded_data,
            foreign_layers,
            empty_blob,
            repeated_layers,
            many_layers,
            large_manifest,
            unusual_fields,
            with_subject,
        )
    }
)
"""What docker-registry 2.8 takes."""


def other_digests(painter: Painter) -> None:
    layer = content("long digest", 2000)
    blob = Descriptor(digest_bytes(layer, "sha512"), len(layer), TAR)
    push_blob(painter, blob, layer)
    child = json.dumps(
        manifest(painter, {"mediaType": blob.media_type, "digest": blob.digest, "size": blob.size})
    ).encode()
    name = digest_bytes(child, "sha512")
    painter.registry.put_manifest(painter.repository, name, child, OCI_MANIFEST)
    entry: Json = {"mediaType": OCI_MANIFEST, "digest": name, "size": len(child)}
    painter.put(listed(OCI_INDEX, entry), OCI_INDEX, "v1")


def unknown_type(painter: Painter) -> None:
    media_type = "application/vnd.example.image.v3+json"
    document = manifest(painter, painter.blob(content("tomorrow", 500)))
    inner = painter.put({**document, "mediaType": media_type}, media_type)
    outer = "application/vnd.example.image.index.v3+json"
    known = painter.image([content("today", 500)])
    entries = ({**inner, "mediaType": "application/vnd.example.manifest.v3+json"}, known)
    painter.put({**listed(outer, *entries)}, outer, "v1")


def artifact_manifest(painter: Painter) -> None:
    blobs: Json = [painter.blob(b"payload", "application/x.payload")]
    document: dict[str, Json] = {"mediaType": OCI_ARTIFACT, "artifactType": "application/x.thing", "blobs": blobs}
    painter.put(document, OCI_ARTIFACT, "v1")


def build_cache(painter: Painter) -> None:
    """BuildKit's cache: an index whose entries are layers and a config."""
    layer = painter.blob(gzip.compress(b"cached", mtime=0), f"{TAR}+gzip")
    config = painter.blob(b'{"layers": []}', "application/vnd.buildkit.cacheconfig.v0")
    painter.put(listed(OCI_INDEX, layer, config), OCI_INDEX, "v1")


UNUSUAL: Mapping[str, Paint] = MappingProxyType(
    {
        paint.__name__.replace("_", "-"): paint
        for paint in (*ORDINARY.values(), empty_index, other_digests, unknown_type, artifact_manifest, build_cache)
    }
)


def push_blob(painter: Painter, blob: Descriptor, data: bytes) -> None:
    upload = painter.registry.upload(painter.repository, blob, lambda offset: io.BytesIO(data[offset:]))
    painter.registry.persist(upload.attempt)
