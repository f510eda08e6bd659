"""Registry logins from docker's `config.json`."""

from __future__ import annotations

import base64
import binascii
import json
import os
from collections.abc import Mapping
from pathlib import Path

from reconciler.oci.login import Login, LoginSource

_DOCKER_HUB = ("index.docker.io", "registry-1.docker.io")


class DockerConfigUnreadable(ValueError):
    """The file is not what docker writes; the text names it and never a secret."""


def default_path(environment: Mapping[str, str] = os.environ) -> Path:
    """`$DOCKER_CONFIG/config.json`, or `~/.docker/config.json`."""
    folder = environment.get("DOCKER_CONFIG")
    return (Path(folder) if folder else Path.home() / ".docker") / "config.json"


def logins(path: Path) -> LoginSource:
    """Logins from the `auths` of `path`; a file that does not exist holds none. Raises DockerConfigUnreadable."""
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        return lambda _: None
    try:
        document: object = json.loads(text)
    except ValueError as error:
        raise DockerConfigUnreadable(f"not JSON: {path}") from error
    auths = document.get("auths", {}) if isinstance(document, dict) else None
    if not isinstance(auths, dict):
        raise DockerConfigUnreadable(f"`auths` is not an object: {path}")
    known = {_host(server): login for server, entry in auths.items() if (login := _login(path, server, entry))}
    return lambda host: known.get(_host(host))


def _host(server: str) -> str:
    """`https://index.docker.io/v1/` and `registry.example.com:5000` both name a host."""
    host = server.split("://", 1)[-1].split("/", 1)[0]
    return "docker.io" if host in _DOCKER_HUB else host


def _login(path: Path, server: str, entry: object) -> Login | None:
    if not isinstance(entry, dict):
        raise DockerConfigUnreadable(f"login of {server} is not an object: {path}")
    username, password, packed = entry.get("username"), entry.get("password"), entry.get("auth")
    if isinstance(packed, str) and packed:
        try:
            username, colon, password = base64.b64decode(packed, validate=True).decode().partition(":")
        except (binascii.Error, UnicodeDecodeError) as error:
            raise DockerConfigUnreadable(f"`auth` of {server} is not base64 of `user:password`: {path}") from error
        if not colon:
            raise DockerConfigUnreadable(f"`auth` of {server} is not base64 of `user:password`: {path}")
    if isinstance(username, str) and isinstance(password, str) and username:
        return Login(username, password.rstrip("\0"))
    return None
