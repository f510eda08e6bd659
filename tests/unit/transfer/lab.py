"""Real registries and images for tests: docker-registry processes, and images made of bytes."""

from __future__ import annotations

import contextlib
import hashlib
import json
import re
import socket
import subprocess
import time
import urllib.request
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Protocol

from reconciler.core.blobs import account
from reconciler.model.address import import_rule
from reconciler.model.image import Contents, Descriptor, Digest, ImageName, RepositoryName
from reconciler.model.json_value import Json
from reconciler.model.plan import Transfer, TransferReason
from reconciler.oci.client import Registry
from reconciler.oci.manifest import DOCKER_LIST, DOCKER_MANIFEST, OCI_EMPTY, OCI_INDEX, OCI_MANIFEST, digest_bytes
from reconciler.oci.patience import Backoff
from reconciler.oci.read import read_content
from reconciler.transfer.engine import TransferResult, run
from reconciler.transfer.events import Event
from reconciler.transfer.journal import Journal
from reconciler.transfer.plan import TransferPlan, build

_CONFIG = """\
version: 0.1
log: {{level: error, accesslog: {{disabled: false}}}}
storage:
  filesystem: {{rootdirectory: "{root}"}}
  delete: {{enabled: true}}
validation: {{manifests: {{urls: {{allow: ['.*']}}}}}}
http: {{addr: "{host}"}}
"""
_REQUEST = re.compile(r'"(GET|HEAD|POST|PUT|PATCH|DELETE) (\S+) HTTP/1\.1" (\d+)')


@dataclass(frozen=True)
class RealRegistry:
    """A docker-registry 2.8 process; `log` is its access log, `root` its storage."""

    host: str
    log: Path
    root: Path

    def client(self) -> Registry:
        return Registry(self.host, lambda _: None, backoff=Backoff(attempts=3, first=0.01))

    def requests(self) -> list[tuple[str, str, int]]:
        """Method, path with query, and status of everything it was asked so far."""
        text = self.log.read_text(errors="replace")
        return [(m.group(1), m.group(2), int(m.group(3))) for m in _REQUEST.finditer(text)]

    def stored(self, digest: str) -> Path:
        """The file of a blob or manifest; without it the registry answers 404."""
        algorithm, _, name = digest.partition(":")
        return self.root / "docker/registry/v2/blobs" / algorithm / name[:2] / name / "data"

    def blob_puts(self) -> Counter[str]:
        """How often each blob was completed by a PUT."""
        return Counter(
            path.rsplit("digest=sha256%3A", 1)[1][:64]
            for method, path, status in self.requests()
            if method == "PUT" and "digest=" in path and status == 201
        )


@contextlib.contextmanager
def serve(folder: Path, *, root: Path | None = None) -> Iterator[RealRegistry]:
    """docker-registry with its files in `folder`, over a storage tree of its own or the one at `root`."""
    folder.mkdir(parents=True, exist_ok=True)
    root = root or folder / "data"
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        host = f"127.0.0.1:{probe.getsockname()[1]}"
    config, log = folder / "config.yml", folder / "access.log"
    config.write_text(_CONFIG.format(root=root, host=host))
    with log.open("wb") as output:
        process = subprocess.Popen(["docker-registry", "serve", str(config)], stdout=output, stderr=output)
    try:
        _until_ready(host, process)
        yield RealRegistry(host, log, root)
    finally:
        process.terminate()
        process.wait()


def _until_ready(host: str, process: subprocess.Popen[bytes]) -> None:
    while process.poll() is None:
        with contextlib.suppress(OSError), urllib.request.urlopen(f"http://{host}/v2/") as answer:
            answer.read()
            return
        time.sleep(0.02)
    raise RuntimeError(f"docker-registry ended with status {process.returncode}")


def content(name: str, size: int) -> bytes:
    """`size` bytes that depend on `name` alone and do not compress."""
    return hashlib.shake_256(name.encode()).digest(size)


