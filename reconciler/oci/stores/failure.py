"""What the object-store library says went wrong, as the errors of a registry and without what it says besides."""

from __future__ import annotations

import re

from reconciler.oci.errors import (
    NotFound,
    RegistryBusy,
    RegistryDenied,
    RegistryError,
    RegistryRefused,
    RegistryUnreachable,
)

_FIRST_LINE = re.compile(r"(?P<kind>\w+) \((?P<how>\w+)\) at [\w:]+(?:.*?=> (?P<text>[^\n]*))?", re.DOTALL)
_CODE = re.compile(r'code: "([^"]+)"')
_MESSAGE = re.compile(r'message: "([^"]+)"')
_CAUSE = re.compile(r"\nSource:\n\s*(.+)")
_LIMIT = 200

# Error codes of S3 and OSS that say more than their status.
_WRONG_KEY = frozenset(
    {
        "AccessDenied",
        "ExpiredToken",
        "InvalidAccessKeyId",
        "InvalidSecurityToken",
        "SecurityTokenExpired",
        "SignatureDoesNotMatch",
    }
)
_NO_BUCKET = frozenset({"NoSuchBucket"})


def failure(name: str, what: str, error: Exception) -> RegistryError:
    """The error for what the library raised when the store `name` was asked for `what`."""
    found = _FIRST_LINE.match(str(error))
    kind = found["kind"] if found else type(error).__name__
    code = _CODE.search(str(error))
    said = _said(str(error), found)
    text = f"{what}: {said}" if said else what
    if code is not None and code[1] in _NO_BUCKET:
        return NotFound(name, f"there is no such bucket ({code[1]})")
    if kind == "PermissionDenied" or (code is not None and code[1] in _WRONG_KEY):
        return RegistryDenied(name, text)
    if "loading credential" in said or "load signing credential" in said:
        return RegistryDenied(name, f"{what}: no credential was found")
    if kind == "NotFound":
        return NotFound(name, f"{what}: it is not there")
    if kind == "RateLimited":
        return RegistryBusy(name, text, throttled=True)
    if found is not None and found["how"] == "temporary":
        return RegistryUnreachable(name, text)
    return RegistryRefused(name, text)


def _said(text: str, found: re.Match[str] | None) -> str:
    """The store's own code and message, else the library's word and what it was caused by."""
    code, message = _CODE.search(text), _MESSAGE.search(text)
    if code is not None:
        return f"{code[1]} {_line(message[1])}" if message else code[1]
    cause = _CAUSE.search(text)
    parts = [found["text"] if found else text.split("\n", 1)[0], cause[1] if cause else ""]
    return _line("; ".join(part for part in parts if part))


def _line(text: str) -> str:
    line = " ".join("".join(c if c.isprintable() else " " for c in text).split())
    return line if len(line) <= _LIMIT else f"{line[: _LIMIT - 1]}…"
