"""The live state: what the cloud and its registries hold, parsed at the door. Times are epoch milliseconds."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType

from reconciler.model.billing import Quote
from reconciler.model.build import LiveBuilds
from reconciler.model.image import Digest, ManifestContent, RepositoryName
from reconciler.model.network import Home, Network
from reconciler.model.quota import Usage
from reconciler.model.scope import ManifestQuery
from reconciler.model.source import SourceNetwork
from reconciler.model.spec import AclEntry, Edition, Level, Trigger, Visibility
from reconciler.model.sync_task import SyncTask


class Cause(StrEnum):
    """Why something could not be read: it is not there, nobody lets us, it is nothing that can be copied, the bytes
    were not the ones that were asked for, or the source fails over it while it gives the others."""

    GONE = "gone"
    DENIED = "denied"
    UNUSABLE = "unusable"
    DAMAGED = "damaged"
    FAILING = "failing"


@dataclass(frozen=True, slots=True)
class Unreadable:
    """Something that could not be read while the rest could; `detail` is what was answered."""

    cause: Cause
    detail: str

    @property
    def passing(self) -> bool:
        """Whether another reading may find it, or find that nobody asks for it any more."""
        return self.cause in (Cause.GONE, Cause.DAMAGED, Cause.FAILING)


class Clock(StrEnum):
    """What `pushed` of an origin's tags tells."""

    PUSHED = "pushed"
    """When the registry took the tag."""
    STORED = "stored"
    """When the object that holds it in a store was written."""
    CREATED = "created"
    """When the image says that it was built, 0 where that was not read."""


@dataclass(frozen=True, slots=True)
class LiveTag:
    """`size` is what the listing says in bytes (0 when it does not); `pushed` orders images by upload."""

    name: str
    digest: Digest
    size: int
    pushed: int


@dataclass(frozen=True, slots=True)
class LiveBrokenTag:
    """A tag that stands for nothing that can be read; `reason` says why."""

    name: str
    reason: str


@dataclass(frozen=True, slots=True)
class LiveNamespace:
    """`tag_immutability` and `image_index_only` are what repositories get that pushes create in it."""

    name: str
    auto_create: bool
    visibility: Visibility
    tag_immutability: bool = False
    image_index_only: bool = False


@dataclass(frozen=True, slots=True)
class LiveRepository:
    """`name` is `namespace/repository`; `tags` is None when nobody asked for them, and when they are `unreadable`."""

    id: str
    name: str
    visibility: Visibility
    summary: str
    tag_immutability: bool = False
    tags: tuple[LiveTag, ...] | None = None
    unreadable: Unreadable | None = None
    builds: LiveBuilds | None = None
    """None when nobody asked for it."""
    detail: str | None = None
    """The long description; None when nobody asked for it."""
    broken: tuple[LiveBrokenTag, ...] = ()

    @property
    def namespace(self) -> str:
        """Empty for a repository elsewhere that has none."""
        namespace, slash, _ = self.name.partition("/")
        return namespace if slash else ""

    @property
    def short_name(self) -> str:
        """Without the namespace."""
        return self.name.partition("/")[2] or self.name


@dataclass(frozen=True, slots=True)
class LiveVpcLink:
    vpc: str
    vswitch: str
    module: str
    status: str
    issue: str = ""


@dataclass(frozen=True, slots=True)
class LiveEndpoint:
    """The internet endpoint; `allow` leaves out the entry that the service puts there itself (127.0.0.1/32)."""

    enabled: bool
    status: str
    allow: tuple[AclEntry, ...] = ()


@dataclass(frozen=True, slots=True)
class LiveSyncRule:
    """A replication rule as its source instance lists it (direction FROM).

    `namespaces` and `repositories` are the filters of a rule of a whole instance or namespace, `.*` without one.

    The id of another account that owns the target is write-only in the API; `cross_account` is all that is readable.
    """

    id: str
    name: str
    source_instance: str
    target_instance: str
    target_region: str
    level: Level
    namespace: str
    repository: str | None
    target_namespace: str
    target_repository: str | None
    tags: str
    trigger: Trigger
    priority: int
    cross_account: bool = False
    created: int = 0
    namespaces: str = ".*"
    repositories: str = ".*"
    link: str = ""


