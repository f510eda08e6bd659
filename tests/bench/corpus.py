"""Images to copy, made of bytes that depend on their names alone and do not compress."""

from __future__ import annotations

import gzip
import json
from dataclasses import dataclass

from reconciler.model.json_value import Json
from reconciler.oci.client import Registry
from reconciler.oci.manifest import OCI_MANIFEST
from tests.unit.transfer.lab import Painter, content

_LAYER = "application/vnd.oci.image.layer.v1.tar+gzip"
_CONFIG = "application/vnd.oci.image.config.v1+json"
_MIB = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Corpus:
    """`images` tags in each of `repositories` repositories.

    An image has `everywhere` layers that every image has, `shared` that the images of its repository share, and `own`
    that no other image has; each is `size` bytes and a few of gzip's.
    """

    name: str
    repositories: int
    images: int
    everywhere: int
    shared: int
    own: int
    size: int

    @property
    def folder(self) -> str:
        return f"corpus-{self.name.lower()}"

    @property
    def paths(self) -> tuple[str, ...]:
        return tuple(f"{self.folder}/r{number:02}" for number in range(self.repositories))

    @property
    def tags(self) -> tuple[str, ...]:
        return tuple(f"v{number:02}" for number in range(self.images))

    @property
    def unique_bytes(self) -> int:
        """Bytes of layers, each once."""
        own = self.repositories * self.images * self.own
        return (self.everywhere + self.repositories * self.shared + own) * self.size

    def __str__(self) -> str:
        layers = self.everywhere + self.shared + self.own
        size = f"{self.size // _MIB} MiB" if self.size >= _MIB else f"{self.size // 1024} KiB"
        kinds = ((self.everywhere, "in every image"), (self.shared, "per repository"), (self.own, "own"))
        split = ", ".join(f"{count} {kind}" for count, kind in kinds if count)
        tags = self.repositories * self.images
        return f"{tags} tags in {self.repositories} repositories, {layers} layers of {size} each ({split})"


FULL = (
    Corpus("A", repositories=4, images=1, everywhere=0, shared=0, own=3, size=64 * _MIB),
    Corpus("B", repositories=30, images=10, everywhere=4, shared=2, own=2, size=16 * 1024),
    Corpus("C", repositories=30, images=25, everywhere=1, shared=1, own=0, size=16 * 1024),
    Corpus("RTT", repositories=5, images=10, everywhere=4, shared=2, own=2, size=16 * 1024),
)
QUICK = (
    Corpus("A", repositories=2, images=1, everywhere=0, shared=0, own=2, size=_MIB),
    Corpus("B", repositories=3, images=4, everywhere=2, shared=1, own=1, size=4 * 1024),
    Corpus("C", repositories=2, images=5, everywhere=1, shared=1, own=0, size=4 * 1024),
    Corpus("RTT", repositories=1, images=2, everywhere=1, shared=0, own=1, size=4 * 1024),
)


def paint(corpus: Corpus, registry: Registry) -> None:
    """Write every image of the corpus; each is another by its config."""
    for path in corpus.paths:
        painter = Painter(registry, path)
        base = [_layer(painter, f"everywhere {n}", corpus.size) for n in range(corpus.everywhere)]
        base += [_layer(painter, f"{path} {n}", corpus.size) for n in range(corpus.shared)]
        for tag in corpus.tags:
            own = [_layer(painter, f"{path}:{tag} {n}", corpus.size) for n in range(corpus.own)]
            _image(painter, tag, [*base, *own])


def _layer(painter: Painter, name: str, size: int) -> dict[str, Json]:
    """Real gzip, stored: a client that finds a plain tar would compress it and so measure that."""
    return painter.blob(gzip.compress(content(name, size), compresslevel=0, mtime=0), _LAYER)


def _image(painter: Painter, tag: str, layers: list[dict[str, Json]]) -> None:
    names: list[Json] = [layer["digest"] for layer in layers]
    rootfs: dict[str, Json] = {"type": "layers", "diff_ids": names}
    config: dict[str, Json] = {"architecture": "amd64", "os": "linux", "rootfs": rootfs, "author": tag}
    document: dict[str, Json] = {
        "schemaVersion": 2,
        "mediaType": OCI_MANIFEST,
        "config": painter.blob(json.dumps(config).encode(), _CONFIG),
        "layers": list[Json](layers),
    }
    painter.put(document, OCI_MANIFEST, tag)
