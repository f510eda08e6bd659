"""Exit codes, and what a failure that is not a finding of ours looks like."""

from __future__ import annotations

from enum import IntEnum


class Exit(IntEnum):
    """0 done or clean; 1 refused, failed or wrong input; 2 changes or drift; 3 partly done; 130 interrupted, as shells
    have it."""

    OK = 0
    ERROR = 1
    CHANGES = 2
    PARTLY = 3
    INTERRUPTED = 130


class Refused(Exception):
    """The command cannot go on; `hint` is the next step. Findings were told already when `told`."""

    def __init__(self, message: str = "", *, hint: str = "", told: bool = False) -> None:
        super().__init__(message)
        self.hint = hint
        self.told = told
