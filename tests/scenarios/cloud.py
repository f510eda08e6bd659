"""The recorded live state of a scenario, from a short description of a cloud (`cloud.yaml`).

Images are described once, oldest push first, as layer name to size; a tag names the image that it points at. Digests
are those of the names, so equal names mean equal content wherever they stand.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, NotRequired, TypedDict, cast

import yaml

from reconciler.core.network import SERVICE_ROLE
from reconciler.model import billing as money
from reconciler.model import network as model
from reconciler.model.billing import Offer, Quote
from reconciler.model.build import BuildRule, LiveBuildRule, LiveBuilds, SourceCode
from reconciler.model.image import Descriptor, Digest, ManifestContent, RepositoryName, closure
from reconciler.model.json_value import digest_of
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
    LiveRole,
    LiveSyncRule,
    LiveTag,
    LiveVpcLink,
    Unreadable,
)
from reconciler.model.quota import QuotaUse, Usage
from reconciler.model.scope import ManifestQuery
from reconciler.model.source import SourceNetwork
from reconciler.model.spec import AclEntry, Edition, Level, Renewal, Trigger, Visibility
from reconciler.model.sync_task import SyncImage, SyncTask, TaskStatus

MIB = 1024 * 1024
MANIFEST_BYTES = 1024
FIRST_PUSH = datetime(2026, 1, 1, tzinfo=UTC)

Layers = Mapping[str, int]
"""Layer name to MiB."""


class Failure(TypedDict):
    """`images` are those that a registry does not give."""

    cause: str
    detail: str
    images: NotRequired[list[str]]


class Namespace(TypedDict):
    auto_create: NotRequired[bool]
    visibility: NotRequired[str]


class Repository(TypedDict):
    visibility: NotRequired[str]
    summary: NotRequired[str]
    tag_immutability: NotRequired[bool]
    source_code: NotRequired[str]
    """`platform group/name`, or `unknown`; with it, or with `build_rules`, what it is built from was asked for."""
    build_rules: NotRequired[Mapping[str, str]]
    """`branch:NAME` or `git_tag:NAME` to the tag that is built."""
    tags: NotRequired[Mapping[str, str] | None]
    """Tag to image; null when nobody asked for the tags."""
    unreadable: NotRequired[Failure]


class SyncRule(TypedDict):
    name: str
    target: str
    namespace: str
    repository: NotRequired[str]
    tags: NotRequired[str]
    trigger: NotRequired[str]
    priority: NotRequired[int]
    created: NotRequired[int]
    """Days after the first push; default: with it."""


class Task(TypedDict):
    """A replication task for one tag, which keeps its names; days count from the first push."""

    source: str
    target: str
    image: str
    status: NotRequired[str]
    issue: NotRequired[str]
    day: NotRequired[int]


class VpcLink(TypedDict):
    vpc: str
    vswitch: str


class Endpoint(TypedDict):
    enabled: bool
    allow: NotRequired[list[str]]


class Home(TypedDict):
    """What an instance and Personal Edition have in common."""

    namespaces: NotRequired[Mapping[str, Namespace]]
    repositories: NotRequired[Mapping[str, Repository]]


class Origin(TypedDict):
    """A registry or a store, by its name."""

    clock: str
    repositories: Mapping[str, Mapping[str, str]]
    """Repository to tag to image."""
    broken: NotRequired[Mapping[str, Mapping[str, str]]]
    """Repository to tag to reason."""


class Instance(Home):
    region: str
    edition: NotRequired[str]
    status: NotRequired[str]
    reachable: NotRequired[bool]
    endpoint: NotRequired[Endpoint]
    vpcs: NotRequired[list[VpcLink]]
    rules: NotRequired[list[SyncRule]]
    usage: NotRequired[Mapping[str, list[int]]]
    """How many `namespaces`, `repositories` and `vpcs` are used, and how many there may be."""
    issue: NotRequired[str]
    labels: NotRequired[Mapping[str, str]]
    resource_group: NotRequired[str]


class Price(TypedDict):
    """Of a new instance; without an `amount` nobody knows it, and `unknown` says why."""

    region: str
    edition: str
    months: int
    renewal: NotRequired[str]
    amount: NotRequired[str]
    unknown: NotRequired[str]


class Personal(Home):
    """`registry` is its host when it is not the one that a region's accounts share; `hosts` are those by network, and
    `inside_vpc` says that the program ran inside of one. `unreadable` are namespaces that could not be read, `names`
    all that there are, where they were listed."""

    registry: NotRequired[str]
    hosts: NotRequired[Mapping[str, str]]
    inside_vpc: NotRequired[bool]
    unreadable: NotRequired[Mapping[str, Failure]]
    names: NotRequired[list[str]]


class Network(TypedDict):
    """VPCs with their blocks, vSwitches as `vpc/zone`, security groups with the blocks that reach TCP 443."""

    vpcs: NotRequired[Mapping[str, list[str]] | None]
    vswitches: NotRequired[Mapping[str, str] | None]
    security_groups: NotRequired[Mapping[str, SecurityGroup] | None]


class SecurityGroup(TypedDict):
    vpc: str
    allow: NotRequired[list[str]]


class Cloud(TypedDict):
    instances: NotRequired[Mapping[str, Instance]]
    unreadable: NotRequired[list[Failure]]
    networks: NotRequired[Mapping[str, Network]]
    """Left out: every VPC and vSwitch that a spec beside names is where it should be."""
    roles: NotRequired[list[str] | None]
    """Left out: the role for imports is there; null: the access key may not look."""
    personal: NotRequired[Mapping[str, Personal]]
    origins: NotRequired[Mapping[str, Origin]]
    images: NotRequired[Mapping[str, Layers]]
    prices: NotRequired[Mapping[str, Price]]
    """By the name of the instance that may be bought."""
    tasks: NotRequired[list[Task]]


def read_cloud(file: Path) -> Live:
    cloud = cast("Cloud", yaml.safe_load(file.read_text(encoding="utf-8")))
    images = cloud.get("images", {})
    instances = cloud.get("instances", {})
    built = tuple(_instance(name, found, instances, images) for name, found in instances.items())
    personal = tuple(
        LiveOrigin(
            f"personal.{region}",
            home.get("registry", f"registry.{region}.aliyuncs.com"),
            _namespaces(home),
            _repositories(home, images),
            region,
            {SourceNetwork(network): host for network, host in home.get("hosts", {}).items()},
            home.get("inside_vpc", False),
            unreadable={name: _failure(failure) for name, failure in home.get("unreadable", {}).items()},
            names=tuple(home["names"]) if "names" in home else None,
        )
        for region, home in cloud.get("personal", {}).items()
    )
    others = tuple(_origin(name, found, images) for name, found in cloud.get("origins", {}).items())
    unreadable = {
        ManifestQuery(RepositoryName(account.registry, repository.name), _digest(image)): _failure(failure)
        for failure in cloud.get("unreadable", [])
        for image in failure["images"]
        for account in personal
        for repository in account.repositories
        if _digest(image) in {tag.digest for tag in repository.tags or ()}
    }
    contents = {manifest.digest: manifest for manifest in (_manifest(name, images[name]) for name in images)}
    present = {
        RepositoryName(instance.registry, repository.name): _held(repository, contents)
        for instance in built
        if instance.registry
        for repository in instance.repositories
    }
    quotes = tuple(_quote(name, price) for name, price in cloud.get("prices", {}).items())
    networks = cloud["networks"] if "networks" in cloud else _as_named(file.parent)
    named = cloud.get("roles", [SERVICE_ROLE])
    roles = (LiveRole(SERVICE_ROLE, "", None if named is None else SERVICE_ROLE in named),)
    found = tuple(_network(region, network) for region, network in networks.items())
    tasks = tuple(_task(number, task, instances) for number, task in enumerate(cloud.get("tasks", [])))
    return Live(built, (*personal, *others), contents, present, unreadable, quotes, found, tasks=tasks, roles=roles)


def _quote(name: str, price: Price) -> Quote:
    renewal = Renewal(price.get("renewal", "manual"))
    offer = Offer(price["region"], name, Edition(price["edition"]), price["months"], renewal)
    return Quote(offer, money.Price(price["amount"], "USD") if "amount" in price else None, price.get("unknown", ""))


def _failure(found: Failure) -> Unreadable:
    return Unreadable(Cause(found["cause"]), found["detail"])


def _network(region: str, found: Network) -> model.Network:
    vpcs, vswitches, groups = found.get("vpcs", {}), found.get("vswitches", {}), found.get("security_groups", {})
    return model.Network(
        region,
        None if vpcs is None else tuple(model.Vpc(vpc, tuple(cidrs)) for vpc, cidrs in vpcs.items()),
        None if vswitches is None else tuple(model.Vswitch(key, *place.split("/")) for key, place in vswitches.items()),
        None if groups is None else tuple(_group(group, rules) for group, rules in groups.items()),
    )


def _group(key: str, found: SecurityGroup) -> model.SecurityGroup:
    rules = tuple(model.Ingress("tcp", 443, 443, source) for source in found.get("allow", []))
    return model.SecurityGroup(key, found["vpc"], rules)


def _as_named(folder: Path) -> Mapping[str, Network]:
    specs = [spec for file in sorted(folder.rglob("*.yaml")) if isinstance(spec := _yaml(file), dict)]
    regions = {key: found["region"] for spec in specs for key, found in (spec.get("instances") or {}).items()}
    networks: dict[str, Any] = {region: {"vpcs": {}, "vswitches": {}} for region in regions.values()}
    for spec in specs:
        for binding in (spec.get("vpcs") or {}).values():
            region = regions.get(binding["instance"])
            if region is not None:
                networks[region]["vpcs"][binding["vpc"]] = ["10.0.0.0/8"]
                networks[region]["vswitches"][binding["vswitch"]] = f"{binding['vpc']}/{region}-h"
    return networks


def _yaml(file: Path) -> Any:
    try:
        return yaml.safe_load(file.read_text(encoding="utf-8"))
    except (yaml.YAMLError, UnicodeDecodeError):
        return None


def _task(number: int, task: Task, instances: Mapping[str, Instance]) -> SyncTask:
    repository, tag = task["image"].rsplit(":", 1)
    ends = (task["source"], task["target"])
    source, target = (SyncImage(instances[name]["region"], f"cri-{name}", repository, tag) for name in ends)
    time = _milliseconds(task.get("day", 0))
    status = TaskStatus(task.get("status", "SYNCHRONIZING"))
    return SyncTask(
        f"rst-{number}", status, Trigger.PUSH, source, target, task.get("issue", ""), created=time, modified=time
    )


def _instance(
    name: str, found: Instance, instances: Mapping[str, Instance], images: Mapping[str, Layers]
) -> LiveInstance:
    endpoint = found.get("endpoint")
    return LiveInstance(
        id=f"cri-{name}",
        name=name,
        region=found["region"],
        edition=Edition(found.get("edition", "advanced")),
        status=found.get("status", "RUNNING"),
        registry=f"{name}.{found['region']}.cr.aliyuncs.com" if found.get("reachable", True) else "",
        endpoint=_endpoint(endpoint) if endpoint else None,
        namespaces=_namespaces(found),
        repositories=_repositories(found, images),
        vpc_links=tuple(
            LiveVpcLink(link["vpc"], link["vswitch"], "registry", "RUNNING") for link in found.get("vpcs", [])
        ),
        sync_rules=tuple(_rule(name, rule, instances) for rule in found.get("rules", [])),
        issue=found.get("issue", ""),
        tags=found.get("labels", {}),
        resource_group=found.get("resource_group", ""),
        usage=Usage(**{kind: QuotaUse(*found["usage"][kind]) for kind in found["usage"]}) if "usage" in found else None,
    )


def _endpoint(found: Endpoint) -> LiveEndpoint:
    allow = tuple(AclEntry(cidr) for cidr in found.get("allow", []))
    return LiveEndpoint(found["enabled"], "ENABLE" if found["enabled"] else "DISABLE", allow)


def _namespaces(home: Home) -> tuple[LiveNamespace, ...]:
    return tuple(
        LiveNamespace(name, found.get("auto_create", True), Visibility(found.get("visibility", "private")))
        for name, found in home.get("namespaces", {}).items()
    )


def _repositories(home: Home, images: Mapping[str, Layers]) -> tuple[LiveRepository, ...]:
    return tuple(
        LiveRepository(
            f"crr-{name.replace('/', '-')}",
            name,
            Visibility(found.get("visibility", "private")),
            found.get("summary", name.split("/", 1)[1]),
            found.get("tag_immutability", False),
            None if "unreadable" in found else _tags(found.get("tags", {}), images),
            _failure(found["unreadable"]) if "unreadable" in found else None,
            _builds(name, found),
        )
        for name, found in home.get("repositories", {}).items()
    )


def _origin(name: str, found: Origin, images: Mapping[str, Layers]) -> LiveOrigin:
    broken = found.get("broken", {})
    repositories = tuple(
        LiveRepository(
            path,
            path,
            Visibility.PRIVATE,
            "",
            tags=tuple(replace(tag, size=0) for tag in _tags(tags, images) or ()),
            broken=tuple(LiveBrokenTag(tag, reason) for tag, reason in broken.get(path, {}).items()),
        )
        for path, tags in found["repositories"].items()
    )
    return LiveOrigin(name, name, repositories=repositories, clock=Clock(found["clock"]))


def _builds(name: str, found: Repository) -> LiveBuilds | None:
    if "source_code" not in found and "build_rules" not in found:
        return None
    platform, _, code = found.get("source_code", "").partition(" ")
    rules: list[LiveBuildRule] = []
    for trigger, tag in found.get("build_rules", {}).items():
        kind, _, pushed = trigger.partition(":")
        branch, git_tag = (pushed, None) if kind == "branch" else (None, pushed)
        identity = f"crbr-{name.replace('/', '-')}-{len(rules)}"
        rules.append(LiveBuildRule(identity, BuildRule(tag, branch, git_tag, platforms=("linux/amd64",))))
    return LiveBuilds(SourceCode(platform, code) if code else None, tuple(rules), platform != "unknown")


def _tags(tags: Mapping[str, str] | None, images: Mapping[str, Layers]) -> tuple[LiveTag, ...] | None:
    if tags is None:
        return None
    ages = {name: FIRST_PUSH + timedelta(days=day) for day, name in enumerate(images)}
    return tuple(
        LiveTag(tag, _digest(image), _size(images[image]), int(ages[image].timestamp()) * 1000)
        for tag, image in tags.items()
    )


def _rule(source: str, rule: SyncRule, instances: Mapping[str, Instance]) -> LiveSyncRule:
    repository = rule.get("repository")
    return LiveSyncRule(
        id=f"crsr-{rule['name']}",
        name=rule["name"],
        source_instance=f"cri-{source}",
        target_instance=f"cri-{rule['target']}",
        target_region=instances[rule["target"]]["region"],
        level=Level.REPOSITORY if repository else Level.NAMESPACE,
        namespace=rule["namespace"],
        repository=repository,
        target_namespace=rule["namespace"],
        target_repository=repository,
        tags=rule.get("tags", ".*"),
        trigger=Trigger(rule.get("trigger", "push")),
        priority=rule.get("priority", 3),
        created=_milliseconds(rule.get("created", 0)),
    )


def _milliseconds(day: int) -> int:
    return int((FIRST_PUSH + timedelta(days=day)).timestamp()) * 1000


def _digest(name: str) -> Digest:
    return digest_of(name)


def _size(layers: Layers) -> int:
    return sum(layers.values()) * MIB + MANIFEST_BYTES


def _manifest(name: str, layers: Layers) -> ManifestContent:
    blobs = tuple(Descriptor(_digest(f"layer {layer}"), size * MIB) for layer, size in layers.items())
    return ManifestContent(_digest(name), MANIFEST_BYTES, "application/vnd.oci.image.manifest.v1+json", blobs)


def _held(repository: LiveRepository, contents: Mapping[Digest, ManifestContent]) -> frozenset[Digest]:
    manifests = {digest for tag in repository.tags or () for digest in closure(tag.digest, contents)}
    return frozenset(manifests | {blob.digest for digest in manifests for blob in contents[digest].blobs})
