"""Real OCI images for the demo: layers of the running Python's own library, an index, and an image with an SBOM."""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import sysconfig
import tarfile
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from reconciler.model.image import Descriptor, Digest
from reconciler.oci.client import Registry

_CONFIG = "application/vnd.oci.image.config.v1+json"
_LAYER = "application/vnd.oci.image.layer.v1.tar+gzip"
_MANIFEST = "application/vnd.oci.image.manifest.v1+json"
_INDEX = "application/vnd.oci.image.index.v1+json"
_SPDX = "application/spdx+json"


@dataclass(frozen=True, slots=True)
class Layer:
    """`diff_id` is the digest of the layer before compression, as an image's config lists it."""

    content: bytes
    descriptor: Descriptor
    diff_id: str


@dataclass(frozen=True, slots=True)
class Manifest:
    raw: bytes
    media_type: str

    @property
    def descriptor(self) -> Descriptor:
        return Descriptor(digest_of(self.raw), len(self.raw), self.media_type)


@dataclass(frozen=True, slots=True)
class Image:
    """Blobs to send, then manifests by digest in order; a tag goes to `root`."""

    blobs: tuple[tuple[Descriptor, bytes], ...]
    manifests: tuple[Manifest, ...]
    root: Manifest


def digest_of(content: bytes) -> Digest:
    return Digest("sha256:" + hashlib.sha256(content).hexdigest())


def layer(paths: Iterable[Path], root: Path, prefix: str) -> Layer:
    """Files as a gzip layer, the same bytes every time: names sorted, no times, no owners."""
    plain = io.BytesIO()
    with tarfile.open(fileobj=plain, mode="w", format=tarfile.PAX_FORMAT) as archive:
        for path in sorted(paths):
            entry = tarfile.TarInfo(f"{prefix}/{path.relative_to(root).as_posix()}")
            content = path.read_bytes()
            entry.size, entry.mode = len(content), 0o644
            archive.addfile(entry, io.BytesIO(content))
    packed = gzip.compress(plain.getvalue(), compresslevel=1, mtime=0)
    return Layer(packed, Descriptor(digest_of(packed), len(packed), _LAYER), digest_of(plain.getvalue()))


def image(layers: Iterable[Layer], created: str, architecture: str = "amd64", **labels: str) -> Image:
    """`created` is RFC 3339."""
    layers = tuple(layers)
    config = _json(
        {
            "architecture": architecture,
            "config": {"Cmd": ["python3"], "Env": ["PATH=/usr/local/bin:/usr/bin"], "Labels": labels},
            "created": created,
            "os": "linux",
            "rootfs": {"type": "layers", "diff_ids": [found.diff_id for found in layers]},
        }
    )
    described = Descriptor(digest_of(config), len(config), _CONFIG)
    manifest = Manifest(
        _json(
            {
                "schemaVersion": 2,
                "mediaType": _MANIFEST,
                "config": _written(described),
                "layers": [_written(found.descriptor) for found in layers],
            }
        ),
        _MANIFEST,
    )
    return Image(((described, config), *((found.descriptor, found.content) for found in layers)), (), manifest)


def index(children: Mapping[str, Image]) -> Image:
    """A multi-platform image; `children` maps an architecture to its image."""
    entries = [
        {**_written(child.root.descriptor), "platform": {"architecture": architecture, "os": "linux"}}
        for architecture, child in children.items()
    ]
    root = Manifest(_json({"schemaVersion": 2, "mediaType": _INDEX, "manifests": entries}), _INDEX)
    blobs = tuple(blob for child in children.values() for blob in child.blobs)
    return Image(blobs, tuple(child.root for child in children.values()), root)


def sbom(subject: Manifest, packages: Iterable[str]) -> Image:
    """An artifact that refers to `subject`: a list of what is in it."""
    document = _json({"spdxVersion": "SPDX-2.3", "name": "sbom", "packages": [{"name": name} for name in packages]})
    empty = b"{}"
    config = Descriptor(digest_of(empty), len(empty), "application/vnd.oci.empty.v1+json")
    content = Descriptor(digest_of(document), len(document), _SPDX)
    manifest = Manifest(
        _json(
            {
                "schemaVersion": 2,
                "mediaType": _MANIFEST,
                "artifactType": _SPDX,
                "config": _written(config),
                "layers": [_written(content)],
                "subject": _written(subject.descriptor),
            }
        ),
        _MANIFEST,
    )
    return Image(((config, empty), (content, document)), (), manifest)


def push(registry: Registry, repository: str, made: Image, tag: str | None = None) -> Digest:
    """Send an image; without a tag it is there by digest only. Raises RegistryError."""
    for descriptor, content in made.blobs:
        if registry.head_blob(repository, descriptor.digest) is None:
            registry.put_blob_bytes(repository, content)
    for child in made.manifests:
        registry.put_manifest(repository, child.descriptor.digest, child.raw, child.media_type)
    root = made.root
    registry.put_manifest(repository, tag or root.descriptor.digest, root.raw, root.media_type)
    return root.descriptor.digest


def scene() -> Iterator[tuple[str, str, str | None, Image]]:
    """Registry (`personal` or `hub`), repository, tag and image of everything that exists when the demo begins."""
    library = Path(sysconfig.get_path("stdlib"))
    base = layer(library.glob("*.py"), library, "usr/lib/python3")
    native = layer((library / "lib-dynload").glob("*.so"), library, "usr/lib/python3")
    packages = {
        name: layer((library / name).rglob("*.py"), library, "usr/lib/python3")
        for name in ("asyncio", "email", "http", "json", "logging", "sqlite3", "unittest", "xml")
    }

    def of(day: int, *names: str, **labels: str) -> Image:
        return image([base, *(packages[name] for name in names)], f"2026-10-{day:02}T08:00:00Z", **labels)

    for number, names in enumerate((("json",), ("json", "http"), ("json", "http", "asyncio")), start=1):
        yield "personal", "apps/web", f"v1.{number}", of(number, *names, version=f"1.{number}")
    yield "personal", "apps/web", "dev-77", of(5, "json", "unittest", version="dev")
    api = {
        architecture: image([base, native, packages["http"]], "2026-10-06T08:00:00Z", architecture)
        for architecture in ("amd64", "arm64")
    }
    both = index(api)
    yield "personal", "apps/api", "v3.0", both
    yield "personal", "apps/api", None, sbom(both.root, ("base", "native", "http"))
    for number in range(1, 4):
        yield "personal", "apps/batch", f"release-v{number}", of(6 + number, "xml", "email", version=str(number))
    yield "hub", "apps/portal", "v7", of(12, "logging", "sqlite3", version="7")
    yield "hub", "apps/portal", "v8", of(13, "logging", "sqlite3", "email", version="8")


def intruder() -> Image:
    """What somebody pushes over a tag of the replica."""
    library = Path(sysconfig.get_path("stdlib"))
    changed = layer((library / "curses").rglob("*.py"), library, "usr/lib/python3")
    return image([changed], "2026-10-20T08:00:00Z", version="hotfix")


def _written(descriptor: Descriptor) -> dict[str, str | int]:
    return {"mediaType": descriptor.media_type, "digest": descriptor.digest, "size": descriptor.size}


def _json(value: object) -> bytes:
    return json.dumps(value, separators=(",", ":"), sort_keys=True).encode()
