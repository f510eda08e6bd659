"""Where the access key comes from. Secrets never show in a repr or in a message."""

from __future__ import annotations

import logging
import os
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol

from reconciler.acr.errors import CredentialsMissing

_NOT_FOUND = (
    "no Alibaba Cloud credential was found; set `ALIBABA_CLOUD_ACCESS_KEY_ID` and `ALIBABA_CLOUD_ACCESS_KEY_SECRET`, "
    "run `aliyun configure`, or run where a RAM role is attached (RRSA or ECS)"
)


@dataclass(frozen=True, slots=True)
class Credential:
    """`security_token` is empty for a permanent access key."""

    access_key_id: str
    access_key_secret: str = field(repr=False)
    security_token: str = field(default="", repr=False)


class CredentialSource(Protocol):
    def credential(self) -> Credential:
        """A credential that is valid now. Raises CredentialsMissing."""


@dataclass(frozen=True, slots=True)
class StaticCredential:
    """A source that always gives the same credential."""

    value: Credential

    def credential(self) -> Credential:
        return self.value


class DefaultChain:
    """The official chain: environment, OIDC (RRSA), `~/.aliyun/config.json`, credentials file, ECS RAM role, URI.

    Keys in `environ` are the chain's first answer, so they are taken without loading the official library, which costs
    0.4 s and a second's worth of modules.
    """

    def __init__(self, environ: Mapping[str, str] = os.environ) -> None:
        self._environ = environ
        self._lock = threading.Lock()
        self._library: _OfficialChain | None = None

    def credential(self) -> Credential:
        key_id = self._environ.get("ALIBABA_CLOUD_ACCESS_KEY_ID", "")
        secret = self._environ.get("ALIBABA_CLOUD_ACCESS_KEY_SECRET", "")
        if key_id and secret:
            return Credential(key_id, secret, self._environ.get("ALIBABA_CLOUD_SECURITY_TOKEN", ""))
        with self._lock:
            if self._library is None:
                self._library = _OfficialChain()
            return self._library.credential()


class _OfficialChain:
    """The official library's default chain, which keeps and refreshes temporary credentials itself."""

    def __init__(self) -> None:
        from alibabacloud_credentials.client import Client

        # The library logs a traceback to standard error for every metadata probe that nobody answers, which is normal
        # outside of ECS; its outcome is reported by the error below.
        logging.getLogger("credentials").setLevel(logging.CRITICAL)
        self._client = Client()

    def credential(self) -> Credential:
        from alibabacloud_credentials.exceptions import CredentialException
        from Tea.exceptions import RetryError, TeaException

        try:
            found = self._client.get_credential()
        except (CredentialException, RetryError, TeaException, OSError, ValueError):
            # Its text can quote lines of credential files, so it goes no further.
            raise CredentialsMissing(_NOT_FOUND) from None
        if not found.access_key_id or not found.access_key_secret:
            raise CredentialsMissing(_NOT_FOUND)
        return Credential(str(found.access_key_id), str(found.access_key_secret), str(found.security_token or ""))
