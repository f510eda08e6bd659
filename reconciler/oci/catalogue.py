"""What a source of images holds: its repositories, and their tags with what they stand for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from reconciler.model.image import Digest


@dataclass(frozen=True, slots=True)
class ListedTag:
    """`moment` is in epoch milliseconds, 0 when it is not known."""

    name: str
    digest: Digest
    moment: int = 0


@dataclass(frozen=True, slots=True)
class BrokenTag:
    """A tag that stands for nothing that can be read; `reason` says why."""

    name: str
    reason: str


@dataclass(frozen=True, slots=True)
class ListedTags:
    tags: tuple[ListedTag, ...]
    broken: tuple[BrokenTag, ...] = ()


class Catalogue(Protocol):
    """Every method may be called from any thread and raises RegistryError."""

    def repositories(self) -> Sequence[str]:
        """In name order."""

    def tags(self, repository: str, timed: int | None = None, /) -> ListedTags:
        """In name order. Raises NotFound for a repository that does not exist.

        Where the moments of tags cost requests of their own they are found out only in a repository with more than
        `timed` tags, and never for None.
        """
