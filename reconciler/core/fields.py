"""The kind table: for every kind of resource, its fields and what a difference in each of them means.

A new kind is one entry here, its projections (`declared_*`, `observed_*`), its reader and its applier.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from reconciler.model.address import Kind
from reconciler.model.json_value import Json
from reconciler.model.live import LiveEndpoint, LiveNamespace, LiveRepository, LiveSyncRule
from reconciler.model.plan import Action, FieldChange
from reconciler.model.spec import InternetEndpoint, Namespace, ReplicationRule, Repository, VpcBinding


class FieldClass(StrEnum):
    """`write_only` fields cannot be read back, so they are sent and never compared."""

    MUTABLE = "mutable"
    CREATE_ONLY = "create-only"
    WRITE_ONLY = "write-only"
    COMPUTED = "computed"


@dataclass(frozen=True, slots=True)
class Field:
    """`default` is what a create sends for a field that was not declared."""

    path: str
    kind: FieldClass = FieldClass.MUTABLE
    default: Json = None


KINDS: Mapping[Kind, tuple[Field, ...]] = {
    Kind.ENDPOINT: (Field("enabled"), Field("allow", default=[])),
    Kind.NAMESPACE: (Field("auto_create", default=True), Field("visibility", default="private")),
    Kind.REPOSITORY: (
        Field("visibility", default="private"),
        Field("summary"),
        Field("tag_immutability", default=False),
    ),
    Kind.VPC: (
        Field("vpc", FieldClass.CREATE_ONLY),
        Field("vswitch", FieldClass.CREATE_ONLY),
        Field("module", FieldClass.CREATE_ONLY),
    ),
    # Sync rules have no update call (cr 2018-12-01 knows Create, List and Delete only).
    Kind.REPLICATION: (
        Field("target", FieldClass.CREATE_ONLY),
        Field("level", FieldClass.CREATE_ONLY),
        Field("namespace", FieldClass.CREATE_ONLY),
        Field("repository", FieldClass.CREATE_ONLY),
        Field("tags", FieldClass.CREATE_ONLY),
        Field("trigger", FieldClass.CREATE_ONLY),
        Field("priority", FieldClass.CREATE_ONLY),
        Field("account.user_id", FieldClass.WRITE_ONLY),
    ),
}

Fields = Mapping[str, Json]


def compare(kind: Kind, declared: Fields, observed: Fields | None) -> tuple[Action | None, tuple[FieldChange, ...]]:
    """What has to happen to make `observed` into `declared`: nothing, create, update or replace.

    A declared None means "not declared": it is filled with the default on create and never compared.
    """
    if observed is None:
        filled = ((field.path, _or(declared.get(field.path), field.default)) for field in KINDS[kind])
        return Action.CREATE, tuple(FieldChange(path, None, value) for path, value in filled if value is not None)
    changes: list[FieldChange] = []
    action: Action | None = None
    for field in KINDS[kind]:
        wanted, found = declared.get(field.path), observed.get(field.path)
        if field.kind in (FieldClass.WRITE_ONLY, FieldClass.COMPUTED) or wanted is None or wanted == found:
            continue
        changes.append(FieldChange(field.path, found, wanted))
        action = Action.REPLACE if field.kind is FieldClass.CREATE_ONLY else action or Action.UPDATE
    return action, tuple(changes)


def _or(value: Json, default: Json) -> Json:
    return default if value is None else value


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
    return {"auto_create": namespace.auto_create, "visibility": namespace.visibility}


def observed_namespace(namespace: LiveNamespace) -> Fields:
    return {"auto_create": namespace.auto_create, "visibility": namespace.visibility}


def declared_repository(repository: Repository, *, creating: bool) -> Fields:
    # The service demands a summary of 1 to 100 characters.
    summary = repository.summary or (repository.short_name if creating else None)
    return {
        "visibility": repository.visibility,
        "summary": summary,
        "tag_immutability": repository.tag_immutability,
    }


def observed_repository(repository: LiveRepository) -> Fields:
    return {
        "visibility": repository.visibility,
        "summary": repository.summary,
        "tag_immutability": repository.tag_immutability,
    }


def declared_vpc(binding: VpcBinding) -> Fields:
    return {"vpc": binding.vpc, "vswitch": binding.vswitch, "module": binding.module}


def declared_replication(rule: ReplicationRule) -> Fields:
    return {
        "target": rule.target,
        "level": rule.level,
        "namespace": rule.namespace,
        "repository": rule.repository,
        "tags": rule.tags,
        "trigger": rule.trigger,
        "priority": rule.priority,
        "account.user_id": rule.user_id,
    }


def observed_replication(live: LiveSyncRule, target: str) -> Fields:
    """`target` is the key of the instance that the rule's target id belongs to."""
    return {
        "target": target,
        "level": live.level or "instance",
        "namespace": live.namespace,
        "repository": live.repository,
        "tags": live.tags,
        "trigger": live.trigger,
        "priority": live.priority,
    }
