"""Writing and reading manifests of a registry that we store: bytes as they came, nothing that points nowhere."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response

from reconciler.emulator.catalogue import Repository
from reconciler.emulator.cloud import Cloud
from reconciler.emulator.content import StoredManifest, read_manifest
from reconciler.emulator.refusal import Refused
from reconciler.emulator.registry.answers import API_VERSION, RegistryRefusal, empty
from reconciler.emulator.store import Store
from reconciler.emulator.tagging import check_overwrite
from reconciler.model.image import Digest
from reconciler.model.json_value import Json

_LARGEST = 4 * 1024 * 1024
"""Bytes of a manifest; docker/distribution has the same limit."""


def read(request: Request, store: Store, repository: str, reference: str) -> Response:
    """HEAD or GET by tag or digest."""
    try:
        manifest = store.read_manifest(repository, reference)
    except KeyError:
        raise RegistryRefusal(404, "MANIFEST_UNKNOWN", f"manifest unknown: {reference}") from None
    headers = {
        **API_VERSION,
        "Docker-Content-Digest": manifest.digest,
        "Content-Type": manifest.media_type,
        "Content-Length": str(len(manifest.data)),
        "ETag": f'"{manifest.digest}"',
    }
    return Response(None if request.method == "HEAD" else manifest.data, headers=headers)


async def received(request: Request, reference: str) -> StoredManifest:
    """The manifest in the body of a PUT. Raises RegistryRefusal when it is not one, or not the one of `reference`."""
    body = b""
    async for chunk in request.stream():
        body += chunk
        if len(body) > _LARGEST:
            raise RegistryRefusal(413, "MANIFEST_INVALID", f"manifest is larger than {_LARGEST} bytes")
    try:
        manifest = read_manifest(body, request.headers.get("content-type", ""))
    except ValueError as failure:
        raise RegistryRefusal(400, "MANIFEST_INVALID", str(failure)) from None
    if ":" in reference and manifest.digest != reference:
        raise RegistryRefusal(400, "DIGEST_INVALID", "provided digest did not match uploaded content")
    return manifest


def check_tag(repository: Repository, reference: str, existing: Digest | None, manifest: StoredManifest) -> None:
    """Raises RegistryRefusal when the tag must stay where it is."""
    try:
        check_overwrite(repository, reference, existing, manifest.digest)
    except Refused as refusal:
        raise RegistryRefusal(403, "DENIED", refusal.message) from None


async def write(request: Request, store: Store, repository: Repository, reference: str) -> StoredManifest:
    """Raises RegistryRefusal when something that the manifest needs is not in the repository."""
    manifest = await received(request, reference)
    path = repository.path
    missing = [blob.digest for blob in manifest.blobs if store.blob_size(path, blob.digest) is None]
    missing += [child.digest for child in manifest.children if store.digest_of(path, child.digest) is None]
    if missing:
        detail: list[Json] = [{"digest": digest} for digest in missing]
        raise RegistryRefusal(400, "MANIFEST_BLOB_UNKNOWN", f"blob unknown to registry: {missing[0]}", detail=detail)
    tag = None if ":" in reference else reference
    if tag is not None:
        check_tag(repository, tag, store.digest_of(path, tag), manifest)
    await store.write_manifest(path, manifest, tag)
    return manifest


def created(base: str, repository: str, manifest: StoredManifest) -> Response:
    headers = {
        "Location": f"{base}/v2/{repository}/manifests/{manifest.digest}",
        "Docker-Content-Digest": manifest.digest,
    }
    if manifest.subject is not None:
        headers["OCI-Subject"] = manifest.subject
    return empty(201, headers)


async def delete(store: Store, cloud: Cloud, repository: Repository, reference: str) -> Response:
    """A tag alone, or a manifest with every tag that points at it."""
    digest = store.digest_of(repository.path, reference)
    if digest is None:
        raise RegistryRefusal(404, "MANIFEST_UNKNOWN", f"manifest unknown: {reference}")
    if ":" in reference:
        gone = store.delete_manifest(repository.path, digest)
    else:
        await store.delete_tag(repository.path, reference)
        gone = [reference]
    for tag in gone:
        repository.tags.pop(tag, None)
    cloud.changed()
    return empty(202)
