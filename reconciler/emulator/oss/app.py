"""The OSS endpoint: objects with ranges, and lists of them (GetBucketV2, known as ListObjectsV2), path-style."""

from __future__ import annotations

import re
from base64 import b64decode, b64encode
from collections import Counter
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import format_datetime
from urllib.parse import parse_qsl, quote
from xml.sax.saxutils import escape

from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from reconciler.emulator.clock import Clock
from reconciler.emulator.identifiers import request_id
from reconciler.emulator.oss import signature
from reconciler.emulator.oss.buckets import Bucket, Buckets, StoredObject
from reconciler.emulator.oss.listing import page
from reconciler.emulator.refusal import Refused

_RANGE = re.compile(r"bytes=([0-9]+)-([0-9]*)")
_KEYS = 100
_MOST_KEYS = 1000


class Oss:
    """An ASGI application. `requests` counts by `("oss", "GET object")` and the like."""

    def __init__(
        self, buckets: Buckets, clock: Clock, access_key: tuple[str, str], requests: Counter[tuple[str, str]]
    ) -> None:
        self._buckets = buckets
        self._clock = clock
        self._access_key = access_key
        self._requests = requests

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope, receive)
        identity = request_id()
        bucket, _, key = request.url.path.lstrip("/").partition("/")
        try:
            headers = {name.lower(): value for name, value in request.headers.items()}
            asked = signature.ObjectRequest(request.method, bucket, key, request.url.query, headers)
            self._requests["oss", f"{request.method} {'object' if key else 'bucket'}"] += 1
            signature.check(asked, self._access_key)
            response = await self._answer(request, bucket, key)
        except Refused as refusal:
            body = "" if request.method == "HEAD" else _error(refusal, identity)
            response = Response(body, refusal.status or 400, media_type="application/xml")
        response.headers["x-oss-request-id"] = identity
        await response(scope, receive, send)

    async def _answer(self, request: Request, bucket: str, key: str) -> Response:
        match request.method:
            case "GET" if not key:
                return self._list(self._buckets.bucket(bucket), dict(parse_qsl(request.url.query, True)))
            case "PUT" if not key:
                self._buckets.create(bucket)
                return Response(status_code=200)
            case "GET":
                return self._get(bucket, self._buckets.object(bucket, key), request.headers.get("range", ""))
            case "HEAD" if key:
                stored = self._buckets.object(bucket, key)
                return Response(headers={**_headers(stored), "content-length": str(stored.size)})
            case "PUT":
                stored = self._buckets.put(bucket, key, await request.body(), self._clock.now())
                return Response(status_code=200, headers=_headers(stored))
            case "DELETE" if key:
                self._buckets.delete(bucket, key)
                return Response(status_code=204)
            case _:
                raise Refused(
                    "NotImplemented", "A header you provided implies functionality that is not implemented.", 501
                )

    def _get(self, bucket: str, stored: StoredObject, ranged: str) -> Response:
        asked = _RANGE.fullmatch(ranged)
        if asked is None or int(asked[1]) >= stored.size:
            # OSS answers a range that cannot be had with the whole object.
            return Response(self._buckets.read(bucket, stored, 0, stored.size), headers=_headers(stored))
        start, end = int(asked[1]), min(int(asked[2] or stored.size) + 1, stored.size)
        content = self._buckets.read(bucket, stored, start, end)
        told = {"content-range": f"bytes {start}-{end - 1}/{stored.size}"}
        return Response(content, 206, headers={**_headers(stored), **told})

    def _list(self, bucket: Bucket, query: Mapping[str, str]) -> Response:
        prefix, delimiter = query.get("prefix", ""), query.get("delimiter", "")
        limit = min(int(query.get("max-keys") or _KEYS), _MOST_KEYS)
        token = query.get("continuation-token", "")
        after = b64decode(token).decode() if token else query.get("start-after", "")
        found = page(bucket.objects, prefix, delimiter, after, limit)
        objects = [bucket.objects[key] for key in found.keys]
        encode = quote if query.get("encoding-type") == "url" else escape
        fields = [
            f"<Name>{escape(bucket.name)}</Name><Prefix>{encode(prefix)}</Prefix><MaxKeys>{limit}</MaxKeys>",
            f"<Delimiter>{encode(delimiter)}</Delimiter><IsTruncated>{str(found.more).lower()}</IsTruncated>",
            f"<KeyCount>{len(found.keys) + len(found.folders)}</KeyCount>",
        ]
        if query.get("encoding-type") == "url":
            fields.append("<EncodingType>url</EncodingType>")
        if found.more:
            fields.append(f"<NextContinuationToken>{b64encode(found.last.encode()).decode()}</NextContinuationToken>")
        fields += [
            f"<Contents><Key>{encode(stored.key)}</Key><LastModified>{_iso(stored.modified)}</LastModified>"
            f'<ETag>"{stored.md5.upper()}"</ETag><Type>Normal</Type><Size>{stored.size}</Size>'
            "<StorageClass>Standard</StorageClass></Contents>"
            for stored in objects
        ]
        fields += [f"<CommonPrefixes><Prefix>{encode(folder)}</Prefix></CommonPrefixes>" for folder in found.folders]
        return _xml(f"<ListBucketResult>{''.join(fields)}</ListBucketResult>")


def _headers(stored: StoredObject) -> dict[str, str]:
    moment = datetime.fromtimestamp(stored.modified / 1000, UTC)
    return {
        "etag": f'"{stored.md5.upper()}"',
        "last-modified": format_datetime(moment, usegmt=True),
        "x-oss-object-type": "Normal",
        "accept-ranges": "bytes",
    }


def _iso(modified: int) -> str:
    return datetime.fromtimestamp(modified / 1000, UTC).strftime("%Y-%m-%dT%H:%M:%S.") + f"{modified % 1000:03}Z"


def _error(refusal: Refused, identity: str) -> str:
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        f"<Error><Code>{refusal.code}</Code><Message>{escape(refusal.message)}</Message>"
        f"<RequestId>{identity}</RequestId><HostId>localhost</HostId></Error>"
    )


def _xml(body: str) -> Response:
    return Response(f'<?xml version="1.0" encoding="UTF-8"?>\n{body}', media_type="application/xml")
