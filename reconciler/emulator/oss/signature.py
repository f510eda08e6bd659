"""Checks signatures of OSS requests in their header: version 1 (HMAC-SHA1) and version 4 (HMAC-SHA256).

From the OSS documentation, "Include a V4 signature in the Authorization header" and its V1 counterpart.
"""

from __future__ import annotations

import hashlib
import hmac
from base64 import b64encode
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from urllib.parse import quote, unquote

from reconciler.emulator.refusal import Refused

_V1, _V4 = "OSS ", "OSS4-HMAC-SHA256 "
_SKEW = timedelta(minutes=15)
# What of a query is part of a resource for version 1, of the operations that there are here.
_SUB_RESOURCES = frozenset(
    {"acl", "bucketInfo", "continuation-token", "delete", "location", "stat", "uploads", "versions"}
)


@dataclass(frozen=True, slots=True)
class ObjectRequest:
    """As received: `bucket` and `key` are decoded, `query` is not; `headers` have lower-case names."""

    method: str
    bucket: str
    key: str
    query: str
    headers: Mapping[str, str] = field(repr=False)


def is_signed(authorization: str) -> bool:
    """Whether a request is one to OSS."""
    return authorization.startswith((_V1, _V4))


def check(request: ObjectRequest, access_key: tuple[str, str], now: datetime | None = None) -> None:
    """Raises Refused unless the request carries a good signature. `now` has a time zone."""
    authorization = request.headers.get("authorization", "")
    moment = now or datetime.now(UTC)
    if authorization.startswith(_V4):
        good = _version_4(request, authorization.removeprefix(_V4), access_key, moment)
    elif authorization.startswith(_V1):
        good = _version_1(request, authorization.removeprefix(_V1), access_key, moment)
    else:
        raise Refused("AccessDenied", "You have no right to access this object because of bucket acl.", 403)
    if not good:
        message = "The request signature we calculated does not match the signature you provided."
        raise Refused("SignatureDoesNotMatch", message, 403)


def _version_1(request: ObjectRequest, credential: str, access_key: tuple[str, str], now: datetime) -> bool:
    key, _, signature = credential.partition(":")
    _known(key, access_key)
    headers = request.headers
    date = headers.get("x-oss-date") or headers.get("date", "")
    _fresh(_http_date(date), now)
    own = "".join(f"{name}:{headers[name].strip()}\n" for name in sorted(headers) if name.startswith("x-oss-"))
    pairs = sorted(_pairs(request.query))
    parts = [f"{name}={value}" if value else name for name, value in pairs if name in _SUB_RESOURCES]
    chosen = f"?{'&'.join(parts)}" if parts else ""
    told = (request.method, headers.get("content-md5", ""), headers.get("content-type", ""), date)
    # With the bucket in the path, clients differ in whether its name ends with a slash.
    resources = [f"/{request.bucket}/{request.key}", *([] if request.key else [f"/{request.bucket}"])]
    texts = ["\n".join((*told, own + resource + chosen)) for resource in resources]
    made = (hmac.new(access_key[1].encode(), text.encode(), hashlib.sha1).digest() for text in texts)
    return any(hmac.compare_digest(b64encode(one).decode(), signature) for one in made)


def _version_4(request: ObjectRequest, credential: str, access_key: tuple[str, str], now: datetime) -> bool:
    fields = dict(part.strip().partition("=")[::2] for part in credential.split(","))
    key, *scope = fields.get("Credential", "").split("/")
    if len(scope) != 4 or scope[2:] != ["oss", "aliyun_v4_request"]:
        raise Refused("AuthorizationHeaderMalformed", "The credential of the request is malformed.", 400)
    _known(key, access_key)
    headers = request.headers
    date = headers.get("x-oss-date", "")
    try:
        sent = datetime.strptime(date, "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
    except ValueError:
        sent = None
    _fresh(sent, now)
    additional = sorted(name for name in fields.get("AdditionalHeaders", "").split(";") if name)
    signed = sorted(
        name
        for name in headers
        if name.startswith("x-oss-") or name in ("content-type", "content-md5") or name in additional
    )
    query = sorted(tuple(pair.partition("=")[::2]) for pair in request.query.split("&") if pair)
    canonical = "\n".join(
        (
            request.method,
            quote(f"/{request.bucket}/{request.key}" if request.bucket else "/", safe="/"),
            "&".join(f"{name}={value}" if value else name for name, value in query),
            "".join(f"{name}:{headers[name].strip()}\n" for name in signed),
            ";".join(additional),
            headers.get("x-oss-content-sha256", "UNSIGNED-PAYLOAD"),
        )
    )
    text = "\n".join((_V4.strip(), date, "/".join(scope), hashlib.sha256(canonical.encode()).hexdigest()))
    made = f"aliyun_v4{access_key[1]}".encode()
    for step in (*scope, text):
        made = hmac.new(made, step.encode(), hashlib.sha256).digest()
    return hmac.compare_digest(made.hex(), fields.get("Signature", ""))


def _known(key: str, access_key: tuple[str, str]) -> None:
    if key != access_key[0]:
        message = "The OSS Access Key Id you provided does not exist in our records."
        raise Refused("InvalidAccessKeyId", message, 403)


def _fresh(sent: datetime | None, now: datetime) -> None:
    if sent is None:
        raise Refused("AccessDenied", "OSS authentication requires a valid Date.", 403)
    if abs(now - sent) > _SKEW:
        message = "The difference between the request time and the current time is too large."
        raise Refused("RequestTimeTooSkewed", message, 403)


def _http_date(text: str) -> datetime | None:
    try:
        return parsedate_to_datetime(text).astimezone(UTC)
    except ValueError:
        return None


def _pairs(query: str) -> list[tuple[str, str]]:
    return [(unquote(name), unquote(value)) for name, _, value in (pair.partition("=") for pair in query.split("&"))]
