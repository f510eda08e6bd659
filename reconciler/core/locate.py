"""Which live object a declared one is."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from reconciler.core.pattern import matcher
from reconciler.model.live import Live, LiveInstance, LiveSyncRule, LiveVpcLink
from reconciler.model.spec import Desired, Instance, Level, ReplicationRule, VpcBinding


def find_instance(live: Live, instance: Instance) -> LiveInstance | None:
    """By id when one is declared, else by name in its region and account."""
    if instance.id is not None:
        return live.instance_by_id(instance.id)
    wanted = (instance.name, instance.region, instance.account)
    return next((i for i in live.instances if (i.name, i.region, i.account) == wanted), None)


def find_instances(desired: Desired, live: Live) -> Mapping[str, LiveInstance]:
    """Instance key to live instance, for those that exist."""
    found = {instance.key: find_instance(live, instance) for instance in desired.instances}
    return {key: instance for key, instance in found.items() if instance is not None}


def instance_id(key: str, desired: Desired, instances: Mapping[str, LiveInstance]) -> str:
    """The cloud's id of a declared instance; of another account's, the declared one; empty when nobody knows it."""
    if key in instances:
        return instances[key].id
    declared = desired.instance(key)
    return (declared.id or "") if declared else ""


def place_of(instance: LiveInstance) -> str:
    """What stands before the repository in the name of an image: the registry, or the instance's id while no endpoint
    is open."""
    return instance.registry or instance.id


def find_vpc_link(instance: LiveInstance, binding: VpcBinding) -> LiveVpcLink | None:
    """A link is what it links: VPC, vSwitch and module."""
    identity = (binding.vpc, binding.vswitch, binding.module)
    return next((i for i in instance.vpc_links if (i.vpc, i.vswitch, i.module) == identity), None)


def match_rules(
    rules: Iterable[ReplicationRule], desired: Desired, instances: Mapping[str, LiveInstance]
) -> Mapping[ReplicationRule, LiveSyncRule]:
    """Declared rules to the live rules that they are; each live rule is taken once.

    The service's id is unknown to the YAML, so a rule is known by what it does: same target and same scope, by name
    where several do, by filters where no name helps, and at last by name alone (that rule then has to be replaced).
    """
    pending = list(rules)
    matched: dict[ReplicationRule, LiveSyncRule] = {}
    taken: set[str] = set()
    for closeness in (4, 3, 2, 1):
        for rule in pending:
            source = instances.get(rule.source)
            if rule in matched or source is None:
                continue
            target = instance_id(rule.target, desired, instances)
            for live in source.sync_rules:
                if live.id not in taken and live.target_instance == target and _closeness(rule, live) >= closeness:
                    matched[rule] = live
                    taken.add(live.id)
                    break
    return matched


def _closeness(rule: ReplicationRule, live: LiveSyncRule) -> int:
    same_name = live.name == rule.name
    if (live.level, live.namespace, live.repository) != (rule.level, rule.namespace, rule.repository):
        return 1 if same_name else 0
    filters = (rule.namespaces, rule.repositories, rule.tags)
    return 4 if same_name else 3 if (live.namespaces, live.repositories, live.tags) == filters else 2


def in_scope(rule: ReplicationRule, repository: str) -> bool:
    """Whether a repository (`namespace/name`) is one that the rule replicates."""
    namespace, _, name = repository.partition("/")
    if rule.level is Level.REPOSITORY:
        return (namespace, name) == (rule.namespace, rule.repository)
    return holds_namespace(rule, namespace) and matcher(rule.repositories)(name)


def holds_namespace(rule: ReplicationRule, namespace: str) -> bool:
    """Whether a namespace holds what the rule replicates."""
    if rule.level is Level.INSTANCE:
        return matcher(rule.namespaces)(namespace)
    return namespace == rule.namespace
