"""What has to be read: the questions that a desired state asks of the cloud."""

from __future__ import annotations

from collections.abc import Container, Mapping
from dataclasses import dataclass

from reconciler.model.billing import Offer
from reconciler.model.image import Digest, RepositoryName
from reconciler.model.network import Home
from reconciler.model.source import RepositoryFilter, Source


@dataclass(frozen=True, slots=True)
class InstanceScope:
    """One instance to find and read, by `id` or by `name`.

    `tag_namespaces` and `tag_repositories` (`namespace/repository`) say whose tags to list, with `all_tags` all are.
    Repositories whose name after the namespace is one that the origins named in `like` have are listed as well.
    `vpc_modules` are the modules whose VPC links are asked for; `endpoint` says whether the internet endpoint is. The
    price of `offer` is asked for when the instance does not exist.
    """

    key: str
    region: str
    name: str
    id: str | None = None
    tag_namespaces: frozenset[str] = frozenset()
    tag_repositories: frozenset[str] = frozenset()
    vpc_modules: frozenset[str] = frozenset()
    endpoint: bool = False
    all_tags: bool = False
    offer: Offer | None = None
    like: frozenset[str] = frozenset()
    build_namespaces: frozenset[str] = frozenset()
    build_repositories: frozenset[str] = frozenset()
    account: str = ""
    detail_repositories: frozenset[str] = frozenset()
    """Those whose long description is asked for."""
    all_builds: bool = False

    def lists_tags_of(self, repository: str, alike: Container[str] = frozenset()) -> bool:
        """`alike` are the names after the namespace that the origins in `like` have."""
        namespace, _, name = repository.partition("/")
        named = repository in self.tag_repositories or namespace in self.tag_namespaces or name in alike
        return self.all_tags or named

    def reads_builds_of(self, repository: str) -> bool:
        """Whether what `repository` is built from is asked for: each costs two calls."""
        named = repository in self.build_repositories or repository.split("/", 1)[0] in self.build_namespaces
        return self.all_builds or named


@dataclass(frozen=True, slots=True)
class OriginScope:
    """A source of imports and what of it is asked for: each repository that one of `filters` matches.

    `newest` is the least number of newest images that an import wants of a repository; None when none wants that.
    """

    source: Source
    filters: tuple[RepositoryFilter, ...]
    newest: int | None = None
    built: tuple[RepositoryFilter, ...] = ()
    """Of the repositories that one of these matches, source code and build rules are asked for, too."""

    @property
    def name(self) -> str:
        return self.source.name

    def wants(self, repository: str) -> bool:
        return any(wanted.matches(repository) for wanted in self.filters)

    def reads_builds_of(self, repository: str) -> bool:
        return any(wanted.matches(repository) for wanted in self.built)


@dataclass(frozen=True, slots=True)
class NetworkScope:
    """What to look for at a home by id; `vswitches` are pairs of a VPC and a vSwitch of it."""

    home: Home
    vpcs: frozenset[str]
    vswitches: frozenset[tuple[str, str]] = frozenset()
    security_groups: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Scope:
    """`roles` are RAM roles to look for, by name and where to ask."""

    instances: tuple[InstanceScope, ...] = ()
    origins: tuple[OriginScope, ...] = ()
    networks: tuple[NetworkScope, ...] = ()
    roles: tuple[tuple[str, Home], ...] = ()


@dataclass(frozen=True, slots=True)
class ManifestQuery:
    """Read this manifest, everything under it, and its referrers, by digest."""

    repository: RepositoryName
    digest: Digest


@dataclass(frozen=True, slots=True)
class PresenceQuery:
    """Which of these blobs and manifests does this repository hold already?"""

    repository: RepositoryName
    blobs: tuple[Digest, ...]
    manifests: tuple[Digest, ...] = ()


@dataclass(frozen=True, slots=True, order=True)
class TagQuery:
    """Which tags does this repository (`namespace/repository`) of the instance with this id have by now?"""

    instance: str
    repository: str


@dataclass(frozen=True, slots=True)
class TaskQuery:
    """Which replication tasks copy these tags (by repository, `namespace/repository`) away from this instance?"""

    region: str
    instance: str
    tags: Mapping[str, frozenset[str]]
