"""The local cloud's registries with programs that people use: skopeo, and docker-registry behind or after us."""

from __future__ import annotations

import gzip
import hashlib
import json
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

import httpx
import pytest

from reconciler.emulator.server import LocalCloud
from reconciler.model.spec import Desired, Level, ReplicationRule
from tests.unit.transfer.lab import serve

OCI_MANIFEST = "application/vnd.oci.image.manifest.v1+json"
OCI_INDEX = "application/vnd.oci.image.index.v1+json"


class Layout:
    """An OCI image layout on disk with one image of several platforms under the name `multi`."""

    def __init__(self, root: Path) -> None:
        self.root = root
        blobs = root / "blobs" / "sha256"
        blobs.mkdir(parents=True)

        def put(data: bytes) -> dict[str, str | int]:
            name = hashlib.sha256(data).hexdigest()
            (blobs / name).write_bytes(data)
            return {"digest": f"sha256:{name}", "size": len(data)}

        children = []
        for architecture in ("amd64", "arm64"):
            config = {"architecture": architecture, "os": "linux", "rootfs": {"type": "layers", "diff_ids": []}}
            image = {
                "schemaVersion": 2,
                "mediaType": OCI_MANIFEST,
                "config": {
                    "mediaType": "application/vnd.oci.image.config.v1+json",
                    **put(json.dumps(config).encode()),
                },
                "layers": [
                    {
                        # skopeo would compress a plain layer and so change the image.
                        "mediaType": "application/vnd.oci.image.layer.v1.tar+gzip",
                        **put(gzip.compress(architecture.encode() * 300_000, mtime=0)),
                    }
                ],
            }
            platform = {"architecture": architecture, "os": "linux"}
            children.append({"mediaType": OCI_MANIFEST, **put(json.dumps(image).encode()), "platform": platform})
        index = {"schemaVersion": 2, "mediaType": OCI_INDEX, "manifests": children}
        self.index = json.dumps(index).encode()
        named = {
            "mediaType": OCI_INDEX,
            **put(self.index),
            "annotations": {"org.opencontainers.image.ref.name": "multi"},
        }
        (root / "index.json").write_text(json.dumps({"schemaVersion": 2, "manifests": [named]}))
        (root / "oci-layout").write_text('{"imageLayoutVersion": "1.0.0"}')

    @property
    def reference(self) -> str:
        return f"oci:{self.root}:multi"


@pytest.fixture
def layout(tmp_path: Path) -> Layout:
    return Layout(tmp_path / "layout")


