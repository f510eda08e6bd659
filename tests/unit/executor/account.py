# ruff: noqa: ARG002 - the signatures are those of `Cr`; this account needs no region.
"""An account that exists in memory only: the calls of `Cr`, what they change, and how they can go wrong."""

from __future__ import annotations

import threading
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field, replace

from reconciler.acr.answer import Answer
from reconciler.acr.cr import Cr, InternetAccess, NewSyncRule, VpcAccess
from reconciler.acr.errors import AcrError, ApiError, Conflict, NotFound, Unreachable
from reconciler.acr.request import Request
from reconciler.model.live import (
    LiveEndpoint,
    LiveNamespace,
    LiveRepository,
    LiveSyncRule,
    LiveTag,
    LiveVpcLink,
)
from reconciler.model.spec import AclEntry, Visibility


@dataclass(frozen=True)
class Fault:
    """A writing call ends with `error`, although it may have `happened`."""

    error: AcrError
    happened: bool = False


def lost(*, sent: bool = True) -> Unreachable:
    return Unreachable("Call", "cr.example", "timed out", sent=sent)


def conflict() -> ApiError:
    return Conflict("Call", "NAMESPACE_ALREADY_EXIST", "", request_id="", status=400)


def not_found() -> ApiError:
    return NotFound("Call", "NAMESPACE_NOT_EXIST", "", request_id="", status=404)


def refused() -> ApiError:
    return ApiError("Call", "PARAMETER_ERROR", "no", request_id="", status=400)


class _NoService:
    def call(self, request: Request) -> Answer:
        raise AssertionError(f"the service was called: {request.action}")


@dataclass
class Shelf:
    """What one instance holds. The scripts are read one by one and end with what stays."""

    namespaces: dict[str, LiveNamespace] = field(default_factory=dict)
    repositories: dict[str, LiveRepository] = field(default_factory=dict)
    rules: dict[str, LiveSyncRule] = field(default_factory=dict)
    links: list[LiveVpcLink] = field(default_factory=list)
    endpoint: LiveEndpoint = LiveEndpoint(enabled=False, status="")  # noqa: RUF009 - frozen
    tags: list[tuple[LiveTag, ...]] = field(default_factory=list)
    """What every repository holds, reading by reading."""


