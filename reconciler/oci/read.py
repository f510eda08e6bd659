"""What planning asks of registries: what images consist of, and what of it is at a target already."""

from __future__ import annotations

from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

from reconciler.model.image import Digest, ManifestContent
from reconciler.oci.client import Registry


def read_content(
    registry: Registry, repository: str, digest: Digest, *, workers: int = 8
) -> dict[Digest, ManifestContent]:
    """The manifest `digest`, everything under it and its referrers. Raises RegistryError."""
    return read_contents(registry, repository, (digest,), workers=workers)


def read_contents(
    registry: Registry, repository: str, digests: Iterable[Digest], *, workers: int = 8
) -> dict[Digest, ManifestContent]:
    """As `read_content` for several manifests of one repository; what they share is read once."""
    contents: dict[Digest, ManifestContent] = {}
    wave = list(dict.fromkeys(digests))
    with ThreadPoolExecutor(workers, thread_name_prefix="read") as pool:
        while wave:
            found = list(pool.map(lambda digest: _read(registry, repository, digest), wave))
            contents.update((content.digest, content) for content in found)
            linked = (d.digest for content in found for d in content.manifests + content.referrers)
            wave = [digest for digest in dict.fromkeys(linked) if digest not in contents]
    return contents


def present(
    registry: Registry, repository: str, blobs: Iterable[Digest], manifests: Iterable[Digest] = (), *, workers: int = 8
) -> frozenset[Digest]:
    """Which of these the repository holds; a repository that does not exist holds none. Raises RegistryError."""

    def blob_there(digest: Digest) -> bool:
        return registry.head_blob(repository, digest) is not None

    def manifest_there(digest: Digest) -> bool:
        return registry.head_manifest(repository, digest) is not None

    wanted = [(blob_there, digest) for digest in dict.fromkeys(blobs)]
    wanted += [(manifest_there, digest) for digest in dict.fromkeys(manifests)]
    with ThreadPoolExecutor(workers, thread_name_prefix="presence") as pool:
        there = list(pool.map(lambda question: question[0](question[1]), wanted))
    return frozenset(digest for (_, digest), held in zip(wanted, there, strict=True) if held)


def _read(registry: Registry, repository: str, digest: Digest) -> ManifestContent:
    content = registry.manifest(repository, digest).content
    return replace(content, referrers=registry.referrers(repository, digest))
