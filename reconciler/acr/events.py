"""What the transport tells while it calls. Progress and logs listen to these and to nothing else."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
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
