"""Access keys that end by themselves, as STS gives them out."""

from __future__ import annotations

import hmac
import secrets
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from reconciler.emulator.refusal import Refused


@dataclass(frozen=True, slots=True)
class TemporaryKey:
    key_id: str
    secret: str = field(repr=False)
    token: str = field(repr=False)
    expires: datetime


@dataclass(slots=True)
class TemporaryKeys:
    _keys: dict[str, TemporaryKey] = field(default_factory=dict, repr=False)

    def issue(self, seconds: int, now: datetime | None = None) -> TemporaryKey:
        moment = (now or datetime.now(UTC)).replace(microsecond=0)
        made = TemporaryKey(
            f"STS.{secrets.token_hex(12)}",
            secrets.token_urlsafe(32),
            secrets.token_urlsafe(96),
            moment + timedelta(seconds=seconds),
        )
        self._keys = {key.key_id: key for key in self._keys.values() if key.expires > moment}
        self._keys[made.key_id] = made
        return made

    def secret(self, key_id: str, token: str, now: datetime) -> str | None:
        """The secret of a key; None when there is no such key. Raises Refused for another token, and after its end."""
        found = self._keys.get(key_id)
        if found is None:
            return None
        if not hmac.compare_digest(token.encode(), found.token.encode()):
            raise Refused("InvalidSecurityToken.Malformed", "The specified security token is malformed.", 400)
        if found.expires <= now:
            raise Refused("InvalidSecurityToken.Expired", "The specified security token is expired.", 403)
        return found.secret
