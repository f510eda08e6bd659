"""Image names as docker's users write them: without a host it is Docker Hub, without a namespace `library`."""

from __future__ import annotations

import re

from reconciler.model.image import RepositoryName
from reconciler.oci import reference

DOCKER_HUB = "docker.io"
_INSTANCE = re.compile(r"(?P<name>[a-z0-9-]+)-registry(?:-vpc)?\.(?P<region>[a-z0-9-]+)\.cr\.aliyuncs\.com")
_PERSONAL = re.compile(
    r"registry(?:-vpc|-internal|-intl|-intl-vpc)?\.(?P<old>[a-z0-9-]+)\.aliyuncs\.com"
    r"|crpi-[a-z0-9]+(?:-vpc)?\.(?P<new>[a-z0-9-]+)\.personal\.cr\.aliyuncs\.com"
)


def repository(text: str) -> RepositoryName:
    """A name without tag and digest. Raises ValueError that says what is wrong with it."""
    first, slash, _ = text.partition("/")
    if not slash or not (set(first) & {".", ":"} or first == "localhost"):
        text = f"{DOCKER_HUB}/{text if slash else f'library/{text}'}"
    parsed = reference.parse(text)
    if parsed.tag is not None or parsed.digest is not None:
        raise ValueError(f"a repository is named without a tag or digest: {text!r}")
    return parsed.repository


def tagged(text: str) -> tuple[str, str]:
    """A name and what follows it, `:tags` or `@digest` or nothing."""
    cut = text.find("@")
    if cut < 0:
        cut = text.find(":", text.rfind("/") + 1) if ":/" not in text else text.find(":/")
    return (text, "") if cut < 0 else (text[:cut], text[cut:])


def instance(host: str) -> tuple[str, str] | None:
    """Name and region of the Enterprise Edition instance that a host belongs to."""
    match = _INSTANCE.fullmatch(host)
    return (match["name"], match["region"]) if match else None


def personal_region(host: str) -> str | None:
    """The region of the Personal Edition that a host belongs to."""
    match = _PERSONAL.fullmatch(host)
    return (match["old"] or match["new"]) if match else None
