"""An image as a person names it on the command line: `hub:apps/web:v1`, or by id, `cri-…@cn-hangzhou:apps/web:v1`."""

from __future__ import annotations

import re
from dataclasses import dataclass

_REPOSITORY = re.compile(r"[a-z0-9]+(?:[._-]+[a-z0-9]+)*(?:/[a-z0-9]+(?:[._-]+[a-z0-9]+)*)+")
_TAG = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]{0,127}")
"""Both as the OCI distribution specification has them; a repository is `namespace/name` at least."""


@dataclass(frozen=True, slots=True)
class NamedImage:
    """`instance` is a key of the spec, or an id when `region` is given; what was left out is empty."""

    instance: str
    region: str
    repository: str
    tag: str


def parse(text: str) -> NamedImage:
    """Raises ValueError that says what is wrong with `text`."""
    instance, _, image = text.partition(":")
    repository, _, tag = image.partition(":")
    key, at, region = instance.partition("@")
    if not key or (at and not region):
        raise ValueError(f"`{text}` does not begin with an instance")
    if image and not _REPOSITORY.fullmatch(repository):
        raise ValueError(f"`{repository}` is no repository: `namespace/name` is wanted")
    if (image.count(":") or tag) and not _TAG.fullmatch(tag):
        raise ValueError(f"`{tag}` is no tag")
    return NamedImage(key, region, repository, tag)
