"""Reading blobs, tags and referrers from a registry that we store."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Sequence
from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from reconciler.emulator.content import OCI_INDEX
from reconciler.emulator.registry.answers import API_VERSION, BlobAnswer, RegistryRefusal, empty
from reconciler.emulator.store import Store
from reconciler.model.image import Digest
from reconciler.model.json_value import Json

_RANGE = re.compile(r"bytes=(\d*)-(\d*)")


def blob(request: Request, store: Store, repository: str, digest: Digest) -> Response:
    """HEAD or GET of a blob, whole or one byte range."""
    size = store.blob_size(repository, digest)
    if size is None:
        raise RegistryRefusal(404, "BLOB_UNKNOWN", "blob unknown to registry", detail={"digest": digest})
    headers = {
        "Docker-Content-Digest": digest,
        "Content-Type": "application/octet-stream",
        "Accept-Ranges": "bytes",
        "ETag": f'"{digest}"',
    }
    if request.method == "HEAD":
        return Response(status_code=200, headers={**API_VERSION, **headers, "Content-Length": str(size)})
    span = _range(request.headers.get("range", ""), size)
    if span is None:
        return BlobAnswer(store.open_blob(digest), size, 200, headers)
    start, stop = span
    if start >= stop:
        return empty(416, {"Content-Range": f"bytes */{size}"})
    data = store.open_blob(digest)
    data.seek(start)
    headers["Content-Range"] = f"bytes {start}-{stop - 1}/{size}"
    return BlobAnswer(data, stop - start, 206, headers)


def _range(header: str, size: int) -> tuple[int, int] | None:
    """Start and end (exclusive); equal when nothing can be served; None without a usable header."""
    match = _RANGE.fullmatch(header)
    if match is None or match.groups() == ("", ""):
        return None
    first, last = match.groups()
    if not first:
        return (max(0, size - int(last)), size)
    return (int(first), min(size, int(last) + 1 if last else size))


def tag_list(request: Request, repository: str, names: Sequence[str]) -> Response:
    """`n` and `last` page through the names in byte order."""
    ordered = sorted(names)
    last, limit = request.query_params.get("last", ""), request.query_params.get("n", "")
    start = bisect_right(ordered, last) if last else 0
    if limit and not limit.isdecimal():
        raise RegistryRefusal(400, "PAGINATION_NUMBER_INVALID", f"not a number: {limit}")
    stop = start + int(limit) if limit else len(ordered)
    shown = ordered[start:stop]
    headers = dict(API_VERSION)
    if stop < len(ordered) and shown:
        query = urlencode({"last": shown[-1], "n": limit})
        headers["Link"] = f'</v2/{repository}/tags/list?{query}>; rel="next"'
    return JSONResponse({"name": repository, "tags": shown}, headers=headers)


def referrers(request: Request, store: Store, repository: str, digest: Digest) -> Response:
    """An index of all that names `digest` as its subject; empty when nothing does."""
    wanted = request.query_params.get("artifactType")
    rows: list[Json] = []
    for manifest in store.referrers(repository, digest):
        if wanted not in (None, manifest.artifact_type):
            continue
        row: dict[str, Json] = {
            "mediaType": manifest.media_type,
            "digest": manifest.digest,
            "size": len(manifest.data),
            "artifactType": manifest.artifact_type,
        }
        if manifest.annotations:
            row["annotations"] = dict(manifest.annotations)
        rows.append(row)
    headers = {**API_VERSION, "OCI-Filters-Applied": "artifactType"} if wanted else API_VERSION
    body = {"schemaVersion": 2, "mediaType": OCI_INDEX, "manifests": rows}
    return JSONResponse(body, headers=headers, media_type=OCI_INDEX)
