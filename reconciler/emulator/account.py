"""The account: everything that the local cloud knows and keeps. Only the event loop's thread touches it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TypeAlias

from reconciler.emulator.catalogue import Catalogue, Namespace, Repository, Status
from reconciler.emulator.identifiers import resource_id
from reconciler.emulator.networks import Networks
from reconciler.emulator.refusal import Refused
from reconciler.emulator.sync_rule import Laws, Side, SyncRule, SyncScope, check_topology, full_match
from reconciler.emulator.sync_task import SyncTask
from reconciler.model.spec import Edition, Visibility

DEFAULT_USER = "1000000000000001"
DEFAULT_RESOURCE_GROUP = "rg-acfmexampledefault"


class LinkStatus(StrEnum):
    CREATING = "CREATING"
    RUNNING = "RUNNING"
    DELETING = "DELETING"


class InstanceStatus(StrEnum):
    PENDING = "PENDING"
    STARTING = "STARTING"
    RUNNING = "RUNNING"


@dataclass(frozen=True, slots=True)
class AllowEntry:
    cidr: str
    comment: str


SYSTEM_ENTRY = AllowEntry("127.0.0.1/32", "default")
"""The service puts it in the allow list when the internet endpoint is switched on."""


@dataclass(slots=True)
class Endpoint:
    """The internet endpoint. `status` is None while it is switched off."""

    enabled: bool
    status: LinkStatus | None
    entries: list[AllowEntry] = field(default_factory=list)


@dataclass(slots=True)
class VpcLink:
    vpc: str
    vswitch: str
    module: str
    ip: str
    status: LinkStatus
    issue: str = ""


@dataclass(slots=True)
class Instance:
    """An Enterprise Edition instance; `key` is its name in the seed. One that was just bought is not `listed` yet.
    One with an `owner` is another account's: it can be a target, and nothing else.
    """

    key: str
    id: str
    name: str
    region: str
    edition: Edition
    created: int
    catalogue: Catalogue
    internet: Endpoint
    vpc_quota: int
    tags: dict[str, str] = field(default_factory=dict)
    vpc_links: list[VpcLink] = field(default_factory=list)
    status: InstanceStatus = InstanceStatus.RUNNING
    listed: bool = True
    resource_group: str = DEFAULT_RESOURCE_GROUP
    owner: str = ""

    @property
    def label(self) -> str:
        return f"instances.{self.key}"

    @property
    def service(self) -> str:
        """The `service` of the registry's challenge, in the form that Harbor's adapter parses."""
        return f"registry.aliyuncs.com:{self.region}:26842:{self.id}"


@dataclass(frozen=True, slots=True)
class Order:
    """Something that was bought."""

    id: str
    instance_id: str


@dataclass(slots=True)
class PersonalRegion:
    """Personal Edition in one region."""

    region: str
    catalogue: Catalogue

    @property
    def label(self) -> str:
        return f"personal.{self.region}"

    @property
    def service(self) -> str:
        return f"registry.aliyuncs.com:{self.region}:26842"


Holder: TypeAlias = Instance | PersonalRegion


@dataclass(frozen=True, slots=True)
class Role:
    """A RAM role; `service` is whom it is for when it is a service's own."""

    name: str
    service: str
    created: str


@dataclass(slots=True)
class Account:
    """Instances, rules and tasks are keyed by id, Personal Edition by region, orders by their client token, roles by
    name."""

    user_id: str = DEFAULT_USER
    serial: int = 0
    instances: dict[str, Instance] = field(default_factory=dict)
    personal: dict[str, PersonalRegion] = field(default_factory=dict)
    sync_rules: dict[str, SyncRule] = field(default_factory=dict)
    sync_tasks: dict[str, SyncTask] = field(default_factory=dict)
    orders: dict[str, Order] = field(default_factory=dict)
    networks: Networks = field(default_factory=Networks)
    roles: dict[str, Role] = field(default_factory=dict)

    def holders(self) -> Iterator[Holder]:
        yield from self.instances.values()
        yield from self.personal.values()

    def next_serial(self) -> int:
        self.serial += 1
        return self.serial

    def new_id(self, prefix: str, *names: str) -> str:
        return resource_id(prefix, *names, str(self.next_serial()))

    def instance(self, instance_id: str, region: str | None = None) -> Instance:
        """Raises Refused with INSTANCE_NOT_EXIST, also for an instance of another region than asked for."""
        found = self.instances.get(instance_id)
        if found is None or not found.listed or (region is not None and found.region != region):
            raise Refused("INSTANCE_NOT_EXIST", f"instance is not exist: {instance_id}")
        return found

    def target(self, instance_id: str, region: str, user_id: str) -> Instance:
        """What a rule or a task may name as its target, with the id of the account that owns it. Raises Refused as
        `instance` does, also for another owner."""
        found = self.instance(instance_id, region)
        if (user_id or self.user_id) != (found.owner or self.user_id):
            raise Refused("INSTANCE_NOT_EXIST", f"instance is not exist in that account: {instance_id}")
        return found

    def new_namespace(self, holder: Holder, name: str, *, auto_create: bool, visibility: Visibility) -> Namespace:
        """Raises Refused as `Catalogue.add_namespace` does."""
        namespace = Namespace(self.new_id("crn", holder.label, name), name, auto_create, visibility)
        holder.catalogue.add_namespace(namespace)
        return namespace

    def new_repository(
        self, holder: Holder, path: str, *, visibility: Visibility, summary: str, now: int
    ) -> Repository:
        """Raises Refused as `Catalogue.add_repository` does."""
        namespace, _, name = path.partition("/")
        identity = self.new_id("crr", holder.label, path)
        repository = Repository(identity, self.serial, namespace, name, visibility, summary, now, now)
        holder.catalogue.add_repository(repository)
        return repository

    def add_sync_rule(self, rule: SyncRule, laws: Laws) -> None:
        """Raises Refused when the service's rules about rules forbid it, or when a place that it names is missing."""
        source, target = self.instance(rule.source_id), self.instance(rule.target_id)
        check_topology(rule, side_of(source), side_of(target), self.sync_rules.values(), laws)
        if rule.scope is not SyncScope.INSTANCE:
            source.catalogue.namespace(rule.source_namespace)
            target.catalogue.namespace(rule.target_namespace)
        if rule.scope is SyncScope.REPO:
            source.catalogue.repository(f"{rule.source_namespace}/{rule.source_repository}")
            target.catalogue.repository(f"{rule.target_namespace}/{rule.target_repository}")
        for pattern in (rule.tag_filter, rule.repository_filter, rule.namespace_filter):
            full_match(pattern, "")
        self.sync_rules[rule.id] = rule

    def repository_for_push(self, holder: Holder, path: str, now: int) -> tuple[Repository, bool]:
        """The repository that a push goes to, made when its namespace creates repositories by itself; and whether it
        is new. Raises Refused with REPO_NOT_EXIST or NAMESPACE_NOT_EXIST otherwise."""
        found = holder.catalogue.repositories.get(path)
        if found is not None and found.status is Status.NORMAL:
            return found, False
        namespace = holder.catalogue.namespace(path.partition("/")[0])
        if found is not None or not namespace.auto_create:
            raise Refused("REPO_NOT_EXIST", f"repo is not exist: {path}")
        repository = self.new_repository(holder, path, visibility=namespace.visibility, summary=path, now=now)
        repository.tag_immutability = namespace.tag_immutability
        return repository, True


def side_of(instance: Instance) -> Side:
    return Side(instance.id, instance.region, instance.edition)
