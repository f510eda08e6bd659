"""Manifests: the bytes that a registry serves, and what they point at. The bytes are never written anew."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

from reconciler.model.image import Descriptor, Digest, ManifestContent, parse_digest

OCI_MANIFEST = "application/vnd.oci.image.manifest.v1+json"
OCI_INDEX = "application/vnd.oci.image.index.v1+json"
OCI_ARTIFACT = "application/vnd.oci.artifact.manifest.v1+json"
DOCKER_MANIFEST = "application/vnd.docker.distribution.manifest.v2+json"
DOCKER_LIST = "application/vnd.docker.distribution.manifest.list.v2+json"
OCI_EMPTY = "application/vnd.oci.empty.v1+json"

MANIFEST_TYPES = (OCI_INDEX, DOCKER_LIST, OCI_MANIFEST, DOCKER_MANIFEST, OCI_ARTIFACT)
_INDEX_TYPES = (OCI_INDEX, DOCKER_LIST)
_SCHEMA_1_TYPES = (
    "application/vnd.docker.distribution.manifest.v1+json",
    "application/vnd.docker.distribution.manifest.v1+prettyjws",
)
_UNTYPED = ("", "application/json", "application/octet-stream", "text/plain")
_NOT_DISTRIBUTED = (
    "application/vnd.docker.image.rootfs.foreign.diff.",
    "application/vnd.oci.image.layer.nondistributable.",
)

_PLATFORM_PART = re.compile(r"[A-Za-z0-9._-]+")

MANIFEST_LIMIT = 16 * 1024 * 1024
"""Bytes of a manifest that are read at most; registries refuse them above 4 MiB."""

DIGEST_ALGORITHMS = ("sha256", "sha512")


@dataclass(frozen=True, slots=True)
class Manifest:
    """A manifest as served: `raw` is byte-exact, `content` is what copying needs of it.

    `artifact_type` and `annotations` are what a list of referrers repeats of it.
    """

    raw: bytes = field(repr=False)
    content: ManifestContent
    artifact_type: str = ""
    annotations: Mapping[str, str] = field(default_factory=dict)

    @property
    def digest(self) -> Digest:
        return self.content.digest

    @property
    def media_type(self) -> str:
        return self.content.media_type


class ManifestUnreadable(ValueError):
    """The bytes are no manifest that can be copied; the text says why."""


def digest_bytes(raw: bytes, algorithm: str = "sha256") -> Digest:
    return Digest(f"{algorithm}:{hashlib.new(algorithm, raw).hexdigest()}")


def algorithm_of(digest: Digest) -> str:
    return digest.split(":", 1)[0]


def parse(raw: bytes, served_as: str = "", *, algorithm: str = "sha256") -> Manifest:
    """Read a manifest; `served_as` is the Content-Type that it came with.

    Raises ManifestUnreadable for schema 1, for JSON that is no manifest, and for one that claims to be two kinds.
    """
    document = _document(raw)
    if document.get("schemaVersion") == 1 or served_as in _SCHEMA_1_TYPES:
        raise ManifestUnreadable("docker schema 1 manifest: push the image again with a current client, then copy it")
    media_type = _media_type(document, served_as.split(";", 1)[0].strip())
    if "manifests" in document:
        entries = [_child(entry) for entry in _list(document, "manifests")]
        # Build caches list layers in an index; what is not a manifest is a blob (the media type decides).
        children = [d for d in entries if _is_manifest(d.media_type)]
        blobs = [d for d in entries if not _is_manifest(d.media_type)]
        foreign = 0
        config_type = ""
    else:
        children = []
        parts = [_object(part, "layer") for part in _list(document, "layers") + _list(document, "blobs")]
        foreign = sum(_is_foreign(part) for part in parts)
        blobs = [_descriptor(part) for part in parts if not _is_foreign(part)]
        config_type = ""
        if "config" in document:
            config = _descriptor(document["config"])
            config_type = config.media_type
            blobs.insert(0, config)
    subject = document.get("subject")
    content = ManifestContent(
        digest=digest_bytes(raw, algorithm),
        size=len(raw),
        media_type=media_type,
        blobs=_unique(blobs),
        manifests=_unique(children),
        subject=None if subject is None else _descriptor(subject).digest,
        foreign=foreign,
    )
    return Manifest(raw, content, _text(document, "artifactType") or config_type, _annotations(document))


def _document(raw: bytes) -> dict[str, object]:
    try:
        parsed: object = json.loads(raw)
    except (ValueError, RecursionError) as error:
        raise ManifestUnreadable("manifest is not JSON") from error
    return _object(parsed, "manifest")


def _media_type(document: Mapping[str, object], served_as: str) -> str:
    """The type that the document states, else the one that it was served as, else the one that its shape shows."""
    stated = _text(document, "mediaType")
    if "manifests" in document and ("layers" in document or "config" in document):
        raise ManifestUnreadable("manifest has both `manifests` and `layers`: it would mean two images at once")
    shape = OCI_INDEX if "manifests" in document else OCI_MANIFEST if "config" in document else ""
    media_type = stated or (shape if served_as in _UNTYPED else served_as)
    if media_type not in MANIFEST_TYPES:
        # Of a type that nobody knows yet, but what it needs is where every manifest has it.
        if media_type and ("manifests" in document or ("config" in document and "layers" in document)):
            return media_type
        raise ManifestUnreadable(f"not a manifest type that can be copied: {media_type or 'none stated'}")
    is_index = media_type in _INDEX_TYPES
    if is_index != ("manifests" in document) or (
        media_type in (OCI_MANIFEST, DOCKER_MANIFEST) and shape != OCI_MANIFEST
    ):
        raise ManifestUnreadable(f"manifest does not have the fields of its type: {media_type}")
    return media_type


def _is_manifest(media_type: str) -> bool:
    """Whether an entry of an index is a manifest, as far as its type tells."""
    if media_type in MANIFEST_TYPES or media_type in _SCHEMA_1_TYPES or not media_type:
        return True
    return media_type.endswith("+json") and (".manifest." in media_type or ".index." in media_type)


def _is_foreign(part: Mapping[str, object]) -> bool:
    """Layers that live at their own URLs by design. Without a URL nobody else has them, so they are copied."""
    return _text(part, "mediaType").startswith(_NOT_DISTRIBUTED) and bool(_list(part, "urls"))


def _descriptor(value: object) -> Descriptor:
    fields = _object(value, "descriptor")
    size = fields.get("size")
    if not isinstance(size, int) or isinstance(size, bool) or size < 0:
        raise ManifestUnreadable(f"descriptor has no valid `size`: {size!r}")
    try:
        digest = parse_digest(_text(fields, "digest"))
    except ValueError as error:
        raise ManifestUnreadable(str(error)) from error
    return Descriptor(digest, size, _text(fields, "mediaType"))


def _child(value: object) -> Descriptor:
    return replace(_descriptor(value), platform=_platform(_object(value, "descriptor").get("platform")))


def _platform(value: object) -> str:
    """`os/architecture[/variant]`; empty for what is no platform, since copying does not depend on it."""
    if not isinstance(value, dict):
        return ""
    parts = [value.get("os"), value.get("architecture"), *([value["variant"]] if value.get("variant") else [])]
    return "/".join(parts) if all(isinstance(part, str) and _PLATFORM_PART.fullmatch(part) for part in parts) else ""


def _unique(descriptors: Iterable[Descriptor]) -> tuple[Descriptor, ...]:
    unique: dict[Digest, Descriptor] = {}
    for descriptor in descriptors:
        known = unique.setdefault(descriptor.digest, descriptor)
        if known.size != descriptor.size:
            raise ManifestUnreadable(f"manifest gives two sizes for one digest: {descriptor.digest}")
    return tuple(unique.values())


def _object(value: object, what: str) -> dict[str, object]:
    if not isinstance(value, dict):
        raise ManifestUnreadable(f"{what} is not a JSON object")
    return value


def _list(document: Mapping[str, object], name: str) -> list[object]:
    value = document.get(name)
    if value is None:
        return []
    if not isinstance(value, list):
        raise ManifestUnreadable(f"`{name}` is not a list")
    return value


def _text(document: Mapping[str, object], name: str) -> str:
    value = document.get(name, "")
    if not isinstance(value, str):
        raise ManifestUnreadable(f"`{name}` is not a string")
    return value


def _annotations(document: Mapping[str, object]) -> dict[str, str]:
    value = document.get("annotations")
    if not isinstance(value, dict):
        return {}
    return {key: text for key, text in value.items() if isinstance(text, str)}
