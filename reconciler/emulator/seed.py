"""An account built from a seed: a spec whose every instance is there and running."""

from __future__ import annotations

from reconciler.emulator import catalogue
from reconciler.emulator.account import (
    DEFAULT_RESOURCE_GROUP,
    SYSTEM_ENTRY,
    Account,
    AllowEntry,
    Endpoint,
    Holder,
    Instance,
    LinkStatus,
    PersonalRegion,
    VpcLink,
)
from reconciler.emulator.catalogue import Repository, enterprise_catalogue, personal_catalogue
from reconciler.emulator.clock import Clock
from reconciler.emulator.identifiers import resource_id
from reconciler.emulator.policy import Policy
from reconciler.emulator.refusal import Refused
from reconciler.emulator.sync_rule import SyncRule, SyncScope, SyncTrigger
from reconciler.model.build import BuildRule, SourceCode
from reconciler.model.spec import Desired, Edition, Level, ReplicationRule, Trigger, Visibility
from reconciler.model.spec import Instance as DesiredInstance

_SCOPES = {
    Level.INSTANCE: SyncScope.INSTANCE,
    Level.NAMESPACE: SyncScope.NAMESPACE,
    Level.REPOSITORY: SyncScope.REPO,
}


def account_from(seed: Desired, policy: Policy, clock: Clock) -> Account:
    """Raises ValueError, with the address at fault, for a seed that the service would not accept. Imports are no part
    of an account and are left out. Instances that a replication of the seed reaches in another account belong to it."""
    account = Account()
    owners = {rule.target: rule.user_id for rule in seed.replications if rule.user_id not in (None, account.user_id)}
    owners |= policy.owners
    holders: dict[str, Instance] = {}
    for declared in seed.instances:
        instance = _instance(declared, policy, clock.now(), owners.pop(declared.key, ""))
        holders[declared.key] = account.instances[instance.id] = instance
    if owners:
        raise ValueError(f"no such instance in the seed: {', '.join(sorted(owners))}")
    for endpoint in seed.endpoints:
        target = holders[endpoint.instance].internet
        target.enabled, target.status = endpoint.enabled, LinkStatus.RUNNING if endpoint.enabled else None
        allowed = [AllowEntry(entry.cidr, entry.comment) for entry in endpoint.allow or ()]
        target.entries = [SYSTEM_ENTRY, *allowed] if endpoint.enabled else []
    regions = {n.region for n in seed.personal_namespaces} | {r.region for r in seed.personal_repositories}
    for region in sorted(regions):
        account.personal[region] = PersonalRegion(region, personal_catalogue(policy.personal_quota))
    _fill(account, holders, seed, clock)
    for binding in seed.vpcs:
        instance = holders[binding.instance]
        ip = f"192.168.0.{len(instance.vpc_links) + 10}"
        module = binding.module.capitalize()
        instance.vpc_links.append(VpcLink(binding.vpc, binding.vswitch, module, ip, LinkStatus.RUNNING))
    for network in seed.networks:
        account.networks.add(network)
    for rule in seed.replications:
        try:
            account.add_sync_rule(_rule(account, rule, holders, clock.now()), policy.laws)
        except Refused as refusal:
            raise ValueError(f"seed cannot have {rule.address}: {refusal.message}") from refusal
    return account


def _instance(declared: DesiredInstance, policy: Policy, now: int, owner: str) -> Instance:
    edition = declared.edition or Edition.ADVANCED
    quota = policy.quotas[edition]
    return Instance(
        key=declared.key,
        id=declared.id or resource_id("cri", declared.region, declared.name),
        name=declared.name,
        region=declared.region,
        edition=edition,
        created=now,
        catalogue=enterprise_catalogue(quota),
        internet=Endpoint(enabled=True, status=LinkStatus.RUNNING),
        vpc_quota=quota.vpcs,
        tags=dict(declared.tags or {}),
        resource_group=declared.resource_group or DEFAULT_RESOURCE_GROUP,
        owner=owner,
    )


