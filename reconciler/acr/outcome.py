"""What came back, as a value or as the error that it stands for."""

from __future__ import annotations

import ssl
from collections.abc import Iterable
from datetime import datetime
from email.utils import parsedate_to_datetime

import httpx

from reconciler.acr.answer import Answer
from reconciler.acr.errors import ClockSkewed, MalformedAnswer, Unreachable, refusal
from reconciler.acr.secrecy import without


def unreachable(action: str, host: str, error: httpx.TransportError, *, proxied: bool = False) -> Unreachable:
    """`proxied` is whether the way to the host leads through a proxy."""
    sent = not isinstance(
        error, (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.UnsupportedProtocol)
    )
    reason = str(error) or type(error).__name__
    if isinstance(error, httpx.LocalProtocolError):
        reason = "the request holds what no header may"  # the error quotes it, and it may be a secret
    elif "WRONG_VERSION_NUMBER" in reason:
        reason = "what answers there does not speak TLS"
    if proxied:
        reason += " (through the proxy that HTTPS_PROXY or HTTP_PROXY names)"
    return Unreachable(action, host, reason, sent=sent, passing=not _distrusted(error))


def _distrusted(error: BaseException | None) -> bool:
    """Whether a certificate was refused, which no second try changes."""
    while error is not None:
        if isinstance(error, ssl.SSLCertVerificationError):
            return True
        error = error.__cause__ or error.__context__
    return False


def read(action: str, response: httpx.Response, body: bytes, secrets: Iterable[str], sent: datetime) -> Answer:
    """What `body` says, or the error that it stands for: a refusal can come with any status, 200 included."""
    try:
        answer = Answer.parse(action, body)
    except MalformedAnswer:
        if response.is_success:
            raise
        answer = Answer(action, {})
    # Container Registry says `IsSuccess`, the billing API `Success`, Personal Edition nothing.
    refused = any(field(answer, name).lower() == "false" for name in ("IsSuccess", "Success"))
    if response.is_success and not refused:
        return answer
    error = refusal(
        action,
        field(answer, "Code") or f"HTTP {response.status_code}",
        without(field(answer, "Message"), secrets),
        request_id=field(answer, "RequestId"),
        status=response.status_code,
        retry_after=_retry_after(response),
    )
    if isinstance(error, ClockSkewed):
        error.ahead = _ahead(response, sent)
    raise error


def _ahead(response: httpx.Response, sent: datetime) -> float | None:
    """By how many seconds our clock is ahead of the one that answered."""
    try:
        theirs = parsedate_to_datetime(response.headers.get("date", ""))
    except ValueError:
        return None
    return (sent - theirs).total_seconds() if theirs.tzinfo is not None else None


def field(answer: Answer, name: str) -> str:
    """A field of the envelope as text, whatever it holds: nothing that is said about a call may keep it from being
    read."""
    for key in (name, name[0].lower() + name[1:]):
        value = answer.data.get(key)
        if isinstance(value, (str, int)) and value != "":
            return str(value)
    return ""


def _retry_after(response: httpx.Response) -> float | None:
    """`x-acs-retry-after` counts in milliseconds, as the official libraries read it."""
    text = response.headers.get("x-acs-retry-after", "")
    return int(text) / 1000 if text.isdecimal() else None
