"""Who may do what: the challenge, the token endpoint, and the check of a bearer token."""

from __future__ import annotations

import base64
import binascii
import re
from datetime import UTC, datetime

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from reconciler.emulator.account import Holder
from reconciler.emulator.cloud import Cloud
from reconciler.emulator.registry.answers import RegistryRefusal
from reconciler.model.spec import Visibility

TOKEN_PATH = "/auth/token"  # noqa: S105  # a path
PULL = frozenset({"pull"})
PUSH = frozenset({"pull", "push"})
_SCOPE = re.compile(r"repository(?:\([^)]*\))?:([^:\s]+(?::\d+/[^:\s]+)?):([a-z*,]+)")


class Access:
    """Rights at one registry address. Anybody may pull from public repositories; the account may do everything."""

    def __init__(self, cloud: Cloud, holder: Holder) -> None:
        self._cloud = cloud
        self._holder = holder

    def issue_token(self, request: Request) -> Response:
        """Raises RegistryRefusal with 401 for a wrong login; without a login, grants what is public."""
        login = _basic(request)
        if login is not None and not self._cloud.logins.accepts(self._holder.label, *login):
            raise RegistryRefusal(401, "UNAUTHORIZED", "user name or password is wrong")
        scopes = []
        for text in " ".join(request.query_params.getlist("scope")).split():
            match = _SCOPE.fullmatch(text)
            if match:
                asked = frozenset(match[2].split(","))
                asked |= PUSH if "*" in asked else frozenset()
                scopes.append((match[1], asked if login else asked & self._public(match[1])))
        token = self._cloud.logins.new_token(self._holder.label, scopes)
        return JSONResponse(
            {
                "token": token,
                "access_token": token,
                "expires_in": int(self._cloud.policy.token_seconds),
                "issued_at": datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
            },
            headers={"Cache-Control": "no-store"},
        )

    def check(self, request: Request, repository: str | None, actions: frozenset[str]) -> None:
        """Raises RegistryRefusal with a challenge unless the bearer token opens all `actions`."""
        if not self.allows(request, repository, actions):
            raise self._challenge(repository, actions)

    def allows(self, request: Request, repository: str | None, actions: frozenset[str]) -> bool:
        kind, _, token = request.headers.get("authorization", "").partition(" ")
        grant = self._cloud.logins.grant(self._holder.label, token.strip()) if kind.lower() == "bearer" else None
        if grant is None:
            return False
        return repository is None or actions <= grant.repositories.get(repository, frozenset())

    def _public(self, repository: str) -> frozenset[str]:
        found = self._holder.catalogue.repositories.get(repository)
        return PULL if found is not None and found.visibility is Visibility.PUBLIC else frozenset()

    def _challenge(self, repository: str | None, actions: frozenset[str]) -> RegistryRefusal:
        realm = f"{self._cloud.base(self._holder)}{TOKEN_PATH}"
        challenge = f'Bearer realm="{realm}",service="{self._holder.service}"'
        if repository is not None:
            wanted = ",".join(sorted(actions))
            challenge += f',scope="repository:{repository}:{wanted}"'
        return RegistryRefusal(401, "UNAUTHORIZED", "authentication required", headers={"WWW-Authenticate": challenge})


def _basic(request: Request) -> tuple[str, str] | None:
    kind, _, encoded = request.headers.get("authorization", "").partition(" ")
    if kind.lower() != "basic":
        return None
    try:
        user, _, password = base64.b64decode(encoded, validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        raise RegistryRefusal(401, "UNAUTHORIZED", "the login cannot be read") from None
    return user, password