RUNNING = "RUNNING"
COMING_UP = frozenset({"PENDING", "STARTING"})
"""What the service calls an instance that was bought and does not run yet."""


@dataclass(frozen=True, slots=True)
class LiveInstance:
    """`registry` is the `host[:port]` that images move through; empty when no endpoint is open to us. `usage` is None
    when the instance does not tell it."""

    id: str
    name: str
    region: str
    edition: Edition | None
    status: str
    registry: str = ""
    issue: str = ""
    endpoint: LiveEndpoint | None = None
    namespaces: tuple[LiveNamespace, ...] = ()
    repositories: tuple[LiveRepository, ...] = ()
    vpc_links: tuple[LiveVpcLink, ...] = ()
    sync_rules: tuple[LiveSyncRule, ...] = ()
    tags: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    resource_group: str = ""
    usage: Usage | None = None
    account: str = ""
    """The key in the YAML of the account that it was found in; empty for that of the default credentials."""

    def repository(self, name: str) -> LiveRepository | None:
        return next((r for r in self.repositories if r.name == name), None)

    def namespace(self, name: str) -> LiveNamespace | None:
        return next((n for n in self.namespaces if n.name == name), None)


@dataclass(frozen=True, slots=True)
class LiveOrigin:
    """A source of imports; `namespaces` and `repositories` hold those that imports ask for. `unreadable` are namespaces
    that they ask for as well and of which nothing is known, by name. `names` are all of Personal Edition's namespaces,
    listed where one of those is not there; None otherwise.

    `name` is the source's, and `registry` where its images are read: `host[:port]`, or the name of a store. `region` is
    Personal Edition's: there `registry` is the host that is used where an import asks for no other of `hosts`, the one
    inside of VPCs when the program runs `inside_vpc`. Other origins are `named_only`: their namespaces and repositories
    have no settings.
    """

    name: str
    registry: str
    namespaces: tuple[LiveNamespace, ...] = ()
    repositories: tuple[LiveRepository, ...] = ()
    region: str = ""
    hosts: Mapping[SourceNetwork, str] = field(default_factory=lambda: MappingProxyType({}))
    inside_vpc: bool = False
    clock: Clock = Clock.PUSHED
    unreadable: Mapping[str, Unreadable] = field(default_factory=lambda: MappingProxyType({}))
    names: tuple[str, ...] | None = None

    @property
    def named_only(self) -> bool:
        return not self.region


@dataclass(frozen=True, slots=True)
class LiveRole:
    """A RAM role of an account that was asked for. `exists` is None when the access key may not look at it."""

    name: str
    account: str
    exists: bool | None


@dataclass(frozen=True, slots=True)
class Live:
    """`contents` has the manifests of images that are to be moved; `present` says which of their blobs and manifests
    a target repository already holds. Both are filled after the listings told what is missing. `unreadable` are images
    that their repository does not give, `quotes` the prices of instances that the YAML allows to buy and that do not
    exist. `tasks` are the replication tasks of images that the listings show to be missing, None when nobody asked.
    `other_instances` are those of the same regions and accounts that nobody asked for: what one listing tells of them.
    """

    instances: tuple[LiveInstance, ...] = ()
    origins: tuple[LiveOrigin, ...] = ()
    contents: Mapping[Digest, ManifestContent] = field(default_factory=lambda: MappingProxyType({}))
    present: Mapping[RepositoryName, frozenset[Digest]] = field(default_factory=lambda: MappingProxyType({}))
    unreadable: Mapping[ManifestQuery, Unreadable] = field(default_factory=lambda: MappingProxyType({}))
    quotes: tuple[Quote, ...] = ()
    networks: tuple[Network, ...] = ()
    tasks: tuple[SyncTask, ...] | None = None
    roles: tuple[LiveRole, ...] = ()
    other_instances: tuple[LiveInstance, ...] = ()

    def network(self, home: Home) -> Network | None:
        return next((network for network in self.networks if network.home == home), None)

    def role(self, name: str, account: str) -> LiveRole | None:
        """None when nobody asked for it."""
        return next((role for role in self.roles if (role.name, role.account) == (name, account)), None)

    def origin(self, name: str) -> LiveOrigin | None:
        return next((o for o in self.origins if o.name == name), None)

    def instance_by_id(self, instance_id: str) -> LiveInstance | None:
        return next((i for i in self.instances if i.id == instance_id), None)
