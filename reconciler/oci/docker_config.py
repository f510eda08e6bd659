"""Registry logins from docker's `config.json`: those in the file, and those that it leaves to credential helpers."""

from __future__ import annotations

import base64
import binascii
import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from reconciler.oci.credential_helper import Helper, HelperFailed, ask
from reconciler.oci.errors import LoginRefused
from reconciler.oci.home import home
from reconciler.oci.login import Login, LoginSource

_DOCKER_HUB = ("docker.io", "index.docker.io", "registry-1.docker.io")
_DOCKER_HUB_SERVER = "https://index.docker.io/v1/"


class DockerConfigUnreadable(ValueError):
    """The file is not what docker writes; the text names it and never a secret."""


@dataclass(frozen=True, slots=True)
class DockerConfig:
    """Keys of `logins` and `helpers` are hosts; `store` is the helper of every host that has none of its own."""

    logins: Mapping[str, Login]
    helpers: Mapping[str, str]
    store: str = ""

    def login(self, host: str, helper: Helper) -> Login | None:
        """What the host's helper keeps, else what the file itself holds. Raises HelperFailed."""
        name = self.helpers.get(_host(host), self.store)
        kept = helper(name, _server(host)) if name else None
        return kept or self.logins.get(_host(host))


def default_path(environment: Mapping[str, str] = os.environ) -> Path | None:
    """`$DOCKER_CONFIG/config.json`, or `~/.docker/config.json`; None for a user without a home."""
    folder = environment.get("DOCKER_CONFIG")
    if folder:
        return Path(folder) / "config.json"
    own = home(environment)
    return own / ".docker" / "config.json" if own is not None else None


def logins(path: Path | None, *, helper: Helper = ask) -> LoginSource:
    """Logins from `path`, which is read anew whenever a login is asked for: `docker login` may have changed it.

    A file that does not exist holds none, and no `path` is none. The source raises LoginRefused when file or helper
    cannot be used.
    """

    def login(host: str) -> Login | None:
        if path is None:
            return None
        try:
            return read(path).login(host, helper)
        except DockerConfigUnreadable as error:
            raise LoginRefused(host, f"no login can be read: {error}") from error
        except HelperFailed as error:
            raise LoginRefused(host, f"no login can be read: {error} ({path})") from error

    return login


def read(path: Path) -> DockerConfig:
    """Raises DockerConfigUnreadable."""
    try:
        document: object = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return DockerConfig({}, {})
    except OSError as error:
        raise DockerConfigUnreadable(f"{error.strerror}: {path}") from error
    except (ValueError, RecursionError):
        # Not chained: the exception holds the text.
        raise DockerConfigUnreadable(f"not JSON: {path}") from None
    if not isinstance(document, dict):
        raise DockerConfigUnreadable(f"not a JSON object: {path}")
    auths, helpers, store = (document.get(name) for name in ("auths", "credHelpers", "credsStore"))
    if not isinstance(auths, dict | None) or not isinstance(helpers, dict | None):
        raise DockerConfigUnreadable(f"`auths` or `credHelpers` is not an object: {path}")
    return DockerConfig(
        {_host(server): login for server, entry in (auths or {}).items() if (login := _login(path, server, entry))},
        {_host(server): name for server, name in (helpers or {}).items() if isinstance(name, str)},
        store if isinstance(store, str) else "",
    )


def _host(server: str) -> str:
    """`https://index.docker.io/v1/` and `registry.example.com:5000` both name a host."""
    host = server.split("://", 1)[-1].split("/", 1)[0]
    return "docker.io" if host in _DOCKER_HUB else host


def _server(host: str) -> str:
    """The name that docker itself asks a helper for."""
    return _DOCKER_HUB_SERVER if _host(host) == "docker.io" else host


def _login(path: Path, server: str, entry: object) -> Login | None:
    if not isinstance(entry, dict):
        raise DockerConfigUnreadable(f"login of {server} is not an object: {path}")
    username, password, packed = entry.get("username"), entry.get("password"), entry.get("auth")
    if isinstance(packed, str) and packed:
        try:
            username, colon, password = base64.b64decode(packed, validate=True).decode().partition(":")
        except (binascii.Error, UnicodeDecodeError):
            colon = ""
        if not colon:
            # Not chained: the exception holds the secret.
            raise DockerConfigUnreadable(f"`auth` of {server} is not base64 of `user:password`: {path}")
    name = username if isinstance(username, str) else ""
    secret = password.rstrip("\0") if isinstance(password, str) else ""
    refresh_token = entry.get("identitytoken")
    if isinstance(refresh_token, str) and refresh_token:
        return Login(name, secret, refresh_token=refresh_token)
    return Login(name, secret) if name and secret else None
