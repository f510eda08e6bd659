"""Instances and what lies in them."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterator
from types import MappingProxyType

from reconciler.model import address
from reconciler.model.diagnostic import Related
from reconciler.model.spec import (
    AclEntry,
    Edition,
    Instance,
    InternetEndpoint,
    Namespace,
    Permission,
    PersonalNamespace,
    PersonalRepository,
    Purchase,
    Renewal,
    Repository,
    SeedImages,
    Visibility,
)
from reconciler.spec import builds
from reconciler.spec.fields import Fields
from reconciler.spec.problem import error, shown, warning
from reconciler.spec.references import Build

_NAME = re.compile(r"[a-z0-9][a-z0-9-]{1,28}[a-z0-9]")


def instances(build: Build) -> tuple[Instance, ...]:
    built = [i for key, fields in build.fields.entries("instances") if (i := _instance(build, key, fields))]
    built.sort(key=lambda i: i.address)
    _once_each(build, built)
    return tuple(built)


def endpoints(build: Build) -> tuple[InternetEndpoint, ...]:
    found = []
    for key, instance in build.fields.entries("instances"):
        fields = instance.inside("endpoints").inside("internet")
        enabled = fields.flag("enabled")
        if enabled is not None:
            allow = tuple(_acl(build, key, fields)) if "allow" in fields else None
            found.append(InternetEndpoint(key, enabled, allow, fields.places()))
    return tuple(sorted(found, key=lambda e: e.address))


def namespaces(build: Build) -> tuple[Namespace, ...]:
    found = [
        Namespace(
            key,
            name,
            f.flag("auto_create"),
            f.choice("visibility", Visibility),
            places=f.places(),
            tag_immutability=f.flag("tag_immutability"),
            image_index_only=f.flag("image_index_only"),
        )
        for key, instance in build.fields.entries("instances")
        for name, f in instance.entries("namespaces")
    ]
    return tuple(sorted(found, key=lambda n: n.address))


def repositories(build: Build) -> tuple[Repository, ...]:
    found = [
        Repository(
            key,
            name,
            f.choice("visibility", Visibility),
            f.text("summary"),
            f.flag("tag_immutability"),
            builds.source_code(f),
            builds.build_rules(build, f, str(address.repository(key, name))),
            detail=f.text("detail"),
            places=f.places(),
        )
        for key, instance in build.fields.entries("instances")
        for name, f in instance.entries("repositories")
        if "/" in name
    ]
    return tuple(sorted(found, key=lambda r: r.address))


def personal_namespaces(build: Build) -> tuple[PersonalNamespace, ...]:
    found = [
        PersonalNamespace(
            region, name, f.flag("auto_create") is not False, f.choice("visibility", Visibility) or Visibility.PRIVATE
        )
        for region, personal in build.fields.entries("personal")
        for name, f in personal.entries("namespaces")
    ]
    return tuple(sorted(found, key=lambda n: (n.region, n.name)))


def personal_repositories(build: Build) -> tuple[PersonalRepository, ...]:
    found = [
        PersonalRepository(
            region,
            name,
            f.choice("visibility", Visibility) or Visibility.PRIVATE,
            f.text("summary") or "",
            builds.source_code(f),
            builds.build_rules(build, f, "") or (),
        )
        for region, personal in build.fields.entries("personal")
        for name, f in personal.entries("repositories")
        if "/" in name
    ]
    return tuple(sorted(found, key=lambda r: (r.region, r.name)))


def seed_images(build: Build) -> tuple[SeedImages, ...]:
    found = [
        SeedImages(registry, repository, tuple(tag.value for tag in fields.texts(repository)))
        for registry, fields in build.fields.entries("images")
        for repository in fields.node.entries
    ]
    return tuple(sorted(found, key=lambda images: (images.registry, images.repository)))


def _instance(build: Build, key: str, fields: Fields) -> Instance | None:
    where = str(address.instance(key))
    name, cloud_id, region = fields.text("name"), fields.text("id"), fields.text("region")
    if "name" in fields and "id" in fields:
        hint = "keep `id`, which is exact, or `name`"
        build.found.append(error("R-SPEC-19", "`name` and `id` are both given", fields.span("id"), hint, address=where))
    if "name" not in fields and "id" not in fields and not build.seed and not _NAME.fullmatch(key):
        summary = f"the key `{shown(key)}` is taken for the instance's name, and no instance can have that name"
        hint = "give its `name` of 3 to 30 lower-case letters, digits and `-`, or its `id`"
        build.found.append(warning("R-NAME-1", summary, fields.key, hint, address=where))
    if region is None:
        return None
    build.region(region, fields.span("region"), where)
    tags = fields.mapping("tags")
    return Instance(
        key,
        region,
        name or key,
        fields.choice("edition", Edition),
        cloud_id,
        _purchase(fields.inside("purchase")),
        fields.flag("personal_domain") or False,
        MappingProxyType(tags) if tags is not None else None,
        fields.text("resource_group"),
        fields.places(without=("namespaces", "repositories")),
        _account(build, fields, where),
    )


def _account(build: Build, fields: Fields, where: str) -> str:
    key = fields.text("account")
    if key is None:
        return ""
    build.account(key, fields.span("account"), where)
    return key


def _once_each(build: Build, built: list[Instance]) -> None:
    """Two keys for one instance would be planned as two."""
    seen: dict[tuple[str, str, str], Instance] = {}
    for instance in sorted(built, key=lambda i: i.places.span):
        identity = ("", "", instance.id) if instance.id else (instance.account, instance.region, instance.name)
        first = seen.setdefault(identity, instance)
        if first is not instance:
            build.found.append(
                error(
                    "R-SPEC-22",
                    f"`{shown(instance.key)}` and `{shown(first.key)}` are one instance in the cloud",
                    instance.places.span,
                    "declare it under one key",
                    address=str(instance.address),
                    related=(Related(first.places.span, "declared here too"),),
                )
            )


def _purchase(fields: Fields) -> Purchase | None:
    months = fields.number("period_months")
    if months is None:
        return None
    named = {text.value for text in fields.texts("allow")}
    allow = frozenset(permission for permission in Permission if permission in named)
    return Purchase(months, fields.choice("renewal", Renewal) or Renewal.MANUAL, allow)


def _acl(build: Build, key: str, fields: Fields) -> Iterator[AclEntry]:
    where = str(address.endpoint(key, "internet"))
    seen: set[str] = set()
    for entry in fields.each("allow"):
        cidr = entry.text("cidr")
        if cidr is None:
            continue
        span = entry.span("cidr")
        problem = _cidr_problem(cidr)
        if problem is not None:
            build.found.append(error("R-SPEC-15", f"`{shown(cidr)}` is not a CIDR block", span, problem, address=where))
        elif cidr in seen:
            summary = f"`{shown(cidr)}` is listed twice in `allow`"
            build.found.append(error("R-SPEC-17", summary, span, "remove one of the two", address=where))
        seen.add(cidr)
        yield AclEntry(cidr, entry.text("comment") or "")


def _cidr_problem(cidr: str) -> str | None:
    """What to write in place of a block that the service would not take, or would store otherwise than written."""
    try:
        network = ipaddress.ip_network(cidr, strict=False)
    except ValueError:
        return "write an address and a prefix length, as in `203.0.113.0/24`"
    return None if str(network) == cidr else f"write `{network}`"
