"""The kind table: for every kind of resource, its fields and what a difference in each of them means.

A new kind is one entry here, its projection (see `projection`), its reader and its applier.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum

from reconciler.core import building, network, projection
from reconciler.core.projection import Fields, Paired, World
from reconciler.model.address import Kind
from reconciler.model.json_value import Json
from reconciler.model.plan import Action, FieldChange


class FieldClass(StrEnum):
    """`write_only` fields cannot be read back, so they are sent and never compared; `awaited` ones are the service's to
    set, so they are compared and never sent."""

    MUTABLE = "mutable"
    CREATE_ONLY = "create-only"
    WRITE_ONLY = "write-only"
    AWAITED = "awaited"


@dataclass(frozen=True, slots=True)
class Field:
    """`default` is what a create sends for a field that was not declared."""

    path: str
    kind: FieldClass = FieldClass.MUTABLE
    default: Json = None


@dataclass(frozen=True, slots=True)
class ResourceKind:
    """`pairs` yields the declared resources of the kind, each beside what is live of it."""

    pairs: Callable[[World], Iterator[Paired]]
    fields: tuple[Field, ...]


KINDS: Mapping[Kind, ResourceKind] = {
    Kind.ENDPOINT: ResourceKind(projection.endpoints, (Field("enabled"), Field("allow", default=[]))),
    Kind.NAMESPACE: ResourceKind(
        projection.namespaces,
        (
            Field("auto_create", default=True),
            Field("visibility", default="private"),
            Field("tag_immutability"),
            Field("image_index_only"),
        ),
    ),
    Kind.REPOSITORY: ResourceKind(
        projection.repositories,
        (
            Field("visibility", default="private"),
            Field("summary"),
            Field("tag_immutability", default=False),
            Field("detail"),
        ),
    ),
    # The service has no call that unbinds source code.
    Kind.SOURCE_CODE: ResourceKind(
        building.source_code,
        (
            Field("platform"),
            Field("repository"),
            Field("auto_build"),
            Field("overseas"),
            Field("cache"),
        ),
    ),
    Kind.BUILD_RULE: ResourceKind(
        building.build_rules,
        (
            Field("branch"),
            Field("git_tag"),
            Field("tag"),
            Field("dockerfile"),
            Field("context"),
            Field("platforms"),
        ),
    ),
    Kind.VPC: ResourceKind(
        projection.vpcs,
        (
            Field("vpc", FieldClass.CREATE_ONLY),
            Field("vswitch", FieldClass.CREATE_ONLY),
            Field("module", FieldClass.CREATE_ONLY),
            Field("dns", FieldClass.WRITE_ONLY),
            Field("status", FieldClass.AWAITED),
        ),
    ),
    Kind.SECURITY_GROUP: ResourceKind(network.security_groups, (Field("ingress"),)),
    Kind.ROLE: ResourceKind(network.roles, (Field("service", FieldClass.CREATE_ONLY),)),
    # Sync rules have no update call (cr 2018-12-01 knows Create, List and Delete only).
    Kind.REPLICATION: ResourceKind(
        projection.replications,
        (
            Field("target", FieldClass.CREATE_ONLY),
            Field("level", FieldClass.CREATE_ONLY),
            Field("namespace", FieldClass.CREATE_ONLY),
            Field("repository", FieldClass.CREATE_ONLY),
            Field("namespaces", FieldClass.CREATE_ONLY),
            Field("repositories", FieldClass.CREATE_ONLY),
            Field("tags", FieldClass.CREATE_ONLY),
            Field("trigger", FieldClass.CREATE_ONLY),
            Field("priority", FieldClass.CREATE_ONLY),
            Field("link", FieldClass.CREATE_ONLY),
            Field("account.user_id", FieldClass.WRITE_ONLY),
        ),
    ),
}


def compare(kind: Kind, declared: Fields, observed: Fields | None) -> tuple[Action | None, tuple[FieldChange, ...]]:
    """What has to happen to make `observed` into `declared`: nothing, create, update or replace.

    A declared None means "not declared": it is filled with the default on create and never compared.
    """
    if observed is None:
        sent = (field for field in KINDS[kind].fields if field.kind is not FieldClass.AWAITED)
        filled = ((field.path, _or(declared.get(field.path), field.default)) for field in sent)
        return Action.CREATE, tuple(FieldChange(path, None, value) for path, value in filled if value is not None)
    changes: list[FieldChange] = []
    action: Action | None = None
    for field in KINDS[kind].fields:
        wanted, found = declared.get(field.path), observed.get(field.path)
        if field.kind is FieldClass.WRITE_ONLY or wanted is None or wanted == found:
            continue
        changes.append(FieldChange(field.path, found, wanted))
        action = Action.REPLACE if field.kind is FieldClass.CREATE_ONLY else action or Action.UPDATE
    return action, tuple(changes)


def _or(value: Json, default: Json) -> Json:
    return default if value is None else value
