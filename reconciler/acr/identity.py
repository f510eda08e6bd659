"""Credentials without a stored key: a token of an identity provider, or another credential, buys one that soon ends."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx

from reconciler.acr.credentials import Credential, CredentialSource
from reconciler.acr.errors import AcrError, CredentialsMissing
from reconciler.acr.sts import Sts, TemporaryCredential

SPARE = timedelta(minutes=5)
"""A credential is renewed this long before it ends, so that it outlives the calls that were started with it."""

AUDIENCE = "sts.aliyuncs.com"
"""Whom a token of GitHub Actions is for, unless RECONCILER_OIDC_AUDIENCE says otherwise; the identity provider in RAM
has to list it among its client ids."""

_SESSION = "acr-reconciler"
_TOKEN_SECONDS = 30.0

IdentityToken = Callable[[], str]
"""Gives a token that is good now. Raises CredentialsMissing."""


def now() -> datetime:
    return datetime.now(UTC)


class Renewed:
    """A source that keeps a temporary credential until shortly before its end. Thread-safe."""

    def __init__(self, fetch: Callable[[], TemporaryCredential], clock: Callable[[], datetime] = now) -> None:
        self._fetch = fetch
        self._clock = clock
        self._lock = threading.Lock()
        self._kept: TemporaryCredential | None = None

    def credential(self) -> Credential:
        with self._lock:
            if self._kept is None or self._kept.expires - SPARE <= self._clock():
                self._kept = self._fetch()
            return self._kept.credential


def assumed_role(sts: Sts, role: str, session: str = _SESSION, region: str = "") -> CredentialSource:
    """The role with the ARN `role`, assumed by the credential behind `sts`."""

    def fetch() -> TemporaryCredential:
        try:
            return sts.assume_role(region, role, session)
        except CredentialsMissing:
            raise
        except AcrError as error:
            raise CredentialsMissing(f"the role `{role}` cannot be assumed: {error}") from error

    return Renewed(fetch)


def federated(environ: Mapping[str, str], sts: Callable[[], Sts], prefix: str = "") -> CredentialSource | None:
    """What the environment says about OIDC, in the official names: RRSA in ACK sets all of them, GitHub Actions gives
    the token on request. None when it says nothing. `prefix` comes before the official names; `sts` is called when the
    first credential is asked for."""
    role = environ.get(f"{prefix}ALIBABA_CLOUD_ROLE_ARN", "")
    provider = environ.get(f"{prefix}ALIBABA_CLOUD_OIDC_PROVIDER_ARN", "")
    file = environ.get(f"{prefix}ALIBABA_CLOUD_OIDC_TOKEN_FILE", "")
    url = environ.get("ACTIONS_ID_TOKEN_REQUEST_URL", "")
    if not role or not provider or not (file or url):
        return None
    session = environ.get(f"{prefix}ALIBABA_CLOUD_ROLE_SESSION_NAME", "") or _SESSION
    region = environ.get("ALIBABA_CLOUD_STS_REGION", "")
    token = from_file(Path(file)) if file else from_github(environ)

    def fetch() -> TemporaryCredential:
        try:
            return sts().assume_role_with_oidc(region, role, provider, token(), session)
        except CredentialsMissing:
            raise
        except AcrError as error:
            raise CredentialsMissing(f"the role `{role}` cannot be assumed with an OIDC token: {error}") from error

    return Renewed(fetch)


def from_file(path: Path) -> IdentityToken:
    """The token in a file, read anew each time: ACK puts a new one there long before the old one ends."""

    def token() -> str:
        try:
            text = path.read_text(encoding="utf-8").strip()
        except (OSError, UnicodeDecodeError) as error:
            raise CredentialsMissing(f"the OIDC token cannot be read: {path}") from error
        if not text:
            raise CredentialsMissing(f"the OIDC token is empty: {path}")
        return text

    return token


def from_github(environ: Mapping[str, str]) -> IdentityToken:
    """The token that a job of GitHub Actions with `permissions: {id-token: write}` can ask for
    (https://docs.github.com/actions, "About security hardening with OpenID Connect")."""

    def token() -> str:
        url = environ["ACTIONS_ID_TOKEN_REQUEST_URL"]
        headers = {"Authorization": f"bearer {environ.get('ACTIONS_ID_TOKEN_REQUEST_TOKEN', '')}"}
        audience = environ.get("RECONCILER_OIDC_AUDIENCE", "") or AUDIENCE
        try:
            answer = httpx.get(
                httpx.URL(url).copy_merge_params({"audience": audience}), headers=headers, timeout=_TOKEN_SECONDS
            )
            value = answer.raise_for_status().json()["value"]
        except (httpx.HTTPError, httpx.InvalidURL, ValueError, KeyError, TypeError):
            # Neither the address nor the answer goes any further: both are for this job alone.
            raise CredentialsMissing(
                "GitHub Actions gives no OIDC token; the job needs `permissions: {id-token: write}`"
            ) from None
        if not isinstance(value, str) or not value:
            raise CredentialsMissing("GitHub Actions gives no OIDC token")
        return value

    return token