class Painter:
    """Makes images in one repository of a registry."""

    def __init__(self, registry: Registry, repository: str) -> None:
        self.registry = registry
        self.repository = repository

    def blob(self, data: bytes, media_type: str = "application/vnd.oci.image.layer.v1.tar") -> dict[str, Json]:
        blob = self.registry.put_blob_bytes(self.repository, data)
        return {"mediaType": media_type, "digest": blob.digest, "size": blob.size}

    def put(self, document: dict[str, Json], media_type: str, tag: str | None = None) -> dict[str, Json]:
        """Writes odd white space on purpose: a manifest that is serialised anew gets another digest."""
        raw = json.dumps(document, indent=3).encode() + b"\n"
        digest = digest_bytes(raw)
        self.registry.put_manifest(self.repository, tag or digest, raw, media_type)
        return {"mediaType": media_type, "digest": digest, "size": len(raw)}

    def image(
        self, layers: Sequence[bytes], *, tag: str | None = None, docker: bool = False, **extra: Json
    ) -> dict[str, Json]:
        kind = "application/vnd.docker.image.rootfs.diff.tar" if docker else "application/vnd.oci.image.layer.v1.tar"
        parts: list[Json] = [self.blob(layer, kind) for layer in layers]
        config = self.blob(
            json.dumps({"architecture": "amd64", "os": "linux", "rootfs": {"type": "layers", "diff_ids": []}}).encode()
            + b" " * len(parts),
            "application/vnd.docker.container.image.v1+json" if docker else "application/vnd.oci.image.config.v1+json",
        )
        media_type = DOCKER_MANIFEST if docker else OCI_MANIFEST
        document: dict[str, Json] = {"schemaVersion": 2, "mediaType": media_type, "config": config, "layers": parts}
        return self.put({**document, **extra}, media_type, tag)

    def index(
        self, children: Sequence[dict[str, Json]], *, tag: str | None = None, docker: bool = False
    ) -> dict[str, Json]:
        media_type = DOCKER_LIST if docker else OCI_INDEX
        platforms = ("amd64", "arm64", "riscv64")
        entries: list[Json] = [
            {**child, "platform": {"os": "linux", "architecture": platforms[i]}} for i, child in enumerate(children)
        ]
        return self.put({"schemaVersion": 2, "mediaType": media_type, "manifests": entries}, media_type, tag)

    def signature(self, subject: dict[str, Json], payload: bytes) -> Digest:
        """An artifact that refers to `subject`, listed under the fallback tag as push clients do it."""
        empty = self.blob(b"{}", OCI_EMPTY)
        document: dict[str, Json] = {
            "schemaVersion": 2,
            "mediaType": OCI_MANIFEST,
            "artifactType": "application/vnd.example.signature",
            "config": empty,
            "layers": [self.blob(payload, "application/vnd.example.signature")],
            "subject": subject,
        }
        signed = self.put(document, OCI_MANIFEST)
        index: dict[str, Json] = {
            "schemaVersion": 2,
            "mediaType": OCI_INDEX,
            "manifests": [{**signed, "artifactType": "application/vnd.example.signature"}],
        }
        self.put(index, OCI_INDEX, str(subject["digest"]).replace(":", "-"))
        return Digest(str(signed["digest"]))


def paint(registry: Registry) -> None:
    """One of everything: shared layers, an empty blob, an index, a nested index, a docker list, a signed image."""
    base, own = content("base", 300_000), content("own", 20_000)
    web = Painter(registry, "apps/web")
    web.image([base, own], tag="v1")
    web.image([base, content("v2", 700_000), b""], tag="v2")
    api = Painter(registry, "apps/api")
    arm = api.image([base, content("arm", 5_000)])
    amd = api.image([base, content("amd", 6_000)])
    inner = api.index([amd, arm])
    api.index([inner, api.image([content("risc", 3_000)])], tag="multi")
    tool = Painter(registry, "tools/cli")
    tool.index([tool.image([base], docker=True), tool.image([own], docker=True)], tag="list", docker=True)
    signed = tool.image([content("signed", 9_000)], tag="signed")
    tool.signature(signed, b"signature of it")


