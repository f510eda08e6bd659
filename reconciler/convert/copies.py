"""What every one of these tools is told: bring these tags of that repository to this place."""

from __future__ import annotations

from dataclasses import dataclass

from reconciler.model.diagnostic import Diagnostic
from reconciler.model.image import RepositoryName
from reconciler.model.place import Span

ALL_TAGS = ".*"


@dataclass(frozen=True, slots=True)
class Copy:
    """One repository to bring; `span` is where the file says so.

    `target` is None where the tool is told on its command line. `tags` is RE2 syntax and matches the whole tag.
    `plain` says that the source is spoken to without TLS.
    """

    source: RepositoryName
    target: RepositoryName | None
    span: Span
    tags: str = ALL_TAGS
    platforms: tuple[str, ...] = ()
    plain: bool = False


@dataclass(frozen=True, slots=True)
class Told:
    """What a configuration says, and what of it has no place in ours."""

    copies: tuple[Copy, ...]
    notes: tuple[Diagnostic, ...]
