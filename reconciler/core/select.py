"""Image selection: the newest N of a repository by push time, then those whose tag matches."""

from __future__ import annotations

import re
from collections.abc import Iterable
from types import MappingProxyType

from reconciler.core.pattern import matcher
from reconciler.model.image import Contents, Digest
from reconciler.model.live import LiveTag
from reconciler.model.spec import ImageSelection

# cosign's tag schemes, and without an ending the fallback tag of the OCI referrers API.
_COMPANION = re.compile(r"(sha256|sha512)-([0-9a-f]{64,128})(\.(?:sig|att|sbom))?")

_NOTHING_READ: Contents = MappingProxyType({})


def is_companion(tag: str) -> bool:
    """Whether a tag belongs to the image that it names, and is nothing that anybody selects by itself."""
    return _COMPANION.fullmatch(tag) is not None


def signed(tag: str) -> Digest | None:
    """The digest of the image that a cosign tag is about.

    A fallback tag is about one, too, but it is a list that every registry keeps for itself: what it lists travels as
    the image's referrers.
    """
    match = _COMPANION.fullmatch(tag)
    return Digest(f"{match[1]}:{match[2]}") if match and match[3] else None


def select(
    tags: Iterable[LiveTag], selection: ImageSelection, contents: Contents = _NOTHING_READ
) -> tuple[LiveTag, ...]:
    """The selected tags, oldest push first, so that copying them in order keeps "newest N" true at the target.

    Of equal push times the first name counts as the newest. Companion tags (signatures, attestations, referrer lists)
    do not count towards N: they come along with the image that they belong to.
    """
    tags = tuple(tags)
    ordinary = [tag for tag in tags if not is_companion(tag.name)]
    newest = sorted(ordinary, key=_newest_first)
    matches = matcher(selection.tags)
    chosen = [tag for tag in newest[: selection.latest] if matches(tag.name)]
    return with_companions(chosen, tags, contents)


def with_companions(
    chosen: Iterable[LiveTag], tags: Iterable[LiveTag], contents: Contents = _NOTHING_READ
) -> tuple[LiveTag, ...]:
    """`chosen` and the companion tags of `tags` that belong to them, or to one another, oldest push first.

    Of images that `contents` knows, companions of their children belong to them as well: an index may be signed
    manifest by manifest.
    """
    about: dict[Digest, list[LiveTag]] = {}
    for tag in tags:
        subject = signed(tag.name)
        if subject is not None:
            about.setdefault(subject, []).append(tag)
    found = set(chosen)
    waiting = [tag.digest for tag in found] if about else []
    seen: set[Digest] = set()
    while waiting:
        digest = waiting.pop()
        if digest in seen:
            continue
        seen.add(digest)
        companions = about.get(digest, [])
        found.update(companions)
        waiting += [tag.digest for tag in companions]
        if digest in contents:
            waiting += [child.digest for child in contents[digest].manifests]
    return tuple(sorted(found, key=_newest_first, reverse=True))


def _newest_first(tag: LiveTag) -> tuple[int, str]:
    return (-tag.pushed, tag.name)
