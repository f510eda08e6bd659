"""The desired state: what the YAML declares, parsed, typed and with its places.

A field that is None was not declared and is left alone, unless its comment gives a default.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType

from reconciler.model import address
from reconciler.model.address import Address
from reconciler.model.build import BuildRule, SourceCode
from reconciler.model.network import Network
from reconciler.model.place import Places
from reconciler.model.source import Source


class Edition(StrEnum):
    BASIC = "basic"
    STANDARD = "standard"
    ADVANCED = "advanced"
    ECONOMY = "economy"


class Visibility(StrEnum):
    PUBLIC = "public"
    PRIVATE = "private"


class SamePair(StrEnum):
    DENY = "deny"
    ALLOW = "allow"


class Renewal(StrEnum):
    MANUAL = "manual"
    AUTO = "auto"


class Permission(StrEnum):
    """What may be bought."""

    CREATE = "create"
    UPGRADE = "upgrade"


class StandardEdition(StrEnum):
    """Whether Standard instances replicate and receive: newer pages of the service say so, older ones do not."""

    DENY = "deny"
    ALLOW = "allow"


class Level(StrEnum):
    INSTANCE = "instance"
    NAMESPACE = "namespace"
    REPOSITORY = "repository"


class Trigger(StrEnum):
    PUSH = "push"
    MANUAL = "manual"


class Backfill(StrEnum):
    """`missing` copies tags that the target lacks; `all` also overwrites tags that have another digest there."""

    NONE = "none"
    MISSING = "missing"
    ALL = "all"


class BackfillRoute(StrEnum):
    """Who copies existing images: tasks of the service, or the transfer; `auto` goes by their number and size."""

    AUTO = "auto"
    TASKS = "tasks"
    EXECUTOR = "executor"


class Include(StrEnum):
    """What an import brings besides images."""

    NAMESPACES = "namespaces"
    REPOSITORIES = "repositories"
    BUILD_RULES = "build_rules"


@dataclass(frozen=True, slots=True)
class Safety:
    """Thresholds that stop a plan; `max_deletes` is a count or a share of the managed objects (0.1 is 10%)."""

    max_deletes: int | float = 0.1
    max_images: int = 5000
    max_bytes: int = 2 * 1024**4


@dataclass(frozen=True, slots=True)
class BackfillPolicy:
    """With `auto`, the images of one backfill go by tasks when they are no more than `max_tasks` and, as the listing
    counts them, no larger than `max_bytes`.

    The service documents neither a quota nor a rate for tasks. 100 of them are created in seven seconds at the pace of
    our calls; 100 GiB is what one machine copies in a quarter of an hour over 1 Gbit/s.
    """

    via: BackfillRoute = BackfillRoute.AUTO
    max_tasks: int = 100
    max_bytes: int = 100 * 1024**3


@dataclass(frozen=True, slots=True)
class Settings:
    same_pair: SamePair = SamePair.DENY
    prune: bool = False
    safety: Safety = Safety()
    zones: Mapping[str, tuple[str, ...]] = field(default_factory=lambda: MappingProxyType({}))
    instance_scope: bool = False
    """Whether rules of a whole instance may be declared: not every region's API knows them."""
    standard_edition: StandardEdition = StandardEdition.DENY
    backfill: BackfillPolicy = BackfillPolicy()
    places: Places = field(default=Places(), compare=False)


@dataclass(frozen=True, slots=True)
class Purchase:
    period_months: int
    renewal: Renewal = Renewal.MANUAL
    allow: frozenset[Permission] = frozenset()


@dataclass(frozen=True, slots=True, order=True)
class AclEntry:
    cidr: str
    comment: str = ""


@dataclass(frozen=True, slots=True)
class InternetEndpoint:
    instance: str
    enabled: bool
    allow: tuple[AclEntry, ...] | None
    places: Places = field(default=Places(), compare=False)

    @property
    def address(self) -> Address:
        return address.endpoint(self.instance, "internet")


RESERVED_TAGS = ("acs:", "aliyun")
"""How the keys begin of tags that only the cloud's own services may write."""


@dataclass(frozen=True, slots=True)
class CloudAccount:
    """Another account than the one of the default credentials: where its credential is, never the credential itself.

    `environment` is what comes before the names of the official variables, `profile` is one of `~/.aliyun/config.json`;
    without both, the default credentials stand. `role` is the ARN of a role that these then assume.
    """

    key: str
    environment: str | None = None
    profile: str | None = None
    role: str | None = None
    places: Places = field(default=Places(), compare=False)


@dataclass(frozen=True, slots=True)
class Instance:
    """An Enterprise Edition instance; found live by `id`, or by `name` in `region`."""

    key: str
    region: str
    name: str
    edition: Edition | None = None
    id: str | None = None
    purchase: Purchase | None = None
    personal_domain: bool = False
    tags: Mapping[str, str] | None = None
    resource_group: str | None = None
    places: Places = field(default=Places(), compare=False)
    account: str = ""
    """The key of its account; empty for that of the default credentials."""

    @property
    def address(self) -> Address:
        return address.instance(self.key)

    def may(self, permission: Permission) -> bool:
        """Whether the YAML allows buying that."""
        return self.purchase is not None and permission in self.purchase.allow


@dataclass(frozen=True, slots=True)
class Namespace:
    """`tag_immutability` and `image_index_only` are what repositories get that pushes create in it."""

    instance: str
    name: str
    auto_create: bool | None = None
    visibility: Visibility | None = None
    origin: str = ""
    """The address of the import that brings it, when the YAML does not declare it."""
    places: Places = field(default=Places(), compare=False)
    tag_immutability: bool | None = None
    image_index_only: bool | None = None

    @property
    def address(self) -> Address:
        return address.namespace(self.instance, self.name)


