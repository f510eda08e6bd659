"""Checks request signatures: ACS3-HMAC-SHA256 and the older signature of RPC calls (HMAC-SHA1 in the query).

Written from the published rules and kept apart from the client's signer, so that the two check each other.
"""

from __future__ import annotations

import hashlib
import hmac
from base64 import b64encode
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import takewhile
from urllib.parse import parse_qsl, quote

from reconciler.emulator.refusal import Refused
from reconciler.emulator.temporary_keys import TemporaryKeys

_ALGORITHM = "ACS3-HMAC-SHA256"
_SIGNED_AT_LEAST = frozenset(
    {"host", "x-acs-action", "x-acs-version", "x-acs-date", "x-acs-signature-nonce", "x-acs-content-sha256"}
)
_SKEW = timedelta(minutes=15)


@dataclass(frozen=True, slots=True)
class SignedRequest:
    """As received: `path` still percent-encoded, `headers` with lower-case names, `form` parsed from the body."""

    method: str
    path: str
    query: str
    headers: Mapping[str, str]
    body: bytes
    form: Sequence[tuple[str, str]] = ()


@dataclass(slots=True)
class SignatureCheck:
    """Remembers the nonces that it has seen for as long as their timestamps are accepted."""

    access_key: tuple[str, str] = field(repr=False)
    temporary: TemporaryKeys = field(default_factory=TemporaryKeys, repr=False)
    _nonces: dict[str, datetime] = field(default_factory=dict, repr=False)

    def check(self, request: SignedRequest, now: datetime | None = None) -> None:
        """Raises Refused unless the request carries a good signature. `now` has a time zone."""
        moment = now or datetime.now(UTC)
        authorization = request.headers.get("authorization", "")
        query = parse_qsl(request.query, keep_blank_values=True)
        if authorization.startswith(_ALGORITHM):
            self._check_header(request, query, authorization, moment)
        elif any(name == "Signature" for name, _ in (*query, *request.form)):
            self._check_query(request, query, moment)
        else:
            raise Refused("IncompleteSignature", "the request is not signed", 400)

    def _check_header(
        self, request: SignedRequest, query: Sequence[tuple[str, str]], authorization: str, now: datetime
    ) -> None:
        fields = dict(
            part.strip().partition("=")[::2] for part in authorization[len(_ALGORITHM) :].split(",") if "=" in part
        )
        token = request.headers.get("x-acs-security-token", "")
        secret = self._secret(fields.get("Credential", ""), token, now)
        signed = fields.get("SignedHeaders", "").split(";")
        needed = _SIGNED_AT_LEAST | ({"x-acs-security-token"} if token else set())
        lacking = sorted((needed - set(signed)) | (set(signed) - request.headers.keys()))
        if lacking:
            raise Refused("IncompleteSignature", f"headers are missing or not signed: {', '.join(lacking)}", 400)
        payload = hashlib.sha256(request.body).hexdigest()
        if request.headers["x-acs-content-sha256"] != payload:
            raise Refused("SignatureDoesNotMatch", "`x-acs-content-sha256` is not the digest of the body", 400)
        canonical = "\n".join(
            (
                request.method,
                request.path,
                _canonical_query(query),
                "".join(f"{name}:{request.headers[name].strip()}\n" for name in sorted(signed)),
                ";".join(sorted(signed)),
                payload,
            )
        )
        text = f"{_ALGORITHM}\n{hashlib.sha256(canonical.encode()).hexdigest()}"
        expected = hmac.new(secret.encode(), text.encode(), hashlib.sha256).hexdigest()
        if not hmac.compare_digest(expected.encode(), fields.get("Signature", "").encode()):
            raise Refused("SignatureDoesNotMatch", "the signature is not the one that we calculated", 400)
        self._fresh(request.headers["x-acs-date"], request.headers["x-acs-signature-nonce"], now)

    def _check_query(self, request: SignedRequest, query: Sequence[tuple[str, str]], now: datetime) -> None:
        values = dict((*query, *request.form))
        signature = values.pop("Signature")
        secret = self._secret(values.get("AccessKeyId", ""), values.get("SecurityToken", ""), now)
        if values.get("SignatureMethod", "HMAC-SHA1") != "HMAC-SHA1":
            raise Refused("InvalidSignatureMethod", "the signature method is not HMAC-SHA1", 400)
        text = f"{request.method}&%2F&{_encode(_canonical_query(list(values.items())))}"
        digest = hmac.new(f"{secret}&".encode(), text.encode(), hashlib.sha1).digest()
        if not hmac.compare_digest(b64encode(digest), signature.encode()):
            raise Refused("SignatureDoesNotMatch", "the signature is not the one that we calculated", 400)
        self._fresh(values.get("Timestamp", ""), values.get("SignatureNonce", ""), now)

    def _secret(self, key: str, token: str, now: datetime) -> str:
        """Of a permanent key or of a temporary one, with the token that goes with it."""
        if key == self.access_key[0]:
            return self.access_key[1]
        secret = self.temporary.secret(key, token, now)
        if secret is None:
            raise Refused("InvalidAccessKeyId.NotFound", "Specified access key is not found.", 403)
        return secret

    def _fresh(self, date: str, nonce: str, now: datetime) -> None:
        try:
            sent = datetime.strptime(date, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC)
        except ValueError:
            raise Refused("InvalidTimeStamp.Format", f"not a timestamp: {date}", 400) from None
        if abs(now - sent) > _SKEW:
            raise Refused("InvalidTimeStamp.Expired", "Specified time stamp or date value is expired.", 400)
        for old in list(takewhile(lambda known: self._nonces[known] < now, self._nonces)):  # oldest first
            del self._nonces[old]
        if nonce in self._nonces:
            raise Refused("SignatureNonceUsed", "Specified signature nonce was used already.", 400)
        self._nonces[nonce] = sent + _SKEW


def _canonical_query(pairs: Sequence[tuple[str, str]]) -> str:
    """What was on the wire may be form-encoded; what is signed is RFC 3986."""
    return "&".join(f"{_encode(name)}={_encode(value)}" for name, value in sorted(pairs))


def _encode(text: str) -> str:
    return quote(text, safe="-_.~")
