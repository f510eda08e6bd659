"""References: `host[:port]/repository[:tag][@digest]`, parsed once into a value."""

from __future__ import annotations

import re
from dataclasses import dataclass

from reconciler.model.image import Digest, ImageName, RepositoryName, parse_digest

# The grammar of the OCI distribution specification 1.1, "Pulling manifests".
_COMPONENT = r"[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*"
_REPOSITORY = re.compile(rf"{_COMPONENT}(?:/{_COMPONENT})*")
_TAG = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]{0,127}")
_HOST = re.compile(r"(?:[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?|\[[0-9A-Fa-f:]+\])(?::[0-9]{1,5})?")

REPOSITORY_LIMIT = 255
"""Characters of a host and repository together that common clients accept, as the specification notes."""


@dataclass(frozen=True, slots=True)
class Reference:
    """What a user names: a repository of a registry, with a tag, a digest, both or neither."""

    repository: RepositoryName
    tag: str | None = None
    digest: Digest | None = None

    def __str__(self) -> str:
        tag = f":{self.tag}" if self.tag else ""
        digest = f"@{self.digest}" if self.digest else ""
        return f"{self.repository}{tag}{digest}"

    @property
    def image(self) -> ImageName:
        """Raises ValueError when the reference has no tag."""
        if self.tag is None:
            raise ValueError(f"no tag in reference: {self}")
        return ImageName(self.repository.registry, self.repository.path, self.tag)


def parse(text: str) -> Reference:
    """Raises ValueError that says what is wrong with `text`. The host is never guessed."""
    rest, at, digest_text = text.partition("@")
    digest = parse_digest(digest_text) if at else None
    host, slash, path = rest.partition("/")
    if not slash or not _HOST.fullmatch(host):
        raise ValueError(f"reference has no registry host: {text!r}; write `host[:port]/repository[:tag]`")
    path, colon, tag = path.partition(":")
    return Reference(RepositoryName(host, check_repository(path, host=host)), check_tag(tag) if colon else None, digest)


def check_repository(path: str, *, host: str = "") -> str:
    """`path` itself. Raises ValueError when a registry would refuse it."""
    if not _REPOSITORY.fullmatch(path):
        raise ValueError(f"not a repository name: {path!r}; use lower-case letters, digits, `.`, `_`, `-` and `/`")
    if len(host) + 1 + len(path) > REPOSITORY_LIMIT:
        raise ValueError(f"repository name is too long: {path!r}; at most {REPOSITORY_LIMIT} characters with its host")
    return path


def check_tag(tag: str) -> str:
    """`tag` itself. Raises ValueError when a registry would refuse it."""
    if not _TAG.fullmatch(tag):
        raise ValueError(f"not a tag: {tag!r}; up to 128 letters, digits, `_`, `.` and `-`, not first `.` or `-`")
    return tag
