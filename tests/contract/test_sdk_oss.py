"""Object storage of the local cloud under its official SDK, by both versions of its signature."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import alibabacloud_oss_v2 as oss
import pytest

from reconciler.emulator.server import LocalCloud

pytestmark = pytest.mark.usefixtures("no_proxy")

KEYS = ("x/a", "x/b/c", "x/b/d", "x/c", "y")


def client(cloud: LocalCloud, version: str, secret: str | None = None) -> oss.Client:
    key, right = cloud.access_key
    config = oss.config.load_default()
    config.credentials_provider = oss.credentials.StaticCredentialsProvider(key, secret or right)
    config.region = "cn-hangzhou"
    config.endpoint = cloud.endpoint
    config.use_path_style = True
    config.signature_version = version
    config.retry_max_attempts = 1
    return oss.Client(config)


@pytest.fixture(params=["v1", "v4"])
def version(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def images(cloud: LocalCloud, version: str) -> oss.Client:
    """A client, with a bucket `images` there."""
    made = client(cloud, version)
    made.put_bucket(oss.PutBucketRequest(bucket="images"))
    return made


def code(caught: pytest.ExceptionInfo[BaseException]) -> str:
    error = caught.value
    assert isinstance(error, oss.exceptions.OperationError)
    return str(error.unwrap().code)


def test_an_object_is_put_read_in_part_and_deleted(images: oss.Client) -> None:
    images.put_object(oss.PutObjectRequest(bucket="images", key="a folder/ü+1", body=b"0123456789"))

    head = images.head_object(oss.HeadObjectRequest(bucket="images", key="a folder/ü+1"))
    assert (head.content_length, head.etag) == (10, '"781E5E245D69B566979B86E28D23F2C7"')
    whole = images.get_object(oss.GetObjectRequest(bucket="images", key="a folder/ü+1"))
    assert whole.body.content == b"0123456789"
    part = images.get_object(oss.GetObjectRequest(bucket="images", key="a folder/ü+1", range_header="bytes=3-5"))
    assert (part.body.content, part.content_range) == (b"345", "bytes 3-5/10")

    images.delete_object(oss.DeleteObjectRequest(bucket="images", key="a folder/ü+1"))
    with pytest.raises(oss.exceptions.OperationError) as caught:
        images.get_object(oss.GetObjectRequest(bucket="images", key="a folder/ü+1"))
    assert code(caught) == "NoSuchKey"


@pytest.mark.parametrize("limit", [1, 2, 100])
def test_lists_are_paged_with_and_without_folders(images: oss.Client, limit: int) -> None:
    for key in KEYS:
        images.put_object(oss.PutObjectRequest(bucket="images", key=key, body=b"1"))

    def listed(**query: str) -> tuple[list[str], list[str]]:
        pages = images.list_objects_v2_paginator(limit=limit)
        found = list(pages.iter_page(oss.ListObjectsV2Request(bucket="images", **query)))
        keys = [str(item.key) for page in found for item in page.contents or []]
        return keys, [str(item.prefix) for page in found for item in page.common_prefixes or []]

    assert listed() == (list(KEYS), [])
    assert listed(prefix="x/", delimiter="/") == (["x/a", "x/c"], ["x/b/"])
    assert listed(prefix="nothing/") == ([], [])


def test_a_wrong_secret_and_a_bucket_that_is_not_there(cloud: LocalCloud, version: str, images: oss.Client) -> None:
    for asking, bucket, expected in (
        (client(cloud, version, "wrong"), "images", "SignatureDoesNotMatch"),
        (images, "elsewhere", "NoSuchBucket"),
    ):
        with pytest.raises(oss.exceptions.OperationError) as caught:
            asking.list_objects_v2(oss.ListObjectsV2Request(bucket=bucket))
        assert code(caught) == expected


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    (tmp_path / "tree" / "a").mkdir(parents=True)
    (tmp_path / "tree" / "a" / "b").write_bytes(b"from a folder")
    yield tmp_path / "tree"


def test_a_bucket_begins_as_a_folder_and_is_kept(folder: Path, tmp_path: Path, version: str) -> None:
    state = tmp_path / "state"
    with LocalCloud.start(state=state, buckets={"seeded": folder}):
        pass
    with LocalCloud.start(state=state) as again:
        found = client(again, version).get_object(oss.GetObjectRequest(bucket="seeded", key="a/b"))
        assert found.body.content == b"from a folder"
