"""Bearer tokens: what to ask a token server, and what it answers.

The distribution project's token specification (docs/spec/auth/token.md, and oauth.md for refresh tokens).
"""

from __future__ import annotations

import base64
import json
from dataclasses import dataclass, field, replace
from urllib.parse import urlencode, urlsplit

from reconciler.oci.answer import Answer
from reconciler.oci.connection import Origin, is_loopback
from reconciler.oci.errors import RegistryDenied, RegistryRefused
from reconciler.oci.login import Login

Scopes = tuple[str, ...]
"""What a request needs, for example `("repository:apps/web:pull",)`."""

_DEFAULT_LIFETIME = 60.0
"""Seconds; the specification's own default."""
_CLIENT = "acr-reconciler"


@dataclass(frozen=True, slots=True)
class Realm:
    """A token server, as the registry named it; `path` has its query."""

    origin: Origin
    path: str
    service: str


@dataclass(frozen=True, slots=True)
class TokenRequest:
    """A GET with an Authorization header, or with `form` a POST of it."""

    origin: Origin
    path: str
    authorization: str | None = field(default=None, repr=False)
    form: bytes | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class Issued:
    """`lifetime` is in seconds; `refresh_token` replaces the one that was shown, when the server gave one."""

    value: str = field(repr=False)
    lifetime: float
    refresh_token: str = field(default="", repr=False)


def trusted_realm(registry: Origin, url_text: str, service: str) -> Realm:
    """The token server at `url_text`. Raises RegistryRefused where a login would travel in the clear."""
    url = urlsplit(url_text)
    plain_is_fine = is_loopback(url.netloc) or (registry.scheme == "http" and url.netloc == registry.host)
    if not url.netloc or "@" in url.netloc or not (url.scheme == "https" or (url.scheme == "http" and plain_is_fine)):
        shown = f"{url.scheme}://{url.netloc.rpartition('@')[2]}"
        raise RegistryRefused(registry.host, f"token server is not an https address: {shown}")
    path = (url.path or "/") + (f"?{url.query}" if url.query else "")
    return Realm(Origin(url.scheme, url.netloc), path, service)


def request(realm: Realm, scopes: Scopes, login: Login | None) -> TokenRequest:
    service = [("service", realm.service)] if realm.service else []
    if login is not None and login.refresh_token:
        fields = [("grant_type", "refresh_token"), ("refresh_token", login.refresh_token), ("client_id", _CLIENT)]
        form = urlencode([*fields, *service, ("scope", " ".join(scopes))]).encode()
        return TokenRequest(realm.origin, realm.path, form=form)
    query = urlencode([*service, *(("scope", scope) for scope in scopes)])
    joint = "&" if "?" in realm.path else "?"
    return TokenRequest(realm.origin, f"{realm.path}{joint}{query}", None if login is None else basic(login))


def basic(login: Login) -> str:
    return "Basic " + base64.b64encode(f"{login.username}:{login.password}".encode()).decode()


def read(host: str, body: bytes) -> Issued:
    """Raises RegistryDenied when there is no usable token in `body`."""
    try:
        document: object = json.loads(body)
    except (ValueError, RecursionError):
        document = None
    if isinstance(document, dict):
        token = document.get("token") or document.get("access_token")
        lifetime, renewed = document.get("expires_in"), document.get("refresh_token")
        if isinstance(token, str) and token.isprintable() and token.isascii():
            seconds = float(lifetime) if isinstance(lifetime, int | float) and lifetime >= 1 else _DEFAULT_LIFETIME
            return Issued(token, seconds, renewed if isinstance(renewed, str) else "")
    raise RegistryDenied(host, "token server answered without a token")


def without_secrets(answer: Answer, login: Login | None) -> Answer:
    """`answer` fit to be quoted, should the server repeat what it was sent."""
    if login is None:
        return answer
    body = answer.body
    for secret in (login.password, login.refresh_token, basic(login).removeprefix("Basic ")):
        # A short password is part of ordinary words; hiding those would hide the reason.
        if len(secret) >= 4:
            body = body.replace(secret.encode(), b"***")
    return replace(answer, body=body)