def _fill(account: Account, holders: dict[str, Instance], seed: Desired, clock: Clock) -> None:
    for space in seed.namespaces:
        auto_create = space.auto_create is not False
        _namespace(account, holders[space.instance], space.name, auto_create, space.visibility)
        made_space = holders[space.instance].catalogue.namespace(space.name)
        made_space.tag_immutability = space.tag_immutability or False
        made_space.image_index_only = space.image_index_only or False
    for personal in seed.personal_namespaces:
        home = account.personal[personal.region]
        _namespace(account, home, personal.name, personal.auto_create, personal.visibility)
    for repository in seed.repositories:
        immutable = repository.tag_immutability or False
        summary = repository.summary or repository.short_name
        instance = holders[repository.instance]
        made = _repository(account, instance, repository.name, repository.visibility, summary, immutable, clock)
        made.detail = repository.detail or ""
        _build(account, made, repository.source_code, repository.build_rules or ())
    for mine in seed.personal_repositories:
        home = account.personal[mine.region]
        made = _repository(account, home, mine.name, mine.visibility, mine.summary or mine.name, False, clock)
        _build(account, made, mine.source_code, mine.build_rules)


def _namespace(account: Account, holder: Holder, name: str, auto_create: bool, visibility: Visibility | None) -> None:
    try:
        account.new_namespace(holder, name, auto_create=auto_create, visibility=visibility or Visibility.PRIVATE)
    except Refused as refusal:
        raise ValueError(f"seed cannot have {holder.label} namespace {name}: {refusal.message}") from refusal


def _repository(
    account: Account,
    holder: Holder,
    path: str,
    visibility: Visibility | None,
    summary: str,
    immutable: bool,
    clock: Clock,
) -> Repository:
    namespace = path.partition("/")[0]
    if namespace not in holder.catalogue.namespaces:
        _namespace(account, holder, namespace, True, Visibility.PRIVATE)
    chosen = visibility or holder.catalogue.namespaces[namespace].visibility
    try:
        made = account.new_repository(holder, path, visibility=chosen, summary=summary, now=clock.now())
    except Refused as refusal:
        raise ValueError(f"seed cannot have {holder.label} repository {path}: {refusal.message}") from refusal
    made.tag_immutability = immutable
    return made


def _build(account: Account, repository: Repository, code: SourceCode | None, rules: tuple[BuildRule, ...]) -> None:
    if code is not None:
        group, _, name = code.repository.rpartition("/")
        flags = (code.auto_build, code.overseas, not code.cache)
        repository.code = catalogue.CodeRepository(code.platform.upper(), group, name, *flags)
    for rule in rules:
        identity = account.new_id("crbr", repository.id)
        kind, _, pushed = rule.trigger.partition(":")
        repository.build_rules[identity] = catalogue.BuildRule(
            identity,
            "GIT_BRANCH" if kind == "branch" else "GIT_TAG",
            pushed,
            rule.tag,
            rule.context,
            rule.dockerfile,
            list(rule.platforms) or ["linux/amd64"],
        )


def _rule(account: Account, rule: ReplicationRule, holders: dict[str, Instance], now: int) -> SyncRule:
    source, target = holders[rule.source], holders[rule.target]
    repository = rule.repository or ""
    return SyncRule(
        id=account.new_id("crsr", source.id, target.id, rule.name),
        name=rule.name,
        scope=_SCOPES[rule.level],
        trigger=SyncTrigger.PASSIVE if rule.trigger is Trigger.PUSH else SyncTrigger.INITIATIVE,
        source_id=source.id,
        source_region=source.region,
        source_namespace=rule.namespace,
        source_repository=repository,
        target_id=target.id,
        target_region=target.region,
        target_namespace=rule.namespace,
        target_repository=repository,
        tag_filter=rule.tags,
        created=now,
        priority=rule.priority,
        repository_filter="" if rule.repositories == ".*" else rule.repositories,
        namespace_filter="" if rule.namespaces == ".*" else rule.namespaces,
        link_id=rule.link or "",
        cross_user=rule.user_id not in (None, account.user_id),
    )
