"""How many jobs may be under way at one registry: more while it keeps up, half as many when it does not.

Without I/O and clock. Additive increase and multiplicative decrease, as TCP does it (RFC 5681), and as fast as TCP's
slow start until the first complaint.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, auto


class Kind(Enum):
    """What limits a job. `BULK`: the bytes of a large blob. `SMALL`: how long the registry takes to answer."""

    BULK = auto()
    SMALL = auto()


BULK_FROM = 1024 * 1024
"""Bytes from which a blob is bulk: that takes longer to send than a round trip on any line worth the name."""

_BEGIN = {Kind.BULK: 4, Kind.SMALL: 32}


@dataclass(slots=True)
class Window:
    """For one registry and one kind of job. `limit` is the most that it grows to."""

    limit: int
    size: float
    running: int = 0
    _complained: bool = False
    _since_cut: int = 0

    @classmethod
    def of(cls, kind: Kind, limit: int) -> Window:
        return cls(limit, float(min(_BEGIN[kind], limit)))

    @property
    def is_open(self) -> bool:
        """Whether one more job may begin."""
        return self.running < int(self.size)

    def begin(self) -> None:
        self.running += 1

    def end(self, *, well: bool) -> None:
        """A job is over; `well` says that the registry did not complain about it."""
        full = self.running >= int(self.size)
        self.running -= 1
        self._since_cut += 1
        if well and full:  # a window that was not used up says nothing about a larger one
            self.size = min(float(self.limit), self.size + (1 / self.size if self._complained else 1))

    def complain(self) -> None:
        """The registry wants less. Those that were under way then complain together and count once."""
        if self._complained and self._since_cut < self.running:
            return
        self._complained = True
        self._since_cut = 0
        self.size = max(1.0, self.size / 2)
