"""What can go wrong with one request, as values; a policy says which request meets which fault."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TypeAlias


class Kind(StrEnum):
    """What a request is about."""

    PING = "ping"
    TOKEN = "token"
    TAGS = "tags"
    REFERRERS = "referrers"
    MANIFEST = "manifest"
    BLOB = "blob"
    START = "start"
    MOUNT = "mount"
    PATCH = "patch"
    PUT = "put"
    STATUS = "status"
    CANCEL = "cancel"


@dataclass(frozen=True)
class Ask:
    """One request; `number` counts the requests of the same kind and method to one registry, from 1;
    `tagged` says that there is a tag of this name, `kept` that its connection served another request before."""

    kind: Kind
    method: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    repository: str
    reference: str
    length: int
    number: int
    tagged: bool
    kept: bool


@dataclass(frozen=True)
class CutRequest:
    """The connection ends after `after` bytes of the request's body; `reset` makes it an RST."""

    after: int
    reset: bool = False


@dataclass(frozen=True)
class CutHead:
    """What was asked is done, and the connection ends after `after` bytes of the answer's head."""

    after: int


@dataclass(frozen=True)
class CutBody:
    """The connection ends after `after` bytes of the answer's body."""

    after: int


@dataclass(frozen=True)
class Stall:
    """Nothing more comes after `after` bytes of the answer's body; None: not even its head."""

    after: int | None = None


@dataclass(frozen=True)
class StopReading:
    """The registry reads `after` bytes of the request's body and then nothing any more, and says nothing."""

    after: int


@dataclass(frozen=True)
class WrongLength:
    """The answer's Content-Length is off by `by` bytes."""

    by: int


@dataclass(frozen=True)
class Flip:
    """One byte of the answer's body is another one."""

    at: int


@dataclass(frozen=True)
class Refuse:
    """Nothing is done; the request is read and answered with `status`."""

    status: int
    headers: Mapping[str, str] = field(default_factory=dict)
    code: str = ""


@dataclass(frozen=True)
class RefuseEarly:
    """The answer comes when the head was read; then the connection is closed, or `hold`: kept and not read from."""

    status: int
    hold: bool = False


@dataclass(frozen=True)
class Dress:
    """The answer has these header lines in place of, or beside, its own ones; an empty value leaves one out."""

    lines: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Close:
    """The answer is right, and the connection is closed after it without a word."""


Fault: TypeAlias = (
    CutRequest | CutHead | CutBody | Stall | StopReading | WrongLength | Flip | Refuse | RefuseEarly | Dress | Close
)
Policy: TypeAlias = Callable[[Ask], Fault | None]


def calm(_: Ask) -> None:
    return None


def once(kind: Kind, fault: Fault, *, method: str = "", numbers: tuple[int, ...] = (1,)) -> Policy:
    """`fault` for the requests of `kind` with these numbers, the first one alone unless said otherwise."""

    def policy(ask: Ask) -> Fault | None:
        return fault if ask.kind is kind and ask.method in (method or ask.method) and ask.number in numbers else None

    return policy


def always(kind: Kind, fault: Fault, *, method: str = "", reference: str = "") -> Policy:
    """`fault` for every request of `kind`, or for those to `reference` alone."""

    def policy(ask: Ask) -> Fault | None:
        wanted = (
            ask.kind is kind and ask.method in (method or ask.method) and ask.reference in (reference or ask.reference)
        )
        return fault if wanted else None

    return policy
