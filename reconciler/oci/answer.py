"""Answers of a registry, and the error that a bad one stands for."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field

from reconciler.oci.errors import (
    DigestMismatch,
    ManifestBlobUnknown,
    NotFound,
    NotSupported,
    RegistryBusy,
    RegistryDenied,
    RegistryError,
    RegistryRefused,
    TooLarge,
    UploadLost,
)

_MESSAGE_LIMIT = 300

# Error codes of the OCI distribution specification 1.1, "Error codes".
_CONTENT_MISSING = frozenset({"MANIFEST_BLOB_UNKNOWN", "BLOB_UNKNOWN"})
_WRONG_DIGEST = frozenset({"DIGEST_INVALID", "SIZE_INVALID"})
_NOT_SUPPORTED = (405, 411, 415, 501)
_SESSION_LOST = frozenset({"BLOB_UPLOAD_UNKNOWN", "BLOB_UPLOAD_INVALID"})


@dataclass(frozen=True, slots=True)
class Answer:
    """`headers` have lower-case names; `body` was read to its end."""

    status: int
    headers: Mapping[str, str] = field(repr=False)
    body: bytes = field(default=b"", repr=False)

    def header(self, name: str) -> str:
        return self.headers.get(name, "")


def failure(host: str, what: str, answer: Answer, *, now: float) -> RegistryError:
    """The error for `answer` to `what` (`manifest of a/b:v1`); `now` is seconds since the epoch.

    The registry's own message is part of it, cut to one line.
    """
    codes, message = _reasons(answer.body)
    text = f"{what}: {answer.status}{f' {message}' if message else ''}"
    wait = retry_after(answer.header("retry-after"), now)
    if answer.status == 429 or "TOOMANYREQUESTS" in codes:
        return RegistryBusy(host, text, wait, throttled=True)
    if codes & _CONTENT_MISSING:
        return ManifestBlobUnknown(host, text)
    if codes & _SESSION_LOST:
        return UploadLost(host, text)
    if codes & _WRONG_DIGEST:
        return DigestMismatch(host, text)
    if answer.status in (401, 403):
        return RegistryDenied(host, text)
    if answer.status == 404:
        return NotFound(host, text)
    if answer.status == 413:
        return TooLarge(host, text)
    if answer.status in _NOT_SUPPORTED:
        return NotSupported(host, text)
    if answer.status == 408 or answer.status >= 500:
        return RegistryBusy(host, text, wait)
    return RegistryRefused(host, text)


def retry_after(value: str, now: float) -> float | None:
    """Seconds from a Retry-After header, which holds seconds or a date; None without a usable one."""
    text = value.strip()
    if not text:
        return None
    if text.isascii() and text.isdigit():
        return float(text)
    from email.utils import parsedate_to_datetime  # slow to load, and seldom needed

    try:
        return max(0.0, parsedate_to_datetime(text).timestamp() - now)
    except (ValueError, OverflowError):
        return None


def _reasons(body: bytes) -> tuple[frozenset[str], str]:
    """Error codes and their messages, from `{"errors": [{"code", "message"}]}` or from what token servers send."""
    try:
        document: object = json.loads(body)
    except (ValueError, RecursionError):
        return frozenset(), ""
    if not isinstance(document, dict):
        return frozenset(), ""
    errors = document.get("errors")
    entries = [entry for entry in errors if isinstance(entry, dict)] if isinstance(errors, list) else [document]
    codes = frozenset(code for entry in entries if isinstance(code := entry.get("code"), str))
    messages = [
        text
        for entry in entries
        if isinstance(text := entry.get("message") or entry.get("details") or entry.get("code"), str)
    ]
    return codes, _one_line("; ".join(dict.fromkeys(messages)))


def _one_line(text: str) -> str:
    line = " ".join("".join(c if c.isprintable() else " " for c in text).split())
    return line if len(line) <= _MESSAGE_LIMIT else f"{line[: _MESSAGE_LIMIT - 1]}…"
