"""Images in stores: what is damaged is told of that image alone, and a store that is not there of the whole."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import pytest

from reconciler.model.image import Descriptor
from reconciler.oci.errors import DigestMismatch, NotFound, RegistryDenied, RegistryError, RegistryRefused
from reconciler.oci.patience import Backoff
from reconciler.oci.read import read_content
from reconciler.oci.stores.buckets import AccessKey, oss_store, s3_store
from reconciler.oci.stores.finding import find_images
from reconciler.oci.stores.objects import ObjectStore
from reconciler.oci.stores.operators import AT_ONCE, PIECE, RANGES, folder_store
from reconciler.oci.stores.reader import StoreReader
from tests.e2e.buckets import REGION, fill_s3, s3_server
from tests.unit.transfer.lab import Painter, RealRegistry, content, paint, serve

SIZE = RANGES * PIECE + AT_ONCE + 17


@pytest.fixture(scope="module")
def registry(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RealRegistry]:
    with serve(tmp_path_factory.mktemp("registry")) as running:
        client = running.client()
        paint(client)
        Painter(client, "big/blob").image([content("big", SIZE)], tag="v1")
        client.close()
        yield running


@pytest.fixture
def tree(registry: RealRegistry, tmp_path: Path) -> Path:
    """A copy of the registry's storage, to be damaged."""
    return Path(shutil.copytree(registry.root, tmp_path / "tree"))


