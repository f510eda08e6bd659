"""The live state as JSON (schemas/live.v1.json): the same state always gives the same text."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace

from reconciler.live.snapshot import builds, networks
from reconciler.model.billing import Quote
from reconciler.model.image import Descriptor, Digest, ManifestContent
from reconciler.model.json_value import Json, Parts, digest_of_parts, whole
from reconciler.model.live import (
    Live,
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
from reconciler.model.quota import Usage
from reconciler.model.sync_task import SyncImage, SyncTask

FORMAT_VERSION = "1.1"
"""What is written; every 1.x can be read."""


def dump(live: Live) -> Json:
    """JSON data of `live`, sorted by what names each thing."""
    return whole(_document(live))


def live_digest(live: Live) -> Digest:
    """What a plan was made from, in short: the digest of its canonical JSON, of which there is never more than one
    repository in memory. Tasks come and go by themselves, and what they change is in the listings."""
    return digest_of_parts(_document(replace(live, tasks=None)))


def _document(live: Live) -> Mapping[str, Parts]:
    instances: Iterator[Parts] = (_instance(item) for item in sorted(live.instances, key=lambda item: item.id))
    others: list[Json] = [_listed_instance(i) for i in sorted(live.other_instances, key=lambda item: item.id)]
    return {
        "format_version": FORMAT_VERSION,
        "instances": instances,
        "origins": (_origin(item) for item in sorted(live.origins, key=lambda item: item.name)),
        "networks": [networks.dump(item) for item in sorted(live.networks, key=lambda item: item.home)],
        "roles": [networks.dump_role(item) for item in sorted(live.roles, key=lambda item: (item.account, item.name))],
        "contents": (_manifest(live.contents[digest]) for digest in sorted(live.contents)),
        "present": [
            {
                "registry": repository.registry,
                "repository": repository.path,
                "digests": list[Json](sorted(live.present[repository])),
            }
            for repository in sorted(live.present)
        ],
        **({"unreadable": unreadable} if (unreadable := _unreadable_images(live)) else {}),
        **({"quotes": [_quote(quote) for quote in sorted(live.quotes, key=lambda q: q.offer)]} if live.quotes else {}),
        **({"other_instances": others} if others else {}),
        **({} if live.tasks is None else {"tasks": [_task(task) for task in sorted(live.tasks, key=lambda t: t.id)]}),
    }


def _task(item: SyncTask) -> Json:
    """As listings have it: without layers."""
    return {
        "id": item.id,
        "status": item.status,
        "trigger": item.trigger,
        "source": _side(item.source),
        "target": _side(item.target),
        "issue": item.issue,
        "rule": item.rule,
        "batch": item.batch,
        "created": item.created,
        "modified": item.modified,
    }


def _side(item: SyncImage) -> Json:
    return {"region": item.region, "instance": item.instance, "repository": item.repository, "tag": item.tag}


def _instance(item: LiveInstance) -> Parts:
    return {
        **_listed_instance(item),
        "issue": item.issue,
        "registry": item.registry,
        "endpoint": None if item.endpoint is None else _endpoint(item.endpoint),
        "namespaces": _namespaces(item.namespaces),
        "repositories": _repositories(item.repositories),
        "vpc_links": [
            _vpc_link(link) for link in sorted(item.vpc_links, key=lambda link: (link.module, link.vpc, link.vswitch))
        ],
        "sync_rules": [_sync_rule(rule) for rule in sorted(item.sync_rules, key=lambda rule: (rule.name, rule.id))],
        "tags": {key: item.tags[key] for key in sorted(item.tags)},
        "resource_group": item.resource_group,
        **({"usage": _usage(item.usage)} if item.usage else {}),
    }


def _listed_instance(item: LiveInstance) -> dict[str, Json]:
    """What the list of all instances tells."""
    return {
        "id": item.id,
        "name": item.name,
        "region": item.region,
        "edition": item.edition,
        "status": item.status,
        **({"account": item.account} if item.account else {}),
    }


def _usage(item: Usage) -> Json:
    return {
        "namespaces": {"used": item.namespaces.used, "limit": item.namespaces.limit},
        "repositories": {"used": item.repositories.used, "limit": item.repositories.limit},
        "vpcs": {"used": item.vpcs.used, "limit": item.vpcs.limit},
    }


def _origin(item: LiveOrigin) -> Parts:
    return {
        "name": item.name,
        "region": item.region,
        "registry": item.registry,
        "clock": item.clock,
        "namespaces": _namespaces(item.namespaces),
        "repositories": _repositories(item.repositories),
        "hosts": {network.value: host for network, host in sorted(item.hosts.items())},
        "inside_vpc": item.inside_vpc,
        **({"unreadable": _unreadable_namespaces(item)} if item.unreadable else {}),
        **({} if item.names is None else {"names": sorted(item.names)}),
    }


def _endpoint(item: LiveEndpoint) -> Json:
    return {
        "enabled": item.enabled,
        "status": item.status,
        "allow": [{"cidr": entry.cidr, "comment": entry.comment} for entry in sorted(item.allow)],
    }


def _namespaces(items: Iterable[LiveNamespace]) -> Json:
    return [
        {
            "name": item.name,
            "auto_create": item.auto_create,
            "visibility": item.visibility,
            **({"tag_immutability": True} if item.tag_immutability else {}),
            **({"image_index_only": True} if item.image_index_only else {}),
        }
        for item in sorted(items, key=lambda item: item.name)
    ]


def _repositories(items: Iterable[LiveRepository]) -> Iterator[Parts]:
    for item in sorted(items, key=lambda item: item.name):
        yield {
            "id": item.id,
            "name": item.name,
            "visibility": item.visibility,
            "summary": item.summary,
            "tag_immutability": item.tag_immutability,
            "tags": None if item.tags is None else _tags(item.tags),
            **({"unreadable": _unreadable(item.unreadable)} if item.unreadable else {}),
            **({"builds": builds.dump(item.builds)} if item.builds else {}),
            **({"detail": item.detail} if item.detail is not None else {}),
            **({"broken": [{"name": tag.name, "reason": tag.reason} for tag in item.broken]} if item.broken else {}),
        }


def _unreadable_images(live: Live) -> list[Json]:
    return [
        {
            "registry": query.repository.registry,
            "repository": query.repository.path,
            "digest": query.digest,
            **_unreadable(live.unreadable[query]),
        }
        for query in sorted(live.unreadable, key=lambda query: (query.repository, query.digest))
    ]


def _unreadable_namespaces(item: LiveOrigin) -> Json:
    return [{"name": name, **_unreadable(item.unreadable[name])} for name in sorted(item.unreadable)]


def _unreadable(item: Unreadable) -> dict[str, Json]:
    return {"cause": item.cause, "detail": item.detail}


def _tags(items: Iterable[LiveTag]) -> Json:
    return [
        {"name": item.name, "digest": item.digest, "size": item.size, "pushed": item.pushed}
        for item in sorted(items, key=lambda item: item.name)
    ]


def _vpc_link(item: LiveVpcLink) -> Json:
    return {
        "vpc": item.vpc,
        "vswitch": item.vswitch,
        "module": item.module,
        "status": item.status,
        "issue": item.issue,
    }


def _sync_rule(item: LiveSyncRule) -> Json:
    return {
        "id": item.id,
        "name": item.name,
        "source_instance": item.source_instance,
        "target_instance": item.target_instance,
        "target_region": item.target_region,
        "level": item.level,
        "namespace": item.namespace,
        "repository": item.repository,
        "target_namespace": item.target_namespace,
        "target_repository": item.target_repository,
        "tags": item.tags,
        "trigger": item.trigger,
        "priority": item.priority,
        "cross_account": item.cross_account,
        "created": item.created,
        **({"namespaces": item.namespaces} if item.namespaces != ".*" else {}),
        **({"repositories": item.repositories} if item.repositories != ".*" else {}),
        **({"link": item.link} if item.link else {}),
    }


def _quote(item: Quote) -> Json:
    offer, price = item.offer, item.price
    return {
        "region": offer.region,
        "name": offer.name,
        "edition": offer.edition,
        "period_months": offer.period_months,
        "renewal": offer.renewal,
        "price": None if price is None else {"amount": price.amount, "currency": price.currency},
        "unknown": item.unknown,
        **({"account": offer.account} if offer.account else {}),
    }


def _manifest(item: ManifestContent) -> Json:
    return {
        "digest": item.digest,
        "size": item.size,
        "media_type": item.media_type,
        # The order of these is part of the image.
        "blobs": _descriptors(item.blobs),
        "manifests": _descriptors(item.manifests),
        "referrers": _descriptors(item.referrers),
        "subject": item.subject,
        "foreign": item.foreign,
        **({"origin": {"registry": o.registry, "repository": o.path}} if (o := item.origin) else {}),
    }


def _descriptors(items: Iterable[Descriptor]) -> Json:
    return [
        {
            "digest": item.digest,
            "size": item.size,
            "media_type": item.media_type,
            **({"platform": item.platform} if item.platform else {}),
        }
        for item in items
    ]
