"""Declared resources beside the live ones that they are, both as the fields that the kind table names."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import TypeAlias

from reconciler.core import pairing, unread
from reconciler.core.locate import find_vpc_link, instance_id, match_rules
from reconciler.model.address import Address
from reconciler.model.json_value import Json
from reconciler.model.live import Live, LiveEndpoint, LiveInstance, LiveNamespace, LiveRepository, LiveSyncRule
from reconciler.model.spec import Desired, InternetEndpoint, Namespace, ReplicationRule, Repository, VpcBinding

Fields: TypeAlias = Mapping[str, Json]

_EVERYTHING = ".*"
"""The filter that lets everything through."""


@dataclass(frozen=True, slots=True)
class World:
    """Both sides of a comparison; `instances` are the live ones that can be compared, by their key."""

    desired: Desired
    live: Live
    instances: Mapping[str, LiveInstance]


@dataclass(frozen=True, slots=True)
class Paired:
    """A declared resource and what is observed of it: None when it does not exist.

    `origin` is the address of the import that brings it, `live_id` the service's id of it, and `reason` says in place
    of the usual words why it differs.
    """

    address: Address
    declared: Fields
    observed: Fields | None
    origin: str = ""
    live_id: str = ""
    reason: str = ""


def endpoints(world: World) -> Iterator[Paired]:
    for endpoint in world.desired.endpoints:
        if endpoint.instance in world.instances:
            observed = observed_endpoint(world.instances[endpoint.instance].endpoint)
            yield Paired(endpoint.address, declared_endpoint(endpoint), observed)


def namespaces(world: World) -> Iterator[Paired]:
    for namespace in world.desired.namespaces:
        if namespace.instance in world.instances:
            found = world.instances[namespace.instance].namespace(namespace.name)
            observed = observed_namespace(found) if found else None
            yield Paired(namespace.address, declared_namespace(namespace), observed, namespace.origin)


def repositories(world: World) -> Iterator[Paired]:
    for repository in world.desired.repositories:
        if repository.instance in world.instances:
            found = world.instances[repository.instance].repository(repository.name)
            observed = observed_repository(found) if found else None
            if found is not None and found.detail is None and found.unreadable is not None:
                repository = replace(repository, detail=None)  # nobody knows whether it differs
            declared = declared_repository(repository, creating=found is None)
            yield Paired(repository.address, declared, observed, repository.origin)


def vpcs(world: World) -> Iterator[Paired]:
    for binding in world.desired.vpcs:
        if binding.instance in world.instances:
            link = find_vpc_link(world.instances[binding.instance], binding)
            declared = declared_vpc(binding)
            observed = {**declared, "status": link.status or None} if link else None
            status = (link.status if link else "") or "without a status"
            yield Paired(binding.address, declared, observed, reason=f"is {status} and has to be RUNNING")


def replications(world: World) -> Iterator[Paired]:
    matched = match_rules(world.desired.replications, world.desired, world.instances)
    unknown = unread.namespaces(world.desired, world.live)
    for rule in world.desired.replications:
        # A missing target has its own diagnostic.
        if rule.source not in world.instances or not instance_id(rule.target, world.desired, world.instances):
            continue
        live = matched.get(rule)
        if live is None and pairing.awaits_import(rule, world.desired, world.instances, unknown):
            continue
        observed = observed_replication(live, rule.target) if live else None
        yield Paired(rule.address, declared_replication(rule, live), observed, live_id=live.id if live else "")


def declared_endpoint(endpoint: InternetEndpoint) -> Fields:
    allow = None
    if endpoint.enabled and endpoint.allow is not None:
        allow = [f"{entry.cidr} {entry.comment}".strip() for entry in sorted(endpoint.allow)]
    return {"enabled": endpoint.enabled, "allow": allow}


def observed_endpoint(endpoint: LiveEndpoint | None) -> Fields:
    if endpoint is None:
        return {"enabled": False, "allow": []}
    allow = [f"{entry.cidr} {entry.comment}".strip() for entry in sorted(endpoint.allow)]
    return {"enabled": endpoint.enabled, "allow": allow}


def declared_namespace(namespace: Namespace) -> Fields:
    return {
        "auto_create": namespace.auto_create,
        "visibility": namespace.visibility,
        "tag_immutability": namespace.tag_immutability,
        "image_index_only": namespace.image_index_only,
    }


def observed_namespace(namespace: LiveNamespace) -> Fields:
    return {
        "auto_create": namespace.auto_create,
        "visibility": namespace.visibility,
        "tag_immutability": namespace.tag_immutability,
        "image_index_only": namespace.image_index_only,
    }


def declared_repository(repository: Repository, *, creating: bool) -> Fields:
    # The service demands a summary of 1 to 100 characters.
    summary = repository.summary or (repository.short_name if creating else None)
    return {
        "visibility": repository.visibility,
        "summary": summary,
        "tag_immutability": repository.tag_immutability,
        "detail": repository.detail,
    }


def observed_repository(repository: LiveRepository) -> Fields:
    return {
        "visibility": repository.visibility,
        "summary": repository.summary,
        "tag_immutability": repository.tag_immutability,
        "detail": repository.detail,
    }


def declared_vpc(binding: VpcBinding) -> Fields:
    return {
        "vpc": binding.vpc,
        "vswitch": binding.vswitch,
        "module": binding.module,
        "dns": binding.dns,
        "status": "RUNNING",
    }


def declared_replication(rule: ReplicationRule, live: LiveSyncRule | None = None) -> Fields:
    """Filters that let everything through are left out, unless the `live` rule has others."""
    found = (live.namespaces, live.repositories) if live else (_EVERYTHING, _EVERYTHING)
    return {
        "target": rule.target,
        "level": rule.level,
        "namespace": rule.namespace or None,
        "repository": rule.repository,
        "namespaces": None if rule.namespaces == found[0] == _EVERYTHING else rule.namespaces,
        "repositories": None if rule.repositories == found[1] == _EVERYTHING else rule.repositories,
        "tags": rule.tags,
        "trigger": rule.trigger,
        "priority": rule.priority,
        "link": rule.link,
        "account.user_id": rule.user_id,
    }


def observed_replication(live: LiveSyncRule, target: str) -> Fields:
    """`target` is the key of the instance that the rule's target id belongs to."""
    return {
        "target": target,
        "level": live.level,
        "namespace": _renamed(live.namespace, live.target_namespace),
        "repository": _renamed(live.repository, live.target_repository),
        "namespaces": live.namespaces,
        "repositories": live.repositories,
        "tags": live.tags,
        "trigger": live.trigger,
        "priority": live.priority,
        "link": live.link,
    }


def _renamed(source: str | None, target: str | None) -> str | None:
    """The name on both sides; the console can make rules that replicate to another name."""
    return source if source == target else f"{source} -> {target}"
