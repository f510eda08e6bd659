"""The images of a seed: small ones, the same bytes every time, pushed in order as anybody would push them."""

from __future__ import annotations

import hashlib
import ssl
from collections.abc import Mapping, Sequence
from contextlib import closing
from pathlib import Path
from urllib.parse import urlsplit

from reconciler.emulator.scene.images import Image, Layer, digest_of, image, push
from reconciler.model.image import Descriptor
from reconciler.model.spec import SeedImages
from reconciler.oci.channel import Channel
from reconciler.oci.client import Registry
from reconciler.oci.connection import Origin
from reconciler.oci.errors import RegistryError
from reconciler.oci.login import Login

_BASE, _OWN = 192 * 1024, 64 * 1024
"""Bytes: every image has the same base, each repository a layer, and each tag one of its own."""


def fill(
    images: Sequence[SeedImages],
    addresses: Mapping[str, str],
    access_key: tuple[str, str],
    authority: Path | None = None,
) -> None:
    """`addresses` are `host:port` by label; with an `authority` they speak TLS, and it vouches for them.

    Raises ValueError, with the address at fault, for what cannot be pushed.
    """
    login = Login(*access_key)
    for wanted in images:
        where = f"images of {wanted.registry} in {wanted.repository}"
        if wanted.registry not in addresses:
            known = ", ".join(sorted(addresses))
            raise ValueError(f"seed cannot have {where}: no such registry; there are: {known}")
        with closing(_registry(addresses[wanted.registry], login, authority)) as registry:
            for tag in wanted.tags:
                try:
                    push(registry, wanted.repository, picture(wanted.repository, tag), tag)
                except RegistryError as error:
                    raise ValueError(f"seed cannot have {where}: {error}") from error


def _registry(address: str, login: Login, authority: Path | None) -> Registry:
    if authority is None:
        return Registry(address, lambda _: login)
    tls = ssl.create_default_context(cafile=authority)

    def dial(origin: Origin, timeout: float) -> Channel:
        url = urlsplit(str(origin))
        return Channel(url.hostname or "", url.port or 443, seconds=timeout, tls=tls)

    return Registry(address, lambda _: login, plain_http=False, dial=dial)


def picture(repository: str, tag: str) -> Image:
    """The image of a tag: told from every other by its last layer."""
    layers = [_layer("base", _BASE), _layer(repository, _OWN), _layer(f"{repository}:{tag}", _OWN)]
    return image(layers, "2026-10-01T08:00:00Z", version=tag)


def _layer(name: str, size: int) -> Layer:
    content = hashlib.shake_256(name.encode()).digest(size)
    digest = digest_of(content)
    return Layer(content, Descriptor(digest, size, "application/vnd.oci.image.layer.v1.tar"), digest)
