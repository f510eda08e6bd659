"""What has to be read: the questions that a desired state asks of the cloud."""

from __future__ import annotations

from dataclasses import dataclass

from reconciler.model.billing import Offer
from reconciler.model.image import Digest, RepositoryName


@dataclass(frozen=True, slots=True)
class InstanceScope:
    """One instance to find and read, by `id` or by `name`.

    `tag_namespaces` and `tag_repositories` (`namespace/repository`) say whose tags to list, with `all_tags` all are.
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

    def lists_tags_of(self, repository: str) -> bool:
        return (
            self.all_tags or repository in self.tag_repositories or repository.split("/", 1)[0] in self.tag_namespaces
        )


@dataclass(frozen=True, slots=True)
class PersonalScope:
    region: str
    namespaces: frozenset[str]


@dataclass(frozen=True, slots=True)
class NetworkScope:
    """What to look for in a region by id; `vswitches` are pairs of a VPC and a vSwitch of it."""

    region: str
    vpcs: frozenset[str]
    vswitches: frozenset[tuple[str, str]] = frozenset()
    security_groups: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Scope:
    """`roles` are names of RAM roles to look for."""

    instances: tuple[InstanceScope, ...] = ()
    personal: tuple[PersonalScope, ...] = ()
    networks: tuple[NetworkScope, ...] = ()
    roles: frozenset[str] = frozenset()


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