@dataclass(frozen=True, slots=True)
class Repository:
    """`name` is `namespace/repository`."""

    instance: str
    name: str
    visibility: Visibility | None = None
    summary: str | None = None
    tag_immutability: bool | None = None
    source_code: SourceCode | None = None
    build_rules: tuple[BuildRule, ...] | None = None
    origin: str = ""
    detail: str | None = None
    builds_origin: str = ""
    """As `origin`, for source code and build rules."""
    places: Places = field(default=Places(), compare=False)

    @property
    def address(self) -> Address:
        return address.repository(self.instance, self.name)

    @property
    def namespace(self) -> str:
        return self.name.split("/", 1)[0]

    @property
    def short_name(self) -> str:
        return self.name.split("/", 1)[1]


@dataclass(frozen=True, slots=True)
class VpcBinding:
    key: str
    instance: str
    vpc: str
    vswitch: str
    security_group: str | None = None
    module: str = "registry"
    open_security_group: bool = False
    dns: bool | None = None
    """Whether a new link gets a DNS record in the VPC's private zone. The service does not tell it again."""
    places: Places = field(default=Places(), compare=False)

    @property
    def address(self) -> Address:
        return address.vpc(self.key)


@dataclass(frozen=True, slots=True)
class ImageSelection:
    """The newest `latest` images of a repository by push time (None: all), then those whose tag matches `tags`.

    `tags` is RE2 syntax and matches the whole tag. An image with other platforms than `platforms` is refused; empty
    means all.
    """

    latest: int | None = None
    tags: str = ".*"
    platforms: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ImportRule:
    key: str
    target: str
    source: Source
    vpc: str | None = None
    images: ImageSelection = ImageSelection()
    overwrite: bool = True
    include: frozenset[Include] = frozenset({Include.NAMESPACES, Include.REPOSITORIES})
    rename: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    default_namespace: str = ""
    """The target's namespace for repositories that have none in the source."""
    places: Places = field(default=Places(), compare=False)

    @property
    def address(self) -> Address:
        return address.import_rule(self.key)


UNKNOWN_USER = "0000000000000000"
"""Stands for the id of another account in what is exported: the API does not tell it."""


@dataclass(frozen=True, slots=True)
class ReplicationRule:
    """One source, one target: a `replications` entry with three targets is three of these.

    `target` is the key of an instance. `namespace` is empty for `level: instance`; `repository` is None but for `level:
    repository`. `namespaces` and `repositories` are RE2, match the whole name, and narrow an instance or a namespace
    down. `link` is the id of a custom link, None to leave that alone.
    `places` has the entry's fields and, as `"target"`, the place of this target in the list.
    """

    name: str
    source: str
    target: str
    level: Level
    namespace: str
    repository: str | None = None
    tags: str = ".*"
    trigger: Trigger = Trigger.PUSH
    priority: int = 3
    backfill: Backfill = Backfill.MISSING
    user_id: str | None = None
    places: Places = field(default=Places(), compare=False)
    namespaces: str = ".*"
    repositories: str = ".*"
    link: str | None = None

    @property
    def address(self) -> Address:
        return address.replication(self.name, self.target)

    @property
    def backfill_address(self) -> Address:
        return address.backfill(self.name, self.target)


@dataclass(frozen=True, slots=True)
class PersonalNamespace:
    """A namespace of Personal Edition; declared only in the seed of the local cloud."""

    region: str
    name: str
    auto_create: bool = True
    visibility: Visibility = Visibility.PRIVATE


@dataclass(frozen=True, slots=True)
class PersonalRepository:
    """A repository of Personal Edition; `name` is `namespace/repository`. Only in the seed of the local cloud."""

    region: str
    name: str
    visibility: Visibility = Visibility.PRIVATE
    summary: str = ""
    source_code: SourceCode | None = None
    build_rules: tuple[BuildRule, ...] = ()


@dataclass(frozen=True, slots=True)
class SeedImages:
    """Tags of a repository that the local cloud begins with, oldest first; only in its seed.

    `registry` is `instances.<key>` or `personal.<region>`, `repository` is `namespace/repository`.
    """

    registry: str
    repository: str
    tags: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Desired:
    """Everything that the files declare, each group in address order."""

    settings: Settings = Settings()
    instances: tuple[Instance, ...] = ()
    endpoints: tuple[InternetEndpoint, ...] = ()
    namespaces: tuple[Namespace, ...] = ()
    repositories: tuple[Repository, ...] = ()
    vpcs: tuple[VpcBinding, ...] = ()
    imports: tuple[ImportRule, ...] = ()
    replications: tuple[ReplicationRule, ...] = ()
    personal_namespaces: tuple[PersonalNamespace, ...] = ()
    personal_repositories: tuple[PersonalRepository, ...] = ()
    networks: tuple[Network, ...] = ()
    """Only in the seed of the local cloud."""
    seed_images: tuple[SeedImages, ...] = ()
    accounts: tuple[CloudAccount, ...] = ()

    @property
    def declares(self) -> bool:
        """Whether there is anything that could be there or not: settings and accounts alone are nothing."""
        return bool(self.instances or self.vpcs or self.imports or self.replications)

    def instance(self, key: str) -> Instance | None:
        return next((i for i in self.instances if i.key == key), None)
