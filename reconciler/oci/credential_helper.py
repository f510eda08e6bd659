"""Docker's credential helpers, programs that keep logins (github.com/docker/docker-credential-helpers, `get`)."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

from reconciler.oci.login import Login

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")
_SECONDS = 60.0
"""Long enough for a person who has to unlock a key store."""
_ANSWER_LIMIT = 1024 * 1024
# What helpers print when they hold nothing; older ones exit with 0 and empty fields instead.
_NOT_FOUND = "credentials not found in native keychain"
_TOKEN_USER = "<token>"  # noqa: S105  # the user name that marks a refresh token


class HelperFailed(ValueError):
    """A helper did not do its part; the text names it and holds nothing that it printed."""


Helper = Callable[[str, str], Login | None]
"""From a helper's name and a server to the login that it keeps, or None. Raises HelperFailed."""


def ask(name: str, server: str, *, path: str | None = None, seconds: float = _SECONDS) -> Login | None:
    """The login for `server` from `docker-credential-<name>`, None when it has none. Raises HelperFailed.

    `path` replaces PATH.
    """
    if not _NAME.fullmatch(name):
        raise HelperFailed(f"not the name of a credential helper: {name!r}")
    program = f"docker-credential-{name}"
    found = shutil.which(program, path=path)
    if found is None:
        raise HelperFailed(f"credential helper is not installed: {program}; install it, or remove it from the file")
    try:
        done = subprocess.run(  # noqa: S603  # the user's own settings name it
            [str(Path(found).absolute()), "get"],
            input=f"{server}\n".encode(),
            capture_output=True,
            check=False,
            timeout=seconds,
        )
    except subprocess.TimeoutExpired:
        # Not chained: the exception holds what the helper printed so far.
        raise HelperFailed(f"credential helper gave no answer within {seconds:g} s: {program}") from None
    except OSError as error:
        raise HelperFailed(f"credential helper cannot be run: {program}: {error.strerror}") from error
    if done.returncode != 0:
        if _NOT_FOUND in done.stdout.decode(errors="replace").lower():
            return None
        raise HelperFailed(
            f"credential helper ended with status {done.returncode}: {program}; "
            f"try `echo {server} | {program} get` by hand"
        )
    return _login(program, done.stdout[:_ANSWER_LIMIT])


def _login(program: str, answer: bytes) -> Login | None:
    try:
        document: object = json.loads(answer)
    except (ValueError, RecursionError):
        # Not chained: the exception holds the answer.
        raise HelperFailed(f"credential helper did not answer in JSON: {program}") from None
    fields = document if isinstance(document, dict) else {}
    username, secret = fields.get("Username"), fields.get("Secret")
    if not isinstance(username, str) or not isinstance(secret, str):
        raise HelperFailed(f"credential helper answered without `Username` and `Secret`: {program}")
    if username == _TOKEN_USER:
        return Login("", "", refresh_token=secret)
    return Login(username, secret) if username and secret else None
