"""Where imports take their images from. A source's `name` is what was read: equal names mean the same content."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from typing import TypeAlias
from urllib.parse import urlsplit


@dataclass(frozen=True, slots=True)
class RepositoryFilter:
    """Which repositories of a source are meant: those of `namespaces` whose path one of `repositories` matches.

    Empty means all. `repositories` are globs: `*` stands for anything but `/`, `**` for anything.
    """

    namespaces: tuple[str, ...] = ()
    repositories: tuple[str, ...] = ()

    def matches(self, repository: str) -> bool:
        namespace, slash, _ = repository.partition("/")
        if self.namespaces and not (slash and namespace in self.namespaces):
            return False
        return not self.repositories or any(_glob(glob).fullmatch(repository) for glob in self.repositories)


class SourceNetwork(StrEnum):
    """The way to Personal Edition; `auto` goes by where the program runs."""

    AUTO = "auto"
    VPC = "vpc"
    INTERNET = "internet"
    INTERNAL = "internal"


@dataclass(frozen=True, slots=True)
class PersonalSource:
    region: str
    namespaces: tuple[str, ...]
    network: SourceNetwork = SourceNetwork.AUTO

    @property
    def name(self) -> str:
        return f"personal.{self.region}"

    @property
    def filter(self) -> RepositoryFilter:
        return RepositoryFilter(self.namespaces)


@dataclass(frozen=True, slots=True)
class OssSource:
    """A bucket of OSS; `endpoint` is a URL, empty for the one of the region.

    `repository`, here and in other stores, is whose images of an OCI image layout are that are named by tag alone.
    """

    region: str
    bucket: str
    prefix: str = ""
    endpoint: str = ""
    filter: RepositoryFilter = RepositoryFilter()
    repository: str = ""

    @property
    def name(self) -> str:
        return _bucket("oss", self.endpoint, self.bucket, self.prefix)


@dataclass(frozen=True, slots=True)
class S3Source:
    """A bucket that speaks the protocol of S3; what is empty comes from the AWS environment and profile."""

    bucket: str
    prefix: str = ""
    region: str = ""
    endpoint: str = ""
    filter: RepositoryFilter = RepositoryFilter()
    repository: str = ""

    @property
    def name(self) -> str:
        return _bucket("s3", self.endpoint, self.bucket, self.prefix)


@dataclass(frozen=True, slots=True)
class DirectorySource:
    """A folder; `path` is absolute, or below the folder that the program runs in."""

    path: str
    filter: RepositoryFilter = RepositoryFilter()
    repository: str = ""

    @property
    def name(self) -> str:
        return f"file://{self.path}" if self.path.startswith("/") else f"file:{self.path}"


@dataclass(frozen=True, slots=True)
class RegistrySource:
    """`url` is `https://host[:port]`, or with `http` where the registry has no TLS."""

    url: str
    filter: RepositoryFilter = RepositoryFilter()

    @property
    def name(self) -> str:
        return urlsplit(self.url).netloc

    @property
    def plain_http(self) -> bool:
        return urlsplit(self.url).scheme == "http"

    @property
    def on_this_machine(self) -> bool:
        """As far as the name tells."""
        host = urlsplit(self.url).hostname or ""
        return host in ("localhost", "::1") or host.startswith("127.")


StoreSource: TypeAlias = OssSource | S3Source | DirectorySource
Source: TypeAlias = PersonalSource | StoreSource | RegistrySource


def described(source: Source) -> str:
    """What a source is called in messages."""
    match source:
        case PersonalSource():
            return f"Personal Edition in `{source.region}`"
        case RegistrySource():
            return f"the registry `{source.name}`"
        case OssSource() | S3Source() | DirectorySource():
            return f"`{source.name}`"


def is_store(name: str) -> bool:
    """Whether images with this in place of a registry's host are in a store."""
    return "://" in name or name.startswith("file:")


def is_glob(text: str) -> bool:
    """Whether it can stand for several repositories."""
    return "*" in text or "?" in text


@lru_cache(maxsize=1024)
def _glob(glob: str) -> re.Pattern[str]:
    words = {"**": ".*", "*": "[^/]*", "?": "[^/]"}
    parts = re.split(r"(\*\*|\*|\?)", glob)
    return re.compile("".join(words.get(part, re.escape(part)) for part in parts))


def _bucket(scheme: str, endpoint: str, bucket: str, prefix: str) -> str:
    """For example `oss://bucket/prefix`; with an endpoint of its own `s3+https://host:9000/bucket/prefix`."""
    path = "/".join(part for part in (bucket, prefix.strip("/")) if part)
    return f"{scheme}+{endpoint.rstrip('/')}/{path}" if endpoint else f"{scheme}://{path}"