IMAGES = (
    ("apps/web", "v1"),
    ("apps/web", "v2"),
    ("apps/api", "multi"),
    ("tools/cli", "list"),
    ("tools/cli", "signed"),
)


class Served(Protocol):
    """A registry of any kind that a client of ours can be had for."""

    @property
    def host(self) -> str: ...

    def client(self) -> Registry: ...


@dataclass(frozen=True)
class Order:
    """Images to copy, what they consist of, and the plan for it."""

    transfers: tuple[Transfer, ...]
    contents: Contents
    plan: TransferPlan


def order(
    source: Served,
    target: Served,
    images: Sequence[tuple[str, str]] = IMAGES,
    *,
    known_empty: bool = True,
    below: str = "prod",
    over: bool = False,
) -> Order:
    """Plan to copy `images` to the same names below `below`; without `known_empty` the target is asked per blob, and
    with `over` for the tags that it has, to replace them."""
    client = source.client()
    transfers: list[Transfer] = []
    found: Contents = {}
    for place, (repository, tag) in enumerate(images):
        digest = client.manifest(repository, tag).digest
        found = {**found, **read_content(client, repository, digest, workers=2)}
        transfers.append(
            Transfer(
                address=import_rule("legacy"),
                source=ImageName(source.host, repository, tag),
                target=ImageName(target.host, f"{below}/{repository}", tag),
                digest=digest,
                reason=TransferReason.MISSING,
                pushed=1000 - place,
            )
        )
    client.close()
    if over:
        transfers = _replacing(target, transfers)
    empty = {RepositoryName(t.target.registry, t.target.repository): frozenset[Digest]() for t in transfers}
    present = empty if known_empty else {}
    counted = account(transfers, found, present)
    return Order(tuple(transfers), found, build(counted, found, present))


def _replacing(target: Served, transfers: Sequence[Transfer]) -> list[Transfer]:
    client = target.client()
    found = [client.head_manifest(t.target.repository, t.target.tag) for t in transfers]
    client.close()
    return [
        replace(t, reason=TransferReason.DIFFERENT, replaces=there.digest) if there else t
        for t, there in zip(transfers, found, strict=True)
    ]


@dataclass(frozen=True)
class Run:
    result: TransferResult
    events: tuple[Event, ...]


def carry_out(plan: TransferPlan, journal: Journal | None = None, workers: int = 4) -> Run:
    events: list[Event] = []
    clients: dict[str, Registry] = {}

    def registry(host: str) -> Registry:
        return clients.setdefault(host, Registry(host, lambda _: None, backoff=Backoff(attempts=3, first=0.01)))

    result = run(plan, registries=registry, journal=journal or Journal(), listener=events.append, workers=workers)
    for client in clients.values():
        client.close()
    return Run(result, tuple(events))


def holdings(registry: Served, transfers: Sequence[Transfer]) -> dict[str, object]:
    """What a puller sees of each image at the target: every manifest's bytes, every blob's digest and size."""
    client = registry.client()
    seen: dict[str, object] = {}
    for transfer in transfers:
        repository = transfer.target.repository
        root = client.manifest(repository, transfer.target.tag).digest
        for digest, manifest in read_content(client, repository, root, workers=2).items():
            seen[f"{repository}@{digest}"] = client.manifest(repository, digest).raw
            for blob in manifest.blobs:
                seen[f"{repository}@{blob.digest}"] = _measured(client, repository, blob)
        seen[str(transfer.target.tag)] = root
    client.close()
    return seen


def _measured(client: Registry, repository: str, blob: Descriptor) -> int:
    digest, total = hashlib.sha256(), 0
    buffer = memoryview(bytearray(65536))
    with client.open_blob(repository, blob) as stream:
        while count := stream.readinto(buffer):
            digest.update(buffer[:count])
            total += count
    assert f"sha256:{digest.hexdigest()}" == blob.digest
    return total
