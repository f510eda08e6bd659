from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.model.image import Descriptor
from reconciler.model.json_value import Json
from reconciler.oci.manifest import (
    DOCKER_LIST,
    DOCKER_MANIFEST,
    OCI_ARTIFACT,
    OCI_INDEX,
    OCI_MANIFEST,
    ManifestUnreadable,
    digest_bytes,
    parse,
)

A, B, C = (digest_bytes(name) for name in (b"a", b"b", b"c"))
LAYER = "application/vnd.oci.image.layer.v1.tar+gzip"
FOREIGN = "application/vnd.docker.image.rootfs.foreign.diff.tar.gzip"


def entry(digest: str, media_type: str = LAYER, size: int = 1, **extra: Json) -> dict[str, Json]:
    return {"mediaType": media_type, "digest": digest, "size": size, **extra}


def raw(**fields: Json) -> bytes:
    return json.dumps({"schemaVersion": 2, **fields}).encode()


def test_an_image_lists_config_and_layers_without_repeats() -> None:
    found = parse(raw(mediaType=OCI_MANIFEST, config=entry(A, "c"), layers=[entry(B), entry(C), entry(B)])).content
    assert [blob.digest for blob in found.blobs] == [A, B, C]
    assert found.media_type == OCI_MANIFEST
    assert found.manifests == ()


def test_digest_and_size_are_those_of_the_bytes() -> None:
    text = raw(config=entry(A), layers=[]) + b"\n  "
    found = parse(text, OCI_MANIFEST)
    assert found.digest == digest_bytes(text)
    assert found.content.size == len(text)
    assert found.raw == text
    assert parse(text, OCI_MANIFEST, algorithm="sha512").digest == digest_bytes(text, "sha512")


def test_an_index_lists_manifests_and_takes_the_rest_as_blobs() -> None:
    found = parse(raw(mediaType=OCI_INDEX, manifests=[entry(A, OCI_MANIFEST), entry(B, OCI_INDEX), entry(C)])).content
    assert [child.digest for child in found.manifests] == [A, B]
    assert found.blobs == (Descriptor(C, 1, LAYER),)


def test_children_say_what_platform_they_are_for() -> None:
    platforms: list[Json] = [
        {"os": "linux", "architecture": "amd64"},
        {"os": "linux", "architecture": "arm", "variant": "v7", "os.features": ["x"]},
        {"os": "linux", "architecture": "arm64", "variant": ""},
        {"os": "linux"},
        {"os": "li\u001bnux", "architecture": "amd64"},
        {"os": 1, "architecture": "amd64"},
        "linux/amd64",
        None,
    ]
    entries: list[Json] = [
        entry(digest_bytes(f"{number}".encode()), OCI_MANIFEST, platform=platform)
        for number, platform in enumerate(platforms)
    ]
    found = parse(raw(mediaType=OCI_INDEX, manifests=entries)).content.manifests
    assert [child.platform for child in found] == ["linux/amd64", "linux/arm/v7", "linux/arm64", "", "", "", "", ""]


def test_types_that_nobody_knows_are_taken_by_their_shape() -> None:
    image = parse(raw(mediaType="application/x.image+json", config=entry(A), layers=[entry(B)])).content
    assert (image.media_type, [blob.digest for blob in image.blobs]) == ("application/x.image+json", [A, B])
    children: list[Json] = [
        entry(A, "application/x.manifest.v9+json"),
        entry(B, "application/x.image.index.v9+json"),
        entry(C, "application/vnd.oci.image.config.v1+json"),
    ]
    index = parse(raw(mediaType="application/x.index", manifests=children)).content
    assert ([child.digest for child in index.manifests], [blob.digest for blob in index.blobs]) == ([A, B], [C])


def test_layers_that_live_elsewhere_are_counted_and_left() -> None:
    layers = [entry(B, FOREIGN, urls=["https://example.com/b"]), entry(C, FOREIGN)]
    found = parse(raw(mediaType=DOCKER_MANIFEST, config=entry(A), layers=list(layers))).content
    assert found.foreign == 1
    assert [blob.digest for blob in found.blobs] == [A, C]


def test_an_artifact_has_a_subject_and_a_type() -> None:
    found = parse(
        raw(
            mediaType=OCI_MANIFEST,
            artifactType="application/x.sig",
            config=entry(A),
            layers=[entry(B)],
            subject=entry(C, OCI_MANIFEST),
            annotations={"k": "v"},
        )
    )
    assert (found.content.subject, found.artifact_type, found.annotations) == (C, "application/x.sig", {"k": "v"})
    blobs = parse(raw(mediaType=OCI_ARTIFACT, blobs=[entry(A)], subject=entry(C))).content
    assert ([blob.digest for blob in blobs.blobs], blobs.subject) == ([A], C)


def test_without_an_artifact_type_the_config_says_what_it_is() -> None:
    assert parse(raw(mediaType=OCI_MANIFEST, config=entry(A, "application/x.cfg"), layers=[])).artifact_type == (
        "application/x.cfg"
    )


@pytest.mark.parametrize(
    ("fields", "served_as", "expected"),
    [
        ({"config": entry(A), "layers": []}, "", OCI_MANIFEST),
        ({"config": entry(A), "layers": []}, DOCKER_MANIFEST + "; charset=utf-8", DOCKER_MANIFEST),
        ({"manifests": []}, "application/json", OCI_INDEX),
        ({"manifests": [], "mediaType": DOCKER_LIST}, OCI_INDEX, DOCKER_LIST),
    ],
)
def test_the_type_is_stated_or_served_or_shown(fields: dict[str, Json], served_as: str, expected: str) -> None:
    assert parse(raw(**fields), served_as).media_type == expected


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (b"not json", "not JSON"),
        (b"[" * 100_000, "not JSON"),
        (b"[]", "not a JSON object"),
        (b'{"schemaVersion": 1, "fsLayers": []}', "schema 1"),
        (raw(mediaType="application/x.unknown", config=entry(A)), "application/x.unknown"),
        (raw(), "none stated"),
        (raw(manifests=[], layers=[]), "two images at once"),
        (raw(mediaType=OCI_INDEX, config=entry(A)), "does not have the fields of its type"),
        (raw(mediaType=OCI_MANIFEST, manifests=[]), "does not have the fields of its type"),
        (raw(config=entry("sha256:short"), layers=[]), "not a sha256 or sha512 digest"),
        (raw(config=entry("sha256:../../etc/passwd"), layers=[]), "not a sha256 or sha512 digest"),
        (raw(config=entry(A, size=-1), layers=[]), "no valid `size`"),
        (raw(config=entry(A, size=1), layers=[entry(A, size=2)]), "two sizes"),
        (raw(config=entry(A), layers="no"), "`layers` is not a list"),
    ],
)
def test_what_cannot_be_copied_is_refused(text: bytes, reason: str) -> None:
    with pytest.raises(ManifestUnreadable, match=reason):
        parse(text)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["digest", "size", "mediaType", "urls"]) | st.text(max_size=3), inner, max_size=4
        )
    ),
    max_leaves=10,
)
fields = st.sampled_from(["schemaVersion", "mediaType", "config", "layers", "manifests", "blobs", "subject"])


@given(st.dictionaries(fields, json_values | st.sampled_from([OCI_INDEX, OCI_MANIFEST]), max_size=6))
def test_any_json_is_read_or_refused(document: dict[str, object]) -> None:
    text = json.dumps(document).encode()
    try:
        assert parse(text, OCI_MANIFEST).content.size == len(text)
    except ManifestUnreadable as error:
        assert str(error)