def copy(source: str, target: str, *options: str) -> None:
    command = [
        "skopeo",
        "copy",
        "-q",
        "--all",
        "--preserve-digests",
        "--src-tls-verify=false",
        "--dest-tls-verify=false",
        *options,
    ]
    done = subprocess.run([*command, source, target], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def raw(reference: str, *options: str) -> bytes:
    command = ["skopeo", "inspect", "--raw", "--tls-verify=false", *options, reference]
    return subprocess.run(command, capture_output=True, check=True).stdout


def login(cloud: LocalCloud, option: str = "--creds") -> str:
    return f"{option}={':'.join(cloud.access_key)}"


@pytest.fixture
def real_registry(tmp_path: Path) -> Iterator[Callable[[Path], str]]:
    """Starts docker-registry over a folder; gives its `host:port`."""
    with ExitStack() as running:

        def start(folder: Path) -> str:
            place = tmp_path / f"registry-{folder.name}"
            return running.enter_context(serve(place, root=folder)).host

        yield start


def replicated(seed: Desired) -> Desired:
    return replace(seed, replications=(ReplicationRule("everywhere", "hub", "eu", Level.NAMESPACE, "apps"),))


def tags(cloud: LocalCloud, label: str, repository: str) -> Mapping[str, bytes]:
    """Manifests by tag, as the registry address serves them."""
    with httpx.Client(base_url=f"http://{cloud.registries[label]}", trust_env=False) as client:
        scope = {"scope": f"repository:{repository}:pull"}
        token = client.get("/auth/token", params=scope, auth=cloud.access_key).json()["token"]
        client.headers["Authorization"] = f"Bearer {token}"
        names = client.get(f"/v2/{repository}/tags/list").json().get("tags") or []
        return {
            name: client.get(f"/v2/{repository}/manifests/{name}", headers={"Accept": OCI_INDEX}).content
            for name in names
        }


def wait_for(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 30
    while not condition():
        assert time.monotonic() < deadline, "it did not happen"
        time.sleep(0.05)


def test_skopeo_pushes_and_pulls_every_platform(cloud: LocalCloud, layout: Layout, tmp_path: Path) -> None:
    first = f"docker://{cloud.registries['instances.hub']}/apps/web:v1"
    second = f"docker://{cloud.registries['personal.cn-hangzhou']}/legacy/copy:v1"
    copy(layout.reference, first, login(cloud, "--dest-creds"))
    copy(first, second, login(cloud, "--src-creds"), login(cloud, "--dest-creds"))
    assert raw(second, login(cloud)) == layout.index
    pulled = tmp_path / "pulled"
    copy(second, f"oci:{pulled}:multi", login(cloud, "--src-creds"))
    names = {file.name for file in (pulled / "blobs" / "sha256").iterdir()}
    assert names == {file.name for file in (layout.root / "blobs" / "sha256").iterdir()}


def test_only_pushes_after_the_rule_are_replicated(seed: Desired, layout: Layout) -> None:
    with LocalCloud.start(replicated(seed), speed=200) as cloud:
        copy(
            layout.reference, f"docker://{cloud.registries['instances.hub']}/apps/web:v1", login(cloud, "--dest-creds")
        )
        wait_for(lambda: tags(cloud, "instances.eu", "apps/web") == {"v1": layout.index})


def test_docker_registry_reads_our_storage(
    seed: Desired, layout: Layout, tmp_path: Path, real_registry: Callable[[Path], str]
) -> None:
    state = tmp_path / "state"
    with LocalCloud.start(seed, state=state) as cloud:
        copy(
            layout.reference, f"docker://{cloud.registries['instances.hub']}/apps/web:v1", login(cloud, "--dest-creds")
        )
    address = real_registry(state / "registries" / "instances.hub")
    assert raw(f"docker://{address}/apps/web:v1") == layout.index
    copy(f"docker://{address}/apps/web:v1", f"dir:{tmp_path / 'pulled'}")


def test_real_registry_behind_an_address(
    seed: Desired, layout: Layout, tmp_path: Path, real_registry: Callable[[Path], str]
) -> None:
    real = real_registry(tmp_path / "real")
    copy(layout.reference, f"docker://{real}/apps/found:v1")
    with LocalCloud.start(replicated(seed), speed=200, registries={"instances.hub": real}) as cloud:
        address = cloud.registries["instances.hub"]
        assert address != real
        assert tags(cloud, "instances.hub", "apps/found") == {"v1": layout.index}
        copy(layout.reference, f"docker://{address}/apps/web:v2", login(cloud, "--dest-creds"))
        assert raw(f"docker://{real}/apps/web:v2") == layout.index
        wait_for(lambda: tags(cloud, "instances.eu", "apps/web") == {"v2": layout.index})
        refused = httpx.get(f"http://{address}/v2/apps/web/manifests/v2", trust_env=False)
        assert refused.status_code == 401
        assert tags(cloud, "instances.eu", "apps/found") == {}


def test_replication_into_a_real_registry(
    seed: Desired, layout: Layout, tmp_path: Path, real_registry: Callable[[Path], str]
) -> None:
    real = real_registry(tmp_path / "real")
    with LocalCloud.start(replicated(seed), speed=200, registries={"instances.eu": f"http://{real}"}) as cloud:
        copy(
            layout.reference, f"docker://{cloud.registries['instances.hub']}/apps/web:v1", login(cloud, "--dest-creds")
        )
        wait_for(lambda: tags(cloud, "instances.eu", "apps/web") == {"v1": layout.index})
    assert raw(f"docker://{real}/apps/web:v1") == layout.index


def test_a_label_that_is_not_there_is_an_error(seed: Desired) -> None:
    with pytest.raises(ValueError, match=r"no such registry: instances\.none"):
        LocalCloud.start(seed, registries={"instances.none": "http://127.0.0.1:1"})
