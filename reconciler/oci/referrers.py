"""Lists of referrers, as the referrers API answers and as the fallback tag holds them (distribution spec 1.1)."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence

from reconciler.model.image import Descriptor, Digest
from reconciler.model.json_value import Json
from reconciler.oci.manifest import OCI_INDEX, Manifest, ManifestUnreadable, parse


def fallback_tag(subject: Digest) -> str:
    """The tag that lists a manifest's referrers in registries without the referrers API."""
    return subject.replace(":", "-", 1)[:128]


def listed(raw: bytes) -> tuple[Descriptor, ...]:
    """The referrers in an index. Raises ManifestUnreadable when it is none."""
    manifest = parse(raw, OCI_INDEX)
    return manifest.content.manifests + manifest.content.blobs


def with_referrer(raw: bytes | None, referrer: Manifest) -> bytes | None:
    """The fallback index `raw` (None: there is none yet) with `referrer` added; None when it is listed already.

    Raises ManifestUnreadable when `raw` is no index.
    """
    if raw is None:
        document: Mapping[str, Json] = {"schemaVersion": 2, "mediaType": OCI_INDEX}
        entries: Sequence[Json] = []
    else:
        if any(entry.digest == referrer.digest for entry in listed(raw)):
            return None
        document = json.loads(raw)
        entries = _entries(document)
    added: dict[str, Json] = {
        "mediaType": referrer.media_type,
        "digest": referrer.digest,
        "size": referrer.content.size,
    }
    if referrer.artifact_type:
        added["artifactType"] = referrer.artifact_type
    if referrer.annotations:
        added["annotations"] = dict(referrer.annotations)
    index: dict[str, Json] = {**document, "manifests": [*entries, added]}
    return json.dumps(index, separators=(",", ":"), ensure_ascii=False).encode()


def _entries(document: Mapping[str, Json]) -> Sequence[Json]:
    entries = document.get("manifests")
    if isinstance(entries, str) or not isinstance(entries, Sequence):
        raise ManifestUnreadable("`manifests` is not a list")
    return entries
