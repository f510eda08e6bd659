"""Image selection: the newest N of a repository by push time, then those whose tag matches."""

from __future__ import annotations

import re
from collections.abc import Iterable

from reconciler.core.pattern import matcher
from reconciler.model.live import LiveTag
from reconciler.model.spec import ImageSelection

# cosign's tag schemes and the fallback tag of the OCI referrers API: content that belongs to the image they name.
_COMPANION = re.compile(r"(sha256|sha512)-([0-9a-f]{64,128})(\.(sig|att|sbom))?")


def subject_of(tag: str) -> str | None:
    """The digest that a companion tag belongs to, or None for an ordinary tag."""
    match = _COMPANION.fullmatch(tag)
    return f"{match[1]}:{match[2]}" if match else None


def select(tags: Iterable[LiveTag], selection: ImageSelection) -> tuple[LiveTag, ...]:
    """The selected tags, oldest push first, so that copying them in order keeps "newest N" true at the target.

    Equal push times are ordered by name. Companion tags (signatures, attestations, referrer lists) do not count
    towards N: they come along with the image that they belong to.
    """
    tags = tuple(tags)
    ordinary = [tag for tag in tags if subject_of(tag.name) is None]
    newest = sorted(ordinary, key=lambda tag: (-tag.pushed, tag.name))
    matches = matcher(selection.tags)
    chosen = [tag for tag in newest[: selection.latest] if matches(tag.name)]
    return with_companions(chosen, tags)


def with_companions(chosen: Iterable[LiveTag], tags: Iterable[LiveTag]) -> tuple[LiveTag, ...]:
    """`chosen` and the companion tags of `tags` that belong to them, oldest push first."""
    chosen = tuple(chosen)
    subjects = {tag.digest for tag in chosen}
    companions = [tag for tag in tags if subject_of(tag.name) in subjects]
    return tuple(sorted({*chosen, *companions}, key=lambda tag: (tag.pushed, tag.name)))
