"""Short ways to write desired and live states: instance `hub` is `cri-hub`, is called `acme-hub`, and so on."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import replace
from types import MappingProxyType

from reconciler.core import planning
from reconciler.core.ownership import Options
from reconciler.model.diagnostic import Diagnostic
from reconciler.model.image import Descriptor, Digest, ManifestContent
from reconciler.model.live import Live, LiveInstance, LiveNamespace, LiveOrigin, LiveRepository, LiveSyncRule, LiveTag
from reconciler.model.place import Places, Span
from reconciler.model.plan import Plan, Transfer
from reconciler.model.scope import OriginScope
from reconciler.model.source import PersonalSource, SourceNetwork
from reconciler.model.spec import (
    Backfill,
    Desired,
    Edition,
    Instance,
    Level,
    Namespace,
    ReplicationRule,
    Trigger,
    Visibility,
)
from reconciler.model.sync_task import SyncImage, SyncTask, TaskStatus

SPEC, LIVE = Digest("sha256:" + "1" * 64), Digest("sha256:" + "2" * 64)


def digest(content: str) -> Digest:
    return Digest("sha256:" + hashlib.sha256(content.encode()).hexdigest())


def at(line: int, **fields: int) -> Places:
    """The resource begins in `line` of `a.yaml`; `fields` are lines of its fields."""
    return Places(Span("a.yaml", line, 1), {name: Span("a.yaml", number, 5) for name, number in fields.items()})


def instance(key: str, region: str = "cn-hangzhou", edition: Edition | None = None, line: int = 0) -> Instance:
    return Instance(key, region, f"acme-{key}", edition, places=at(line))


def namespace(key: str, name: str = "apps", *, auto_create: bool | None = None) -> Namespace:
    return Namespace(key, name, auto_create)


def rule(
    name: str,
    source: str,
    target: str,
    namespace: str = "apps",
    repository: str | None = None,
    *,
    tags: str = ".*",
    trigger: Trigger = Trigger.PUSH,
    priority: int = 3,
    backfill: Backfill = Backfill.MISSING,
    user_id: str | None = None,
    line: int = 0,
) -> ReplicationRule:
    level = Level.NAMESPACE if repository is None else Level.REPOSITORY
    return ReplicationRule(
        name, source, target, level, namespace, repository, tags, trigger, priority, backfill, user_id, at(line)
    )


def tag(name: str, content: str = "", pushed: int = 0) -> LiveTag:
    """`content` stands for the image; without one it is the tag's name."""
    return LiveTag(name, digest(content or name), 10, pushed)


def repository(name: str, *tags: LiveTag, immutable: bool = False) -> LiveRepository:
    return LiveRepository(f"crr-{name}", name, Visibility.PRIVATE, name.split("/")[1], immutable, tags)


def live_namespace(name: str = "apps", *, auto_create: bool = True) -> LiveNamespace:
    return LiveNamespace(name, auto_create, Visibility.PRIVATE)


def live_rule(
    id: str,  # noqa: A002 - what the service calls it
    name: str,
    source: str,
    target: str,
    namespace: str = "apps",
    repository: str | None = None,
    *,
    tags: str = ".*",
    trigger: Trigger = Trigger.PUSH,
    priority: int = 3,
    created: int = 0,
) -> LiveSyncRule:
    level = Level.NAMESPACE if repository is None else Level.REPOSITORY
    ends = (f"cri-{source}", f"cri-{target}", "cn-hangzhou")
    found = LiveSyncRule(id, name, *ends, level, namespace, repository, namespace, repository, tags, trigger, priority)
    return replace(found, created=created)


def live_task(
    source: str,
    target: str,
    image: str,
    status: TaskStatus = TaskStatus.SYNCHRONIZING,
    issue: str = "",
    *,
    name: str = "rst-1",
    time: int = 0,
) -> SyncTask:
    """A task for `repository:tag`, which keeps its names; it was created and changed at `time`."""
    repository, tag = image.rsplit(":", 1)
    origin, arrival = (SyncImage("cn-hangzhou", f"cri-{key}", repository, tag) for key in (source, target))
    return SyncTask(name, status, Trigger.PUSH, origin, arrival, issue, created=time, modified=time)


def live_instance(
    key: str,
    *repositories: LiveRepository,
    region: str = "cn-hangzhou",
    edition: Edition | None = Edition.ADVANCED,
    status: str = "RUNNING",
    registry: str | None = None,
    namespaces: Iterable[LiveNamespace] = (),
    rules: Iterable[LiveSyncRule] = (),
) -> LiveInstance:
    return LiveInstance(
        f"cri-{key}",
        f"acme-{key}",
        region,
        edition,
        status,
        f"{key}.example" if registry is None else registry,
        namespaces=tuple(namespaces),
        repositories=repositories,
        sync_rules=tuple(rules),
    )


def pair(
    *rules: ReplicationRule,
    hub: Iterable[LiveRepository] = (),
    eu: Iterable[LiveRepository] = (),
    live_rules: Iterable[LiveSyncRule] = (),
    eu_registry: str = "eu.example",
) -> tuple[Desired, Live]:
    """Two instances with a namespace `apps` each, and replication rules between them."""
    desired = Desired(
        instances=(instance("eu"), instance("hub")),
        namespaces=(namespace("eu"), namespace("hub")),
        replications=tuple(sorted(rules, key=lambda r: r.address)),
    )
    apps = (live_namespace(),)
    return desired, Live(
        (
            live_instance("eu", *eu, registry=eu_registry, namespaces=apps),
            live_instance("hub", *hub, namespaces=apps, rules=live_rules),
        )
    )


def contents_of(transfers: Iterable[Transfer]) -> Mapping[Digest, ManifestContent]:
    """Every image is a manifest of 100 bytes and a layer of 1000 bytes of its own."""
    return {
        transfer.digest: ManifestContent(
            transfer.digest, 100, "manifest", (Descriptor(digest(f"layer of {transfer.digest}"), 1000),)
        )
        for transfer in transfers
    }


def plan(desired: Desired, live: Live, options: Options | None = None) -> Plan:
    drafted = planning.draft(desired, live, options or Options())
    read = Live(live.instances, live.origins, contents_of(drafted.transfers), live.present)
    return planning.finish(drafted, read, spec_digest=SPEC, live_digest=LIVE)


def steps(planned: Plan) -> dict[str, str]:
    """Address to action."""
    return {str(change.address): str(change.action) for change in planned.changes}


def rule_ids(diagnostics: Iterable[Diagnostic]) -> list[str]:
    return sorted(d.rule for d in diagnostics)


def the(rule_id: str, diagnostics: Iterable[Diagnostic]) -> Diagnostic:
    """The one diagnostic of a rule."""
    (found,) = [d for d in diagnostics if d.rule == rule_id]
    return found


def personal_edition(
    region: str,
    registry: str,
    namespaces: tuple[LiveNamespace, ...] = (),
    repositories: tuple[LiveRepository, ...] = (),
    hosts: Mapping[SourceNetwork, str] = MappingProxyType({}),
    inside_vpc: bool = False,
) -> LiveOrigin:
    return LiveOrigin(f"personal.{region}", registry, namespaces, repositories, region, hosts, inside_vpc)


def personal_scope(region: str, *namespaces: str) -> OriginScope:
    source = PersonalSource(region, namespaces)
    return OriginScope(source, (source.filter,))
