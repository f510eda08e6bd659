"""A seed's images are there when the cloud is: in order, with the same digests every time, and only once."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

import pytest

from reconciler.emulator.scene.filling import picture
from reconciler.emulator.server import LocalCloud
from reconciler.model.spec import Desired
from reconciler.oci.client import Registry
from reconciler.oci.login import Login
from reconciler.spec.files import SourceText, Texts
from reconciler.spec.load import load_texts

SEED = """
version: 1
instances:
  hub: {region: cn-hangzhou, namespaces: {apps: {auto_create: true}}}
personal:
  cn-hangzhou: {namespaces: {apps: {}}}
images:
  personal.cn-hangzhou:
    apps/web: [release-v1, release-v2]
  instances.hub:
    apps/base: ["1.10"]
"""


def seed(text: str = SEED) -> Desired:
    loaded = load_texts(Texts((SourceText("seed.yaml", text),), ()), environment={}, seed=True)
    assert loaded.diagnostics == ()
    return loaded.desired


def digest(cloud: LocalCloud, label: str, repository: str, tag: str) -> str | None:
    with closing(Registry(cloud.registries[label], lambda _: Login(*cloud.access_key))) as registry:
        found = registry.head_manifest(repository, tag)
    return found.digest if found else None


def test_images_are_there_from_the_start() -> None:
    with LocalCloud.start(seed()) as cloud:
        found = [
            digest(cloud, "personal.cn-hangzhou", "apps/web", "release-v1"),
            digest(cloud, "personal.cn-hangzhou", "apps/web", "release-v2"),
            digest(cloud, "instances.hub", "apps/base", "1.10"),
        ]
    assert found == [
        picture(*name).root.descriptor.digest
        for name in (("apps/web", "release-v1"), ("apps/web", "release-v2"), ("apps/base", "1.10"))
    ]


def test_a_cloud_that_was_kept_is_not_filled_again(tmp_path: Path) -> None:
    with LocalCloud.start(seed(), state=tmp_path):
        pass
    with LocalCloud.start(seed(), state=tmp_path) as cloud:
        assert cloud.request_counts() == {}
        assert digest(cloud, "personal.cn-hangzhou", "apps/web", "release-v2") is not None


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        (
            ("personal.cn-hangzhou:\n    apps", "personal.cn-beijing:\n    apps"),
            "no such registry; there are: instances.hub",
        ),
        (("apps/base", "other/base"), "images of instances.hub in other/base"),
    ],
)
def test_images_that_cannot_be_there(change: tuple[str, str], complaint: str) -> None:
    with pytest.raises(ValueError, match=complaint):
        LocalCloud.start(seed(SEED.replace(*change)))