@pytest.fixture(scope="module")
def s3(registry: RealRegistry, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with s3_server(tmp_path_factory.mktemp("s3") / "log") as url:
        fill_s3(url, "images", registry.root, "a/tree/")
        yield url


@pytest.fixture
def aws(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")


def reader(store: ObjectStore, repository: str = "") -> StoreReader:
    return StoreReader(store, partial(find_images, repository=repository), backoff=Backoff(attempts=2, first=0.01))


def over(folder: Path, repository: str = "") -> StoreReader:
    return reader(folder_store(f"file://{folder}", folder), repository)


def read_blob(source: StoreReader, repository: str, blob: Descriptor, offset: int = 0) -> bytes:
    found = bytearray()
    buffer = memoryview(bytearray(100_000))
    with source.open_blob(repository, blob, offset) as stream:
        while count := stream.readinto(buffer):
            found += buffer[:count]
    return bytes(found)


def data_of(tree: Path, digest: str) -> Path:
    return RealRegistry("", tree, tree).stored(digest)


def link_of(tree: Path, repository: str, tag: str) -> Path:
    return tree / f"docker/registry/v2/repositories/{repository}/_manifests/tags/{tag}/current/link"


def test_a_tree_reads_as_its_registry_does(registry: RealRegistry) -> None:
    client, source = registry.client(), over(registry.root)
    assert source.repositories() == sorted(client.repositories())
    for repository in source.repositories():
        tags = source.tags(repository).tags
        assert [tag.name for tag in tags] == sorted(client.tags(repository))
        for tag in tags:
            there = client.manifest(repository, tag.name)
            assert (tag.digest, tag.moment > 0) == (there.digest, True)
            assert source.manifest(repository, tag.digest).raw == there.raw
            assert read_content(source, repository, tag.digest) == read_content(client, repository, tag.digest)
    client.close()


@pytest.mark.usefixtures("aws")
@pytest.mark.parametrize("offset", [0, 1, PIECE, PIECE + 5, SIZE - 1])
def test_a_large_blob_comes_in_ranges_and_in_order(s3: str, offset: int) -> None:
    source = reader(s3_store("s3://images", bucket="images", prefix="a/tree", region=REGION, endpoint=s3))
    (tag,) = source.tags("big/blob").tags
    layer = source.manifest("big/blob", tag.digest).content.blobs[1]
    assert layer.size == SIZE
    assert read_blob(source, "big/blob", layer, offset) == content("big", SIZE)[offset:]


@pytest.mark.usefixtures("aws")
def test_the_list_of_a_bucket_tells_what_tags_stand_for(s3: str, registry: RealRegistry) -> None:
    bucket = reader(s3_store("s3://images", bucket="images", prefix="a/tree", region=REGION, endpoint=s3))
    folder = over(registry.root)
    for repository in folder.repositories():
        by_list = {tag.name: tag.digest for tag in bucket.tags(repository).tags}
        assert by_list == {tag.name: tag.digest for tag in folder.tags(repository).tags}


def _garbled(tree: Path) -> None:
    link_of(tree, "apps/web", "v1").write_text("no digest")


def _empty(tree: Path) -> None:
    link_of(tree, "apps/web", "v1").write_text("")


@pytest.mark.parametrize("damage", [_garbled, _empty])
def test_a_link_without_a_digest_breaks_its_tag_alone(tree: Path, damage: Callable[[Path], None]) -> None:
    damage(tree)
    found = over(tree).tags("apps/web")
    assert [tag.name for tag in found.broken] == ["v1"]
    assert "v2" in [tag.name for tag in found.tags]


def test_a_link_that_points_nowhere_is_a_manifest_that_is_not_there(tree: Path) -> None:
    link_of(tree, "apps/web", "v1").write_text(f"sha256:{'0' * 64}")
    source = over(tree)
    (tag,) = (tag for tag in source.tags("apps/web").tags if tag.name == "v1")
    with pytest.raises(NotFound, match="is not in the store"):
        source.manifest("apps/web", tag.digest)


def _first_layer(source: StoreReader) -> Descriptor:
    (tag,) = (tag for tag in source.tags("apps/web").tags if tag.name == "v1")
    return source.manifest("apps/web", tag.digest).content.blobs[1]


def test_a_blob_that_is_missing_or_truncated_is_told_at_once(tree: Path) -> None:
    source = over(tree)
    blob = _first_layer(source)
    file = data_of(tree, blob.digest)
    file.write_bytes(file.read_bytes()[:-1])
    with pytest.raises(RegistryRefused, match=f"has {blob.size - 1} bytes in the store and {blob.size} in its"):
        read_blob(source, "apps/web", blob)
    file.unlink()
    with pytest.raises(NotFound, match="is not in the store"):
        read_blob(source, "apps/web", blob)


def test_a_manifest_with_other_bytes_is_never_taken(tree: Path) -> None:
    source = over(tree)
    (tag,) = (tag for tag in source.tags("apps/web").tags if tag.name == "v1")
    data_of(tree, tag.digest).write_bytes(b"{}")
    with pytest.raises(DigestMismatch):
        source.manifest("apps/web", tag.digest)
    assert source.retries == 0


@pytest.mark.usefixtures("aws")
def test_a_bucket_that_is_not_there(s3: str) -> None:
    source = reader(s3_store("s3://gone", bucket="gone", prefix="", region=REGION, endpoint=s3))
    with pytest.raises(NotFound, match="there is no such bucket"):
        source.repositories()


def test_a_credential_that_is_not_there(s3: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    source = reader(s3_store("s3://images", bucket="images", prefix="", region=REGION, endpoint=s3))
    with pytest.raises(RegistryDenied, match="no credential was found"):
        source.repositories()


def test_a_wrong_key_of_oss_and_no_word_of_its_secret() -> None:
    from reconciler.emulator.server import LocalCloud

    with LocalCloud.start() as cloud:

        def key() -> AccessKey:
            return AccessKey(cloud.access_key[0], "a wrong secret")

        store = oss_store("oss://images", bucket="images", prefix="", endpoint=cloud.endpoint, key=key)
        with pytest.raises(RegistryDenied, match="SignatureDoesNotMatch") as caught:
            reader(store).repositories()
    assert "wrong secret" not in f"{caught.value}{caught.value!r}{key()!r}"


@pytest.mark.parametrize("inside", ["", "docker/registry/v2"])
def test_nothing_and_something_else(tmp_path: Path, inside: str) -> None:
    (tmp_path / inside / "notes").mkdir(parents=True)
    with pytest.raises(RegistryRefused, match="neither a registry's storage tree"):
        over(tmp_path).repositories()
    with pytest.raises(NotFound, match="no such folder"):
        over(tmp_path / "absent")


@pytest.mark.parametrize(
    ("names", "repository", "expected"),
    [
        (["v1", "v2"], "apps/web", {"apps/web": ["v1", "v2"]}),
        (["apps/web:v1", "tools/cli:v1"], "", {"apps/web": ["v1"], "tools/cli": ["v1"]}),
        (["docker.io/library/nginx:1.25", "localhost:5000/a/b:v1"], "", {"a/b": ["v1"], "library/nginx": ["1.25"]}),
    ],
)
def test_images_of_a_layout_by_their_names(
    registry: RealRegistry, tmp_path: Path, names: list[str], repository: str, expected: dict[str, list[str]]
) -> None:
    layout = tmp_path / "layout"
    for number, name in enumerate(names):
        source = f"docker://{registry.host}/apps/web:v{number + 1}"
        target = f"oci:{layout}:image{number}"
        subprocess.run(["skopeo", "copy", "--src-tls-verify=false", source, target], check=True, capture_output=True)
        index = json.loads((layout / "index.json").read_text())
        index["manifests"][-1]["annotations"] = {"org.opencontainers.image.ref.name": name}
        (layout / "index.json").write_text(json.dumps(index))
    found = over(layout, repository)
    assert {path: [tag.name for tag in found.tags(path).tags] for path in found.repositories()} == expected


def test_a_layout_whose_images_belong_to_nobody(registry: RealRegistry, tmp_path: Path) -> None:
    for folder in ("one/web", "one/api"):
        (tmp_path / folder).parent.mkdir(parents=True, exist_ok=True)
        source = f"docker://{registry.host}/apps/web:v1"
        target = f"oci:{tmp_path / folder}:v1"
        subprocess.run(["skopeo", "copy", "--src-tls-verify=false", source, target], check=True, capture_output=True)
    assert over(tmp_path).repositories() == ["one/api", "one/web"]
    with pytest.raises(RegistryRefused, match="say as `repository` whose they are"):
        over(tmp_path / "one/web").repositories()


def test_a_broken_index_is_an_error_and_no_traceback(tmp_path: Path) -> None:
    (tmp_path / "oci-layout").write_text('{"imageLayoutVersion": "1.0.0"}')
    for text in ("{", "[]", '{"manifests": [{"digest": "sha256:00"}]}'):
        (tmp_path / "index.json").write_text(text)
        with pytest.raises(RegistryError, match=r"index\.json"):
            over(tmp_path).repositories()