class Account(Cr):
    """`calls` are the writing ones in order; `acl` is the access list after each of them.

    `faults` maps a call to how it goes wrong, once. `before` is told every writing call before anything happens.
    `links` scripts the status and issue of a VPC link, reading by reading. `lingering` is how many readings a deleted
    object is still seen; `late` is how many readings an entry of the access list is not yet seen.
    """

    def __init__(self) -> None:
        super().__init__(_NoService())
        self.shelves: dict[str, Shelf] = defaultdict(Shelf)
        self.calls: list[str] = []
        self.acl: list[tuple[str, ...]] = []
        self.faults: dict[str, Fault] = {}
        self.before: Callable[[str], None] = lambda _: None
        self.links: list[tuple[str, str]] = [("RUNNING", "")]
        self.lingering = 0
        self.late = 0
        self.reading: AcrError | None = None
        self._lock = threading.Lock()

    def _write(self, call: str, effect: Callable[[], None]) -> None:
        self.before(call)
        with self._lock:
            self.calls.append(call)
            fault = self.faults.pop(call, None)
            if fault is None or fault.happened:
                effect()
            if fault is not None:
                raise fault.error

    def list_namespaces(self, region: str, instance_id: str) -> tuple[LiveNamespace, ...]:
        return tuple(self.shelves[instance_id].namespaces.values())

    def has_namespace(self, region: str, instance_id: str, name: str) -> bool:
        return self._lingers() or name in self.shelves[instance_id].namespaces

    def create_namespace(
        self,
        region: str,
        instance_id: str,
        name: str,
        *,
        auto_create: bool,
        visibility: Visibility,
        tag_immutability: bool | None = None,
        image_index_only: bool | None = None,
    ) -> None:
        flags = (tag_immutability or False, image_index_only or False)
        made = LiveNamespace(name, auto_create, visibility, *flags)
        self._put_namespace(f"create namespace {name}", instance_id, made)

    def update_namespace(
        self,
        region: str,
        instance_id: str,
        name: str,
        *,
        auto_create: bool,
        visibility: Visibility,
        tag_immutability: bool | None = None,
        image_index_only: bool | None = None,
    ) -> None:
        flags = (tag_immutability or False, image_index_only or False)
        made = LiveNamespace(name, auto_create, visibility, *flags)
        self._put_namespace(f"update namespace {name}", instance_id, made)

    def _put_namespace(self, call: str, instance_id: str, namespace: LiveNamespace) -> None:
        self._write(call, lambda: self.shelves[instance_id].namespaces.update({namespace.name: namespace}))

    def delete_namespace(self, region: str, instance_id: str, name: str) -> None:
        self._write(f"delete namespace {name}", lambda: _drop(self.shelves[instance_id].namespaces, name))

    def list_repositories(self, region: str, instance_id: str) -> tuple[LiveRepository, ...]:
        if self.reading is not None:
            raise self.reading
        return tuple(self.shelves[instance_id].repositories.values())

    def has_repository(self, region: str, instance_id: str, name: str) -> bool:
        return self._lingers() or name in self.shelves[instance_id].repositories

    def list_tags(self, region: str, instance_id: str, repository_id: str) -> tuple[LiveTag, ...]:
        script = self.shelves[instance_id].tags
        return script.pop(0) if len(script) > 1 else script[0]

    def create_repository(
        self,
        region: str,
        instance_id: str,
        name: str,
        *,
        visibility: Visibility,
        summary: str,
        tag_immutability: bool | None = None,
        detail: str | None = None,
    ) -> str:
        there = LiveRepository(f"crr-{name}", name, visibility, summary, bool(tag_immutability), detail=detail)
        shelf = self.shelves[instance_id].repositories
        self._write(f"create repository {name}", lambda: shelf.update({name: there}))
        return there.id

    def update_repository(
        self,
        region: str,
        instance_id: str,
        repository_id: str,
        *,
        visibility: Visibility,
        summary: str,
        tag_immutability: bool | None = None,
        detail: str | None = None,
    ) -> None:
        shelf = self.shelves[instance_id].repositories
        (there,) = (r for r in shelf.values() if r.id == repository_id)
        immutable = there.tag_immutability if tag_immutability is None else tag_immutability
        changed = replace(there, visibility=visibility, summary=summary, tag_immutability=immutable)
        changed = replace(changed, detail=detail or there.detail)
        self._write(f"update repository {there.name}", lambda: shelf.update({there.name: changed}))

    def delete_repository(self, region: str, instance_id: str, repository_id: str) -> None:
        name = repository_id.removeprefix("crr-")
        self._write(f"delete repository {name}", lambda: _drop(self.shelves[instance_id].repositories, name))

    def internet_endpoint(self, region: str, instance_id: str) -> InternetAccess:
        there = self.shelves[instance_id].endpoint
        if self.late:
            self.late -= 1
            return InternetAccess(replace(there, allow=there.allow[:-1]), ())
        return InternetAccess(there, ())

    def set_internet_endpoint(self, region: str, instance_id: str, *, enabled: bool) -> None:
        shelf = self.shelves[instance_id]

        def switch() -> None:
            shelf.endpoint = replace(shelf.endpoint, enabled=enabled, status="RUNNING" if enabled else "")

        self._write(f"endpoint {'on' if enabled else 'off'}", switch)

    def add_acl_entry(self, region: str, instance_id: str, entry: AclEntry) -> None:
        self._set_acl(f"allow {entry.cidr}", instance_id, lambda entries: {*entries, entry})

    def remove_acl_entry(self, region: str, instance_id: str, cidr: str) -> None:
        self._set_acl(f"disallow {cidr}", instance_id, lambda entries: {e for e in entries if e.cidr != cidr})

    def _set_acl(self, call: str, instance_id: str, change: Callable[[set[AclEntry]], set[AclEntry]]) -> None:
        shelf = self.shelves[instance_id]

        def effect() -> None:
            allow = tuple(sorted(change(set(shelf.endpoint.allow))))
            assert len({entry.cidr for entry in allow}) == len(allow), "the list holds every CIDR once"
            shelf.endpoint = replace(shelf.endpoint, allow=allow)
            self.acl.append(tuple(entry.cidr for entry in allow))

        self._write(call, effect)

    def vpc_endpoint(self, region: str, instance_id: str, module: str = "registry") -> VpcAccess:
        shelf = self.shelves[instance_id]
        if shelf.links:
            status, issue = self.links.pop(0) if len(self.links) > 1 else self.links[0]
            shelf.links = [replace(link, status=status, issue=issue) for link in shelf.links]
        return VpcAccess(bool(shelf.links), tuple(shelf.links), ())

    def create_linked_vpc(
        self,
        region: str,
        instance_id: str,
        vpc: str,
        vswitch: str,
        module: str = "registry",
        *,
        dns: bool | None = None,
    ) -> None:
        link = LiveVpcLink(vpc, vswitch, module, "CREATING")
        record = {None: "", True: " with a DNS record", False: " without a DNS record"}[dns]
        self._write(f"link {vpc}{record}", lambda: self.shelves[instance_id].links.append(link))

    def delete_linked_vpc(
        self, region: str, instance_id: str, vpc: str, vswitch: str, module: str = "registry"
    ) -> None:
        self._write(f"unlink {vpc}", self.shelves[instance_id].links.clear)

    def list_sync_rules(self, region: str, instance_id: str) -> tuple[LiveSyncRule, ...]:
        return tuple(self.shelves[instance_id].rules.values())

    def create_sync_rule(self, region: str, instance_id: str, rule: NewSyncRule) -> str:
        shelf = self.shelves[instance_id]
        there = LiveSyncRule(
            f"crsr-new-{rule.name}",
            rule.name,
            instance_id,
            rule.target_instance,
            rule.target_region,
            rule.level,
            rule.namespace or "",
            rule.repository,
            rule.target_namespace or "",
            rule.target_repository,
            rule.tags,
            rule.trigger,
            rule.priority,
            cross_account=rule.user_id is not None,
            namespaces=rule.namespaces,
            repositories=rule.repositories,
            link=rule.link or "",
        )
        self._write(f"create rule {rule.name}", lambda: shelf.rules.update({there.id: there}))
        return there.id

    def delete_sync_rule(self, region: str, instance_id: str, rule_id: str) -> None:
        self._write(f"delete rule {rule_id}", lambda: _drop(self.shelves[instance_id].rules, rule_id))

    def _lingers(self) -> bool:
        self.lingering -= 1
        return self.lingering >= 0


def _drop(shelf: dict[str, LiveNamespace] | dict[str, LiveRepository] | dict[str, LiveSyncRule], name: str) -> None:
    shelf.pop(name)
