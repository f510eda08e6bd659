"""ACS3-HMAC-SHA256, the signature of Alibaba Cloud's OpenAPI, as a function of what is sent.

Source: https://www.alibabacloud.com/help/en/sdk/product-overview/v3-request-structure-and-signature, in the variant of
the official libraries, which sign every header that they set and not only the required ones.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Iterable, Mapping
from urllib.parse import quote

ALGORITHM = "ACS3-HMAC-SHA256"


def payload_hash(body: bytes) -> str:
    """The value of `x-acs-content-sha256`."""
    return hashlib.sha256(body).hexdigest()


def canonical_query(query: Mapping[str, str]) -> str:
    """Pairs sorted by key, values percent-encoded as RFC 3986 asks: a space is `%20`, `~` stays."""
    return "&".join(f"{key}={quote(query[key], safe='~')}" for key in sorted(query))


def canonical_request(
    method: str, path: str, query: Mapping[str, str], headers: Mapping[str, str], signed: Iterable[str], body_hash: str
) -> str:
    """The text that is hashed. `headers` have lower-case names; those named by `signed` take part. Raises KeyError when
    one of them is absent."""
    names = sorted(signed)
    lines = "".join(f"{name}:{headers[name].strip()}\n" for name in names)
    return "\n".join((method, path, canonical_query(query), lines, ";".join(names), body_hash))


def signature(secret: str, request: str) -> str:
    """The signature of a canonical request, in hex."""
    to_sign = f"{ALGORITHM}\n{hashlib.sha256(request.encode()).hexdigest()}"
    return hmac.new(secret.encode(), to_sign.encode(), hashlib.sha256).hexdigest()


def authorization(
    access_key_id: str, secret: str, method: str, path: str, query: Mapping[str, str], headers: Mapping[str, str]
) -> str:
    """The `Authorization` header for a request whose `headers`, all of them signed, include `x-acs-content-sha256`."""
    names = sorted(headers)
    request = canonical_request(method, path, query, headers, names, headers["x-acs-content-sha256"])
    return (
        f"{ALGORITHM} Credential={access_key_id},SignedHeaders={';'.join(names)},Signature={signature(secret, request)}"
    )
