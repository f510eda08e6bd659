"""From JSON to the live state.

Written out instead of left to a generic validator, which takes six seconds for a hundred thousand tags; a test holds it
against the schema.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from types import MappingProxyType

from reconciler.live.port import ReadFailed
from reconciler.live.snapshot import builds, networks
from reconciler.live.snapshot.place import RECORD_AGAIN, Place
from reconciler.model.billing import Offer, Price, Quote
from reconciler.model.image import Descriptor, ManifestContent, RepositoryName
from reconciler.model.json_value import Json
from reconciler.model.live import (
    Cause,
    Clock,
    Live,
    LiveBrokenTag,
    LiveEndpoint,
    LiveInstance,
    LiveNamespace,
    LiveOrigin,
    LiveRepository,
    LiveSyncRule,
    LiveTag,
    LiveVpcLink,
    Unreadable,
)
from reconciler.model.quota import QuotaUse, Usage
from reconciler.model.scope import ManifestQuery
from reconciler.model.source import PersonalSource, SourceNetwork
from reconciler.model.spec import AclEntry, Edition, Level, Renewal, Trigger, Visibility
from reconciler.model.sync_task import SyncImage, SyncTask, TaskStatus

_READABLE = re.compile(r"1\.[0-9]+")


def parse(data: Json) -> Live:
    """Raises ReadFailed that names the place when `data` is not a live state of a format that we know."""
    document = Place(data)
    version = document.field("format_version").text()
    if not _READABLE.fullmatch(version):
        raise ReadFailed(
            f"the recorded live state has format version {version}, and this program reads 1.x", hint=RECORD_AGAIN
        )
    network, roles = document.optional("networks"), document.optional("roles")
    contents = [_manifest(item) for item in document.field("contents").items()]
    tasks = document.optional("tasks")
    return Live(
        instances=tuple(_instance(item) for item in document.field("instances").items()),
        origins=_origins(document),
        networks=() if network.absent else tuple(networks.parse(item) for item in network.items()),
        roles=() if roles.absent else tuple(networks.parse_role(item) for item in roles.items()),
        contents=MappingProxyType({item.digest: item for item in contents}),
        present=MappingProxyType(
            {
                _repository_name(item): frozenset(digest.digest() for digest in item.field("digests").items())
                for item in document.field("present").items()
            }
        ),
        unreadable=MappingProxyType(
            {
                ManifestQuery(_repository_name(item), item.field("digest").digest()): _unreadable(item)
                for item in _listed(document.optional("unreadable"))
            }
        ),
        quotes=tuple(_quote(item) for item in document.or_else("quotes", []).items()),
        tasks=None if tasks.absent else tuple(_task(item) for item in tasks.items()),
        other_instances=tuple(_listed_instance(item) for item in document.or_else("other_instances", []).items()),
    )


def _task(item: Place) -> SyncTask:
    return SyncTask(
        id=item.field("id").name(),
        status=item.field("status").word(TaskStatus),
        trigger=item.field("trigger").word(Trigger),
        source=_side(item.field("source")),
        target=_side(item.field("target")),
        issue=item.field("issue").text(),
        rule=item.field("rule").text(),
        batch=item.field("batch").text(),
        created=item.field("created").count(),
        modified=item.field("modified").count(),
    )


def _side(item: Place) -> SyncImage:
    return SyncImage(
        region=item.field("region").text(),
        instance=item.field("instance").name(),
        repository=item.field("repository").repository(),
        tag=item.field("tag").name(),
    )


def _instance(item: Place) -> LiveInstance:
    listed, endpoint = _listed_instance(item), item.field("endpoint")
    return replace(
        listed,
        issue=item.field("issue").text(),
        registry=item.field("registry").text(),
        endpoint=None if endpoint.absent else _endpoint(endpoint),
        namespaces=_namespaces(item),
        repositories=_repositories(item),
        vpc_links=tuple(_vpc_link(link) for link in item.field("vpc_links").items()),
        sync_rules=tuple(_sync_rule(rule) for rule in item.field("sync_rules").items()),
        tags=MappingProxyType(dict(sorted(item.or_else("tags", {}).texts().items()))),
        resource_group=item.or_else("resource_group", "").text(),
        usage=None if (usage := item.optional("usage")).absent else _usage(usage),
    )


def _listed_instance(item: Place) -> LiveInstance:
    """What the list of all instances tells."""
    edition = item.field("edition")
    return LiveInstance(
        id=item.field("id").name(),
        name=item.field("name").name(),
        region=item.field("region").name(),
        edition=None if edition.absent else edition.word(Edition),
        status=item.field("status").text(),
        account=item.or_else("account", "").text(),
    )


def _usage(item: Place) -> Usage:
    def use(kind: str) -> QuotaUse:
        return QuotaUse(item.field(kind).field("used").count(), item.field(kind).field("limit").count())

    return Usage(use("namespaces"), use("repositories"), use("vpcs"))


def _origins(document: Place) -> tuple[LiveOrigin, ...]:
    """Before 1.1 only Personal Edition was a source, and had a list of its own."""
    if document.has("origins"):
        return tuple(_origin(item) for item in document.field("origins").items())
    return tuple(_personal(item) for item in document.field("personal").items())


def _personal(item: Place) -> LiveOrigin:
    region = item.field("region").name()
    return LiveOrigin(
        name=PersonalSource(region, ()).name,
        registry=item.field("registry").text(),
        namespaces=_namespaces(item),
        repositories=_repositories(item),
        region=region,
    )


def _origin(item: Place) -> LiveOrigin:
    hosts, inside, names = item.optional("hosts"), item.optional("inside_vpc"), item.optional("names")
    named = {network: hosts.optional(network.value) for network in SourceNetwork} if not hosts.absent else {}
    return LiveOrigin(
        name=item.field("name").name(),
        registry=item.field("registry").text(),
        namespaces=_namespaces(item),
        repositories=_repositories(item, anywhere=True),
        region=item.field("region").text(),
        clock=item.field("clock").word(Clock),
        hosts=MappingProxyType({network: host.name() for network, host in named.items() if not host.absent}),
        inside_vpc=not inside.absent and inside.flag(),
        unreadable=MappingProxyType(
            {closed.field("name").name(): _unreadable(closed) for closed in _listed(item.optional("unreadable"))}
        ),
        names=None if names.absent else tuple(name.name() for name in names.items()),
    )


def _endpoint(item: Place) -> LiveEndpoint:
    return LiveEndpoint(
        enabled=item.field("enabled").flag(),
        status=item.field("status").text(),
        allow=tuple(
            AclEntry(entry.field("cidr").text(), entry.field("comment").text()) for entry in item.field("allow").items()
        ),
    )


def _namespaces(holder: Place) -> tuple[LiveNamespace, ...]:
    return tuple(
        LiveNamespace(
            name=item.field("name").name(),
            auto_create=item.field("auto_create").flag(),
            visibility=item.field("visibility").word(Visibility),
            tag_immutability=_flag(item.optional("tag_immutability")),
            image_index_only=_flag(item.optional("image_index_only")),
        )
        for item in holder.field("namespaces").items()
    )


def _repositories(holder: Place, *, anywhere: bool = False) -> tuple[LiveRepository, ...]:
    """`anywhere` says that a repository need not have a namespace."""
    return tuple(_repository(item, anywhere=anywhere) for item in holder.field("repositories").items())


def _repository(item: Place, *, anywhere: bool) -> LiveRepository:
    tags, unreadable, detail = item.field("tags"), item.optional("unreadable"), item.optional("detail")
    return LiveRepository(
        id=item.field("id").name(),
        name=item.field("name").name() if anywhere else item.field("name").repository(),
        visibility=item.field("visibility").word(Visibility),
        summary=item.field("summary").text(),
        tag_immutability=item.field("tag_immutability").flag(),
        tags=None if tags.absent else tuple(_tag(tag) for tag in tags.items()),
        unreadable=None if unreadable.absent else _unreadable(unreadable),
        builds=builds.parse(item.optional("builds")),
        detail=None if detail.absent else detail.text(),
        broken=tuple(
            LiveBrokenTag(tag.field("name").name(), tag.field("reason").text())
            for tag in _listed(item.optional("broken"))
        ),
    )


def _unreadable(item: Place) -> Unreadable:
    return Unreadable(item.field("cause").word(Cause), item.field("detail").text())


def _tag(item: Place) -> LiveTag:
    return LiveTag(
        name=item.field("name").name(),
        digest=item.field("digest").digest(),
        size=item.field("size").count(),
        pushed=item.field("pushed").count(),
    )


def _vpc_link(item: Place) -> LiveVpcLink:
    return LiveVpcLink(
        vpc=item.field("vpc").name(),
        vswitch=item.field("vswitch").name(),
        module=item.field("module").name(),
        status=item.field("status").text(),
        issue=item.field("issue").text(),
    )


def _sync_rule(item: Place) -> LiveSyncRule:
    level = item.field("level")
    return LiveSyncRule(
        id=item.field("id").name(),
        name=item.field("name").name(),
        source_instance=item.field("source_instance").name(),
        target_instance=item.field("target_instance").name(),
        target_region=item.field("target_region").name(),
        level=Level.INSTANCE if level.absent else level.word(Level),
        namespace=item.field("namespace").text(),
        repository=_optional(item.field("repository")),
        target_namespace=item.field("target_namespace").text(),
        target_repository=_optional(item.field("target_repository")),
        tags=item.field("tags").text(),
        trigger=item.field("trigger").word(Trigger),
        priority=item.field("priority").whole(),
        cross_account=item.field("cross_account").flag(),
        created=item.field("created").count(),
        namespaces=_otherwise(item.optional("namespaces"), ".*"),
        repositories=_otherwise(item.optional("repositories"), ".*"),
        link=_otherwise(item.optional("link"), ""),
    )


def _quote(item: Place) -> Quote:
    price = item.field("price")
    return Quote(
        Offer(
            item.field("region").name(),
            item.field("name").name(),
            item.field("edition").word(Edition),
            item.field("period_months").count(),
            item.field("renewal").word(Renewal),
            item.or_else("account", "").text(),
        ),
        None if price.absent else Price(price.field("amount").name(), price.field("currency").name()),
        item.field("unknown").text(),
    )


def _manifest(item: Place) -> ManifestContent:
    subject, origin = item.field("subject"), item.optional("origin")
    return ManifestContent(
        digest=item.field("digest").digest(),
        size=item.field("size").count(),
        media_type=item.field("media_type").text(),
        blobs=_descriptors(item.field("blobs")),
        manifests=_descriptors(item.field("manifests")),
        referrers=_descriptors(item.field("referrers")),
        subject=None if subject.absent else subject.digest(),
        foreign=item.field("foreign").count(),
        origin=None if origin.absent else _repository_name(origin),
    )


def _repository_name(item: Place) -> RepositoryName:
    return RepositoryName(item.field("registry").name(), item.field("repository").name())


def _descriptors(items: Place) -> tuple[Descriptor, ...]:
    return tuple(
        Descriptor(
            item.field("digest").digest(),
            item.field("size").count(),
            item.field("media_type").text(),
            "" if (platform := item.optional("platform")).absent else platform.text(),
        )
        for item in items.items()
    )


def _otherwise(item: Place, default: str) -> str:
    return default if item.absent else item.text()


def _listed(item: Place) -> Iterator[Place]:
    return iter(()) if item.absent else item.items()


def _optional(item: Place) -> str | None:
    return None if item.absent else item.text()


def _flag(item: Place) -> bool:
    """Left out when it is not set."""
    return not item.absent and item.flag()
