"""Temporary access keys for a role: by the key of somebody who may assume it, or by a token of an identity provider."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urlencode

from reconciler.acr.answer import Answer
from reconciler.acr.credentials import Credential
from reconciler.acr.errors import MalformedAnswer
from reconciler.acr.request import FORM, Request, Version
from reconciler.acr.transport import Caller

SECONDS = 3600
"""How long a key is good for; what every role allows without being told otherwise."""


@dataclass(frozen=True, slots=True)
class TemporaryCredential:
    """`expires` has a time zone."""

    credential: Credential
    expires: datetime


class Sts:
    """Every method raises AcrError."""

    def __init__(self, transport: Caller) -> None:
        self._transport = transport

    def assume_role(self, region: str, role: str, session: str) -> TemporaryCredential:
        """`role` is an ARN; the transport's credential is the one that assumes it."""
        query = {"RoleArn": role, "RoleSessionName": session, "DurationSeconds": str(SECONDS)}
        return _read(self._transport.call(Request(Version.STS, "AssumeRole", region, query)))

    def assume_role_with_oidc(
        self, region: str, role: str, provider: str, token: str, session: str
    ) -> TemporaryCredential:
        """`role` and `provider` are ARNs. No key takes part; the token is sent in the body, out of sight of logs."""
        form = {
            "RoleArn": role,
            "OIDCProviderArn": provider,
            "OIDCToken": token,
            "RoleSessionName": session,
            "DurationSeconds": str(SECONDS),
        }
        request = Request(
            Version.STS,
            "AssumeRoleWithOIDC",
            region,
            # Without a signature nothing but these says what is called.
            {"Action": "AssumeRoleWithOIDC", "Version": Version.STS.value, "Format": "JSON"},
            body=urlencode(form).encode(),
            content_type=FORM,
            signed=False,
        )
        return _read(self._transport.call(request))


def _read(answer: Answer) -> TemporaryCredential:
    given = answer.part("Credentials")
    ends = given.text("Expiration")
    try:
        expires = datetime.fromisoformat(ends)
    except ValueError:
        expires = datetime.min
    if expires.tzinfo is None:
        raise MalformedAnswer(f"`{answer.action}` answered with an `Expiration` that is not a time in UTC: {ends}")
    credential = Credential(given.text("AccessKeyId"), given.text("AccessKeySecret"), given.text("SecurityToken"))
    return TemporaryCredential(credential, expires)
