"""Every shape of image arrives byte for byte, with what refers to it, and a second run sends nothing."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from reconciler.core.blobs import account
from reconciler.model.address import import_rule
from reconciler.model.image import Descriptor, Digest, ImageName, RepositoryName, closure
from reconciler.model.json_value import Json
from reconciler.model.plan import Transfer, TransferReason
from reconciler.model.report import ImageResult
from reconciler.oci.client import Registry
from reconciler.oci.errors import NotFound, RegistryRefused
from reconciler.oci.manifest import OCI_INDEX, OCI_MANIFEST, digest_bytes
from reconciler.oci.read import present, read_content, read_contents
from reconciler.oci.referrers import fallback_tag
from reconciler.transfer.plan import build
from tests.contract.open_registry import OpenRegistry, opened
from tests.contract.shapes import ORDINARY, UNUSUAL, manifest
from tests.unit.transfer.lab import Painter, RealRegistry, carry_out, content, serve

PLACE = "apps/shape"


def client(host: str) -> Registry:
    return Registry(host, lambda _: None)


def copy(source: str, target: str, tags: tuple[str, ...] = ("v1",)) -> list[ImageResult]:
    """Copies tags of PLACE between two hosts, as a plan made now has it."""
    reader, writer = client(source), client(target)
    roots = {tag: reader.manifest(PLACE, tag).digest for tag in tags}
    contents = read_contents(reader, PLACE, roots.values(), workers=2).read
    manifests = [digest for root in roots.values() for digest in closure(root, contents)]
    blobs = [blob.digest for digest in manifests for blob in contents[digest].blobs]
    held = {RepositoryName(target, PLACE): present(writer, PLACE, blobs, manifests, workers=2)}
    transfers = [
        Transfer(
            import_rule("legacy"),
            ImageName(source, PLACE, tag),
            ImageName(target, PLACE, tag),
            root,
            TransferReason.MISSING,
        )
        for tag, root in roots.items()
    ]
    done = carry_out(build(account(transfers, contents, held), contents, held))
    reader.close()
    writer.close()
    assert [outcome.reason for outcome in done.result.outcomes] == [""] * len(tags)
    return [outcome.result for outcome in done.result.outcomes]


def assert_equal(source: str, target: str, tag: str = "v1") -> None:
    """What can be pulled at both hosts is the same, manifest by manifest and blob by blob, referrers included."""
    here, there = client(source), client(target)
    root = here.manifest(PLACE, tag).digest
    expected, found = (read_contents(side, PLACE, [root], workers=2).read for side in (here, there))
    assert set(found) == set(expected)
    assert there.manifest(PLACE, tag).digest == root
    for digest, one in expected.items():
        assert {d.digest for d in found[digest].referrers} == {d.digest for d in one.referrers}
        before, after = here.manifest(PLACE, digest), there.manifest(PLACE, digest)
        assert (after.raw, after.media_type) == (before.raw, before.media_type)
        for blob in one.blobs:
            assert there.head_blob(PLACE, blob.digest) == blob.size
    here.close()
    there.close()


def skopeo_raw(host: str) -> bytes:
    command = ["skopeo", "inspect", "--raw", "--tls-verify=false", f"docker://{host}/{PLACE}:v1"]
    return subprocess.run(command, check=True, capture_output=True).stdout


@pytest.fixture
def real(tmp_path: Path) -> Iterator[tuple[RealRegistry, RealRegistry]]:
    with serve(tmp_path / "source") as source, serve(tmp_path / "target") as target:
        yield source, target


@pytest.mark.parametrize("shape", ORDINARY)
def test_between_real_registries(real: tuple[RealRegistry, RealRegistry], shape: str) -> None:
    source, target = real
    painting = source.client()
    ORDINARY[shape](Painter(painting, PLACE))
    painting.close()

    assert copy(source.host, target.host) == [ImageResult.IMPORTED]

    assert skopeo_raw(target.host) == skopeo_raw(source.host)
    assert_equal(source.host, target.host)
    asked_source, asked_target = len(source.requests()), len(target.requests())
    assert copy(source.host, target.host) == [ImageResult.SKIPPED]
    assert {method for method, _, _ in target.requests()[asked_target:]} <= {"GET", "HEAD"}
    assert not any("/blobs/" in path for _, path, _ in source.requests()[asked_source:])


@pytest.mark.parametrize("shape", UNUSUAL)
def test_between_open_registries(shape: str) -> None:
    with opened() as source, opened() as target:
        painting = client(source.host)
        UNUSUAL[shape](Painter(painting, PLACE))
        painting.close()

        assert copy(source.host, target.host) == [ImageResult.IMPORTED]

        assert target.manifests[PLACE, "v1"] == source.manifests[PLACE, "v1"]
        assert_equal(source.host, target.host)
        begun = len(target.log)
        assert copy(source.host, target.host) == [ImageResult.SKIPPED]
        assert {method for method, _ in target.log[begun:]} <= {"GET", "HEAD"}


def refer(painter: Painter, subject: Json, name: str, *, listing: bool) -> dict[str, Json]:
    """An artifact about `subject`; with `listing` also under the fallback tag, as clients do it for old registries."""
    document = manifest(painter, painter.blob(name.encode(), "application/x.note"), subject=subject)
    made = painter.put({**document, "artifactType": "application/x.note", "annotations": {"is": name}}, OCI_MANIFEST)
    if listing:
        assert isinstance(subject, dict)
        digest = Digest(str(subject["digest"]))
        index = painter.registry.fallback_index(painter.repository, digest)
        entries: list[Json] = list(json.loads(index.raw)["manifests"]) if index else []
        document = {"schemaVersion": 2, "mediaType": OCI_INDEX, "manifests": [*entries, made]}
        painter.put(document, OCI_INDEX, fallback_tag(digest))
    return made


def paint_referrers(source: OpenRegistry) -> None:
    """Two notes about an index, one about its child, and one about a note."""
    painting = client(source.host)
    painter, listing = Painter(painting, PLACE), not source.lists_referrers
    child = painter.image([content("child", 500)])
    index = painter.index([child, painter.image([content("other child", 500)])], tag="v1")
    note = refer(painter, index, "about the index", listing=listing)
    refer(painter, index, "more about the index", listing=listing)
    refer(painter, child, "about the child", listing=listing)
    refer(painter, note, "about the note", listing=listing)
    painting.close()


@pytest.mark.parametrize("target_lists", [True, False])
@pytest.mark.parametrize("source_lists", [True, False])
def test_referrers_of_everything(source_lists: bool, target_lists: bool) -> None:
    with opened(lists_referrers=source_lists) as source, opened(lists_referrers=target_lists) as target:
        paint_referrers(source)

        assert copy(source.host, target.host) == [ImageResult.IMPORTED]

        assert_equal(source.host, target.host)
        fallback_tags = {name for _, name in target.manifests if name.startswith("sha256-")}
        assert len(fallback_tags) == (0 if target_lists else 3)
        notes = [raw for raw, _ in target.manifests.values() if b'"subject"' in raw]
        assert len({digest_bytes(raw) for raw in notes}) == 4
        begun = len(target.log)
        assert copy(source.host, target.host) == [ImageResult.SKIPPED]
        assert {method for method, _ in target.log[begun:]} <= {"GET", "HEAD"}


def test_a_list_that_the_target_has_already_is_added_to() -> None:
    with opened(lists_referrers=True) as source, opened(lists_referrers=False) as target:
        paint_referrers(source)
        painting, there = client(source.host), client(target.host)
        root = painting.manifest(PLACE, "v1")
        subject: Json = {"mediaType": OCI_INDEX, "digest": root.digest, "size": len(root.raw)}
        own = refer(Painter(there, PLACE), subject, "the target's own", listing=True)
        copy(source.host, target.host)
        listed = {d.digest for d in there.referrers(PLACE, root.digest)}
        assert listed == {str(own["digest"]), *(d.digest for d in painting.referrers(PLACE, root.digest))}
        assert len(listed) == 3
        painting.close()
        there.close()


def test_an_index_about_its_own_child() -> None:
    with opened() as source, opened(lists_referrers=False) as target:
        painting = client(source.host)
        painter = Painter(painting, PLACE)
        child = painter.image([content("child", 500)], tag="child")
        document: dict[str, Json] = {
            "schemaVersion": 2,
            "mediaType": OCI_INDEX,
            "manifests": [child],
            "subject": child,
        }
        painter.put(document, OCI_INDEX, "v1")
        painting.close()
        assert copy(source.host, target.host, ("v1", "child")) == [ImageResult.IMPORTED] * 2
        assert_equal(source.host, target.host)
        assert_equal(source.host, target.host, "child")


def test_a_list_that_names_what_is_gone() -> None:
    with opened(lists_referrers=False) as source, opened() as target:
        paint_referrers(source)
        painting = client(source.host)
        root = painting.manifest(PLACE, "v1").digest
        gone, kept = painting.referrers(PLACE, root)
        del source.manifests[PLACE, gone.digest]
        painting.close()
        assert copy(source.host, target.host) == [ImageResult.IMPORTED]
        there = client(target.host)
        assert there.referrers(PLACE, root) == (Descriptor(kept.digest, kept.size, kept.media_type),)
        there.close()


def test_a_child_that_is_gone_is_an_error() -> None:
    with opened() as source:
        paint_referrers(source)
        reader = client(source.host)
        root = reader.manifest(PLACE, "v1")
        del source.manifests[PLACE, root.content.manifests[0].digest]
        with pytest.raises(NotFound):
            read_content(reader, PLACE, root.digest, workers=2)
        reader.close()


@pytest.mark.parametrize(
    ("raw", "media_type", "reason"),
    [
        (
            b'{"schemaVersion": 1, "fsLayers": [], "signatures": []}',
            "application/vnd.docker.distribution.manifest.v1+prettyjws",
            "docker schema 1 manifest: push the image again with a current client",
        ),
        (b'{"schemaVersion": 2, "mediaType": "application/x.odd"}', "application/x.odd", "application/x.odd"),
        (b'{"schemaVersion": 2, "manifests": [], "layers": []}', OCI_INDEX, "two images at once"),
    ],
)
def test_what_cannot_be_copied_is_told_in_words(raw: bytes, media_type: str, reason: str) -> None:
    with opened() as source:
        source.store(PLACE, "v1", raw, media_type)
        reader = client(source.host)
        with pytest.raises(RegistryRefused, match=reason):
            reader.manifest(PLACE, "v1")
        reader.close()
