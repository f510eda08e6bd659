"""Where the access key comes from. Secrets never show in a repr or in a message."""

from __future__ import annotations

import logging
import os
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from reconciler.acr.errors import CredentialsMissing, CredentialsUnusable

_KEYS = ("ALIBABA_CLOUD_ACCESS_KEY_ID", "ALIBABA_CLOUD_ACCESS_KEY_SECRET", "ALIBABA_CLOUD_SECURITY_TOKEN")
_OIDC = ("ALIBABA_CLOUD_ROLE_ARN", "ALIBABA_CLOUD_OIDC_PROVIDER_ARN")

_NOT_FOUND = (
    "no Alibaba Cloud credential was found; set `ALIBABA_CLOUD_ACCESS_KEY_ID` and `ALIBABA_CLOUD_ACCESS_KEY_SECRET`, "
    "run `aliyun configure`, or run where a RAM role is attached (RRSA or ECS)"
)


@dataclass(frozen=True, slots=True)
class Credential:
    """`security_token` is empty for a permanent access key.

    Raises CredentialsUnusable for what no key has, such as the line break at the end of a text that was pasted: it goes
    into headers.
    """

    access_key_id: str
    access_key_secret: str = field(repr=False)
    security_token: str = field(default="", repr=False)

    def __post_init__(self) -> None:
        for name, value in (
            ("access key id", self.access_key_id),
            ("access key secret", self.access_key_secret),
            ("security token", self.security_token),
        ):
            _require_plain(f"the {name}", value)


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
    """The official chain: environment, OIDC, `~/.aliyun/config.json`, credentials file, ECS RAM role, URI.

    Keys in `environ` are the chain's first answer, so they are taken without loading the official library, which costs
    0.4 s and a second's worth of modules. `federated` is what the environment says about OIDC.
    """

    def __init__(self, environ: Mapping[str, str] = os.environ, federated: CredentialSource | None = None) -> None:
        self._environ = environ
        self._federated = federated
        self._lock = threading.Lock()
        self._library: _OfficialChain | None = None

    def credential(self) -> Credential:
        found = environment_keys(self._environ)
        if found is not None:
            return found
        if self._federated is not None:
            return self._federated.credential()
        with self._lock:
            if self._library is None:
                self._library = _OfficialChain(self._environ)
            return self._library.credential()


def environment_keys(environ: Mapping[str, str], prefix: str = "") -> Credential | None:
    """The keys in the official variables, with `prefix` before their names; None when they are not all set."""
    key_id = environ.get(f"{prefix}ALIBABA_CLOUD_ACCESS_KEY_ID", "")
    secret = environ.get(f"{prefix}ALIBABA_CLOUD_ACCESS_KEY_SECRET", "")
    if not key_id or not secret:
        return None
    for name in _KEYS:
        _require_plain(f"`{prefix}{name}`", environ.get(f"{prefix}{name}", ""))
    return Credential(key_id, secret, environ.get(f"{prefix}ALIBABA_CLOUD_SECURITY_TOKEN", ""))


def _require_plain(what: str, value: str) -> None:
    """Raises CredentialsUnusable, which names the place and never the value."""
    odd = next((c for c in value if not "!" <= c <= "~"), None)
    if odd is not None:
        kinds = {"\n": "a line break", "\r": "a line break", " ": "a space", "\t": "a tab"}
        kind = kinds.get(odd, "a control character" if odd.isascii() else "a character that is not ASCII")
        raise CredentialsUnusable(f"{what} holds {kind}, which no key has: set it anew without")


def _half(environ: Mapping[str, str], prefix: str = "") -> str:
    """What is said of variables of which the other one is missing, or nothing."""
    names = [f"{prefix}{name}" for name in _KEYS[:2]]
    there = [name for name in names if environ.get(name)]
    if len(there) != 1:
        return ""
    (missing,) = set(names) - set(there)
    return f"`{there[0]}` is set and `{missing}` is not"


class EnvironmentKeys:
    """The environment variables of a named account, and nothing else: another account's key must not stand in."""

    def __init__(self, environ: Mapping[str, str], prefix: str, federated: CredentialSource | None = None) -> None:
        self._environ = environ
        self._prefix = prefix
        self._federated = federated

    def credential(self) -> Credential:
        found = environment_keys(self._environ, self._prefix)
        if found is not None:
            return found
        if self._federated is not None:
            return self._federated.credential()
        half = _half(self._environ, self._prefix)
        seen = f" ({half})" if half else ""
        raise CredentialsMissing(
            f"no credential in the environment{seen}: set `{self._prefix}ALIBABA_CLOUD_ACCESS_KEY_ID` and "
            f"`{self._prefix}ALIBABA_CLOUD_ACCESS_KEY_SECRET`"
        )


class Profile:
    """A profile of `~/.aliyun/config.json`, as `aliyun configure --profile NAME` makes it."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._lock = threading.Lock()
        self._library: _OfficialProfile | None = None

    def credential(self) -> Credential:
        with self._lock:
            if self._library is None:
                self._library = _OfficialProfile(self._name)
            return self._library.credential()


class _OfficialProfile:
    def __init__(self, name: str) -> None:
        from alibabacloud_credentials.provider.cli_profile import CLIProfileCredentialsProvider

        self._missing = f"the profile `{name}` gives no credential; make it with `aliyun configure --profile {name}`"
        try:
            self._provider = CLIProfileCredentialsProvider(profile_name=name)
        except ValueError:
            raise CredentialsMissing(self._missing) from None

    def credential(self) -> Credential:
        from alibabacloud_credentials.exceptions import CredentialException
        from Tea.exceptions import RetryError, TeaException

        try:
            found = self._provider.get_credentials()
        except (CredentialException, RetryError, TeaException, OSError, ValueError):
            # Its text can quote lines of the file, so it goes no further.
            raise CredentialsMissing(self._missing) from None
        key_id, secret = found.get_access_key_id(), found.get_access_key_secret()
        if not key_id or not secret:
            raise CredentialsMissing(self._missing)
        return Credential(str(key_id), str(secret), str(found.get_security_token() or ""))


class _OfficialChain:
    """The official library's default chain, which keeps and refreshes temporary credentials itself."""

    def __init__(self, environ: Mapping[str, str]) -> None:
        from alibabacloud_credentials.client import Client

        self._environ = environ

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
            raise CredentialsMissing(_not_found(self._environ)) from None
        if not found.access_key_id or not found.access_key_secret:
            raise CredentialsMissing(_not_found(self._environ))
        return Credential(str(found.access_key_id), str(found.access_key_secret), str(found.security_token or ""))


def _not_found(environ: Mapping[str, str]) -> str:
    """What to do, and what looks as if it was meant to be a credential."""
    seen = [_half(environ)]
    if all(environ.get(name) for name in _OIDC):
        seen.append("a role for OIDC is set, and neither `ALIBABA_CLOUD_OIDC_TOKEN_FILE` nor a token of GitHub Actions")
    file = Path(os.path.expanduser("~/.aliyun/config.json"))  # noqa: PTH111 - which raises for nobody without a home
    if os.path.lexists(file):
        seen.append(f"`{file}` is there, and its current profile gives none: `aliyun configure list` shows it")
    said = "; ".join(text for text in seen if text)
    return f"{_NOT_FOUND} ({said})" if said else _NOT_FOUND
