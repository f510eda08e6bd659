"""What the transport tells while it calls. Progress and logs listen to these and to nothing else."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TypeAlias


@dataclass(frozen=True, slots=True)
class CallThrottled:
    """The service asked for fewer calls; the next one waits for `delay` seconds."""

    action: str
    delay: float


@dataclass(frozen=True, slots=True)
class CallRetried:
    """A call failed in a way that may pass; it is tried again after `delay` seconds."""

    action: str
    reason: str
    delay: float


CallEvent: TypeAlias = CallThrottled | CallRetried
CallListener: TypeAlias = Callable[[CallEvent], None]
"""Called from whichever thread made the call."""


@dataclass(frozen=True, slots=True)
class CallMade:
    """One HTTP request and how it ended, without anything secret: no header, no body, and `query` and `problem` with
    `***` where a secret was.

    `account` is its name in the YAML, empty for the default one. `attempt` counts from 1; `seconds` is how long the
    answer took. `status` is None when there was no answer. `code`, `request_id` and `problem` are the service's own
    words, `problem` being empty when all went well.
    """

    started: datetime
    version: str
    action: str
    region: str
    method: str
    host: str
    path: str
    query: Mapping[str, str]
    attempt: int
    seconds: float
    account: str = ""
    status: int | None = None
    code: str = ""
    request_id: str = ""
    problem: str = ""


CallRecorder: TypeAlias = Callable[[CallMade], None]
"""Called from whichever thread made the call, once for each request."""
