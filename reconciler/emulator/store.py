"""A registry's content in the storage layout of docker/distribution, so that other tools can read the tree.

docker/registry/v2/blobs/sha256/<xx>/<hex>/data
docker/registry/v2/repositories/<path>/_layers/sha256/<hex>/link
docker/registry/v2/repositories/<path>/_manifests/revisions/sha256/<hex>/link
docker/registry/v2/repositories/<path>/_manifests/tags/<tag>/{current/link, index/sha256/<hex>/link}
docker/registry/v2/repositories/<path>/_uploads/<id>/data
"""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import AsyncIterator, Sequence
from contextlib import AbstractContextManager
from typing import IO

from reconciler.emulator.content import CHUNK, StoredManifest, read_manifest
from reconciler.emulator.files import Files, Sink
from reconciler.model.image import Descriptor, Digest, parse_digest

_ROOT = "docker/registry/v2"


class Store:
    """Implements `Content` over files. One event loop uses it, so each method runs undisturbed up to its next await."""

    def __init__(self, files: Files) -> None:
        self._files = files
        self._referrers: dict[str, dict[Digest, list[Digest]]] = {}

    async def repositories(self) -> Sequence[str]:
        return sorted(self._walk(""))

    async def tags(self, repository: str) -> Sequence[str]:
        return self.tag_names(repository)

    def tag_names(self, repository: str) -> list[str]:
        return self._files.names(f"{_repository(repository)}/_manifests/tags")

    async def resolve(self, repository: str, reference: str) -> Digest | None:
        return self.digest_of(repository, reference)

    def digest_of(self, repository: str, reference: str) -> Digest | None:
        """The digest of a manifest by tag or digest, or None."""
        if ":" not in reference:
            try:
                link = self._files.read(f"{_tag(repository, reference)}/current/link")
            except FileNotFoundError:
                return None
            return parse_digest(link.decode())
        if self._files.size(f"{_revision(repository, reference)}/link") is None:
            return None
        return parse_digest(reference)

    async def manifest(self, repository: str, reference: str) -> StoredManifest:
        return self.read_manifest(repository, reference)

    def read_manifest(self, repository: str, reference: str) -> StoredManifest:
        """Raises KeyError when it is not there."""
        digest = self.digest_of(repository, reference)
        if digest is None:
            raise KeyError(reference)
        return read_manifest(self._files.read(_blob(digest)))

    async def has_blob(self, repository: str, digest: Digest) -> bool:
        return self.blob_size(repository, digest) is not None

    def blob_size(self, repository: str, digest: Digest) -> int | None:
        """Bytes, or None when the repository does not hold the blob."""
        if self._files.size(f"{_layer(repository, digest)}/link") is None:
            return None
        return self._files.size(_blob(digest))

    def open_blob(self, digest: Digest) -> IO[bytes]:
        return self._files.open(_blob(digest))

    async def read_blob(self, repository: str, digest: Digest) -> AsyncIterator[bytes]:
        if self.blob_size(repository, digest) is None:
            raise KeyError(digest)
        with self.open_blob(digest) as data:
            while chunk := data.read(CHUNK):
                yield chunk

    async def write_blob(self, repository: str, blob: Descriptor, chunks: AsyncIterator[bytes]) -> None:
        upload = str(uuid.uuid4())
        hasher = hashlib.sha256()
        with self.append_upload(repository, upload) as sink:
            async for chunk in chunks:
                hasher.update(chunk)
                sink.write(chunk)
        if f"sha256:{hasher.hexdigest()}" != blob.digest:
            self.discard_upload(repository, upload)
            raise ValueError(f"content does not have the digest: {blob.digest}")
        self.finish_upload(repository, upload, blob.digest)

    def append_upload(self, repository: str, upload: str) -> AbstractContextManager[Sink]:
        return self._files.append(f"{_upload(repository, upload)}/data")

    def finish_upload(self, repository: str, upload: str, digest: Digest) -> None:
        """The upload becomes a blob; its digest was checked by the caller."""
        if self._files.size(_blob(digest)) is None:
            self._files.move(f"{_upload(repository, upload)}/data", _blob(digest))
        self.discard_upload(repository, upload)
        self.link_blob(repository, digest)

    def discard_upload(self, repository: str, upload: str) -> None:
        self._files.remove(_upload(repository, upload))

    def link_blob(self, repository: str, digest: Digest) -> None:
        self._files.write(f"{_layer(repository, digest)}/link", digest.encode())

    def unlink_blob(self, repository: str, digest: Digest) -> None:
        self._files.remove(_layer(repository, digest))

    async def write_manifest(self, repository: str, manifest: StoredManifest, tag: str | None) -> None:
        digest = manifest.digest
        if self._files.size(_blob(digest)) is None:
            self._files.write(_blob(digest), manifest.data)
        self._files.write(f"{_revision(repository, digest)}/link", digest.encode())
        self._referrers.pop(repository, None)
        if tag is not None:
            self._files.write(f"{_tag(repository, tag)}/index/sha256/{_hex(digest)}/link", digest.encode())
            self._files.write(f"{_tag(repository, tag)}/current/link", digest.encode())

    async def delete_tag(self, repository: str, tag: str) -> None:
        self._files.remove(_tag(repository, tag))

    def delete_manifest(self, repository: str, digest: Digest) -> list[str]:
        """Removes the manifest and every tag that points at it; returns those tags."""
        tags = [tag for tag in self.tag_names(repository) if self.digest_of(repository, tag) == digest]
        for tag in tags:
            self._files.remove(_tag(repository, tag))
        self._files.remove(_revision(repository, digest))
        self._referrers.pop(repository, None)
        return tags

    async def delete_repository(self, repository: str) -> None:
        for folder in ("_layers", "_manifests", "_uploads"):
            self._files.remove(f"{_repository(repository)}/{folder}")
        self._referrers.pop(repository, None)

    def referrers(self, repository: str, subject: Digest) -> list[StoredManifest]:
        """Manifests of the repository whose `subject` is this digest."""
        if repository not in self._referrers:
            index: dict[Digest, list[Digest]] = {}
            for name in self._files.names(f"{_repository(repository)}/_manifests/revisions/sha256"):
                manifest = self.read_manifest(repository, f"sha256:{name}")
                if manifest.subject is not None:
                    index.setdefault(manifest.subject, []).append(manifest.digest)
            self._referrers[repository] = index
        return [self.read_manifest(repository, digest) for digest in self._referrers[repository].get(subject, [])]

    def _walk(self, path: str) -> list[str]:
        found: list[str] = []
        for name in self._files.names(_repository(path)):
            inner = f"{path}/{name}" if path else name
            if name == "_manifests":
                found.append(path)
            elif not name.startswith("_"):
                found.extend(self._walk(inner))
        return found


def _hex(digest: str) -> str:
    return digest.partition(":")[2]


def _repository(path: str) -> str:
    return f"{_ROOT}/repositories/{path}" if path else f"{_ROOT}/repositories"


def _blob(digest: str) -> str:
    return f"{_ROOT}/blobs/sha256/{_hex(digest)[:2]}/{_hex(digest)}/data"


def _layer(repository: str, digest: str) -> str:
    return f"{_repository(repository)}/_layers/sha256/{_hex(digest)}"


def _revision(repository: str, digest: str) -> str:
    return f"{_repository(repository)}/_manifests/revisions/sha256/{_hex(digest)}"


def _tag(repository: str, tag: str) -> str:
    return f"{_repository(repository)}/_manifests/tags/{tag}"


def _upload(repository: str, upload: str) -> str:
    return f"{_repository(repository)}/_uploads/{upload}"
