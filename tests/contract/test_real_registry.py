"""Copies between two docker-registry processes, seen through skopeo, which knows nothing of our code."""

from __future__ import annotations

import hashlib
import json
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from reconciler.model.report import ImageResult
from tests.unit.transfer.lab import IMAGES, RealRegistry, carry_out, order, paint, serve


@pytest.fixture
def registries(tmp_path: Path) -> Iterator[tuple[RealRegistry, RealRegistry]]:
    with serve(tmp_path / "source") as source, serve(tmp_path / "target") as target:
        client = source.client()
        paint(client)
        client.close()
        yield source, target


def skopeo(*arguments: str) -> bytes:
    return subprocess.run(["skopeo", *arguments], check=True, capture_output=True).stdout


def test_skopeo_reads_the_same_bytes_on_both_sides(registries: tuple[RealRegistry, RealRegistry]) -> None:
    source, target = registries
    ordered = order(source, target)

    done = carry_out(ordered.plan)

    assert {outcome.result for outcome in done.result.outcomes} == {ImageResult.IMPORTED}
    for repository, tag in IMAGES:
        before = skopeo("inspect", "--raw", "--tls-verify=false", f"docker://{source.host}/{repository}:{tag}")
        after = skopeo("inspect", "--raw", "--tls-verify=false", f"docker://{target.host}/prod/{repository}:{tag}")
        assert before == after


def test_skopeo_pulls_whole_images(registries: tuple[RealRegistry, RealRegistry], tmp_path: Path) -> None:
    source, target = registries
    ordered = order(source, target)
    carry_out(ordered.plan)

    for repository, tag in IMAGES:
        folder = tmp_path / f"{repository.replace('/', '-')}-{tag}"
        # Nested indexes are beyond skopeo 1.9, so that one is pulled by its inner index.
        reference = f":{tag}"
        if tag == "multi":
            transfer = next(t for t in ordered.transfers if t.target.tag == tag)
            reference = f"@{ordered.contents[transfer.digest].manifests[0].digest}"
        image = f"docker://{target.host}/prod/{repository}{reference}"
        skopeo("copy", "--all", "--preserve-digests", "--src-tls-verify=false", image, f"dir:{folder}")
        for blob in folder.iterdir():
            if len(blob.name) == 64:
                assert hashlib.sha256(blob.read_bytes()).hexdigest() == blob.name


def test_skopeo_sees_what_was_listed(registries: tuple[RealRegistry, RealRegistry]) -> None:
    source, target = registries
    carry_out(order(source, target).plan)

    answer = json.loads(skopeo("list-tags", "--tls-verify=false", f"docker://{target.host}/prod/apps/web"))

    client = target.client()
    assert answer["Tags"] == client.tags("prod/apps/web") == ["v1", "v2"]
    client.close()
