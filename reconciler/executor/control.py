"""Control steps: one function per kind and action, found in a table."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from reconciler.acr.cr import NewSyncRule
from reconciler.acr.errors import NotFound
from reconciler.core.locate import instance_id
from reconciler.executor.building import (
    bind_source_code,
    create_build_rule,
    delete_build_rule,
    rebind_source_code,
    update_build_rule,
)
from reconciler.executor.endpoint import apply_endpoint
from reconciler.executor.instance import buy_instance, update_instance
from reconciler.executor.network import create_role, open_security_group
from reconciler.executor.target import Workbench, settle
from reconciler.executor.waiting import StepFailed
from reconciler.model.address import Address, Kind
from reconciler.model.json_value import Json
from reconciler.model.live import LiveSyncRule
from reconciler.model.plan import Action, Change
from reconciler.model.spec import Namespace, ReplicationRule, Repository, Visibility, VpcBinding

Step = Callable[[Workbench, Change], None]


def apply_change(bench: Workbench, change: Change) -> None:
    """Carry one change out and wait until the service has it. Raises AcrError or StepFailed."""
    _STEPS[change.address.kind, change.action](bench, change)


def _create_namespace(bench: Workbench, change: Change) -> None:
    namespace = _namespace(bench, change.address)
    instance = bench.instance(namespace.instance)
    settle(
        lambda: bench.cr.create_namespace(
            instance.region,
            instance.id,
            namespace.name,
            auto_create=namespace.auto_create is not False,
            visibility=namespace.visibility or Visibility.PRIVATE,
            tag_immutability=namespace.tag_immutability,
            image_index_only=namespace.image_index_only,
        ),
        lambda: any(n.name == namespace.name for n in bench.cr.list_namespaces(instance.region, instance.id)),
        bench.patience,
    )


def _update_namespace(bench: Workbench, change: Change) -> None:
    namespace = _namespace(bench, change.address)
    instance = bench.instance(namespace.instance)
    there = instance.namespace(namespace.name)
    if there is None:
        raise StepFailed("the namespace is gone; plan again", retryable=True)
    bench.cr.update_namespace(
        instance.region,
        instance.id,
        namespace.name,
        auto_create=there.auto_create if namespace.auto_create is None else namespace.auto_create,
        visibility=namespace.visibility or there.visibility,
        tag_immutability=there.tag_immutability if namespace.tag_immutability is None else namespace.tag_immutability,
        image_index_only=there.image_index_only if namespace.image_index_only is None else namespace.image_index_only,
    )


def _delete_namespace(bench: Workbench, change: Change) -> None:
    key, name = change.address.parts
    instance = bench.instance(key)
    _gone(lambda: bench.cr.delete_namespace(instance.region, instance.id, name))
    bench.waiting(change, "deletion")
    bench.patience.until(
        lambda: not bench.cr.has_namespace(instance.region, instance.id, name),
        f"deletion of namespace `{name}`",
    )


def _create_repository(bench: Workbench, change: Change) -> None:
    repository = _repository(bench, change.address)
    instance = bench.instance(repository.instance)
    settle(
        lambda: _ignore(
            bench.cr.create_repository(
                instance.region,
                instance.id,
                repository.name,
                visibility=repository.visibility or Visibility.PRIVATE,
                summary=repository.summary or repository.short_name,
                tag_immutability=repository.tag_immutability,
                detail=repository.detail,
            )
        ),
        lambda: any(r.name == repository.name for r in bench.cr.list_repositories(instance.region, instance.id)),
        bench.patience,
    )


def _update_repository(bench: Workbench, change: Change) -> None:
    repository = _repository(bench, change.address)
    instance = bench.instance(repository.instance)
    there = instance.repository(repository.name)
    if there is None:
        raise StepFailed("the repository is gone; plan again", retryable=True)
    bench.cr.update_repository(
        instance.region,
        instance.id,
        there.id,
        visibility=repository.visibility or there.visibility,
        summary=repository.summary or there.summary or repository.short_name,
        tag_immutability=repository.tag_immutability,
        detail=repository.detail,
    )


def _delete_repository(bench: Workbench, change: Change) -> None:
    key, name = change.address.parts
    instance = bench.instance(key)
    _gone(lambda: bench.cr.delete_repository(instance.region, instance.id, change.live_id))
    bench.waiting(change, "deletion")
    bench.patience.until(
        lambda: not bench.cr.has_repository(instance.region, instance.id, name),
        f"deletion of repository `{name}`",
    )


def _create_vpc(bench: Workbench, change: Change) -> None:
    binding = next(b for b in bench.desired.vpcs if b.address == change.address)
    instance = bench.instance(binding.instance)
    where = (instance.region, instance.id, binding.vpc, binding.vswitch, binding.module)
    settle(
        lambda: bench.cr.create_linked_vpc(*where, dns=binding.dns),
        lambda: _link_status(bench, binding) is not None,
        bench.patience,
    )
    _await_vpc(bench, change)


def _await_vpc(bench: Workbench, change: Change) -> None:
    binding = next(b for b in bench.desired.vpcs if b.address == change.address)
    bench.waiting(change, "CREATING -> RUNNING")
    bench.patience.until(
        lambda: _link_status(bench, binding) == "RUNNING", f"VPC `{binding.vpc}` bound to `{binding.instance}`"
    )


def _link_status(bench: Workbench, binding: VpcBinding) -> str | None:
    """Raises StepFailed with the service's own words when the link has an issue."""
    instance = bench.instance(binding.instance)
    for link in bench.cr.vpc_endpoint(instance.region, instance.id, binding.module).links:
        if (link.vpc, link.vswitch) == (binding.vpc, binding.vswitch):
            if link.issue and link.status != "RUNNING":
                raise StepFailed(f"the service cannot bind `{binding.vpc}`: {link.issue}")
            return link.status
    return None


def _delete_vpc(bench: Workbench, change: Change) -> None:
    known = _known(change)
    instance = bench.instance(known["instance"])
    vpc, vswitch, module = known["vpc"], known["vswitch"], known["module"]
    _gone(lambda: bench.cr.delete_linked_vpc(instance.region, instance.id, vpc, vswitch, module))
    bench.waiting(change, "deletion")
    bench.patience.until(
        lambda: all(
            (link.vpc, link.vswitch) != (vpc, vswitch)
            for link in bench.cr.vpc_endpoint(instance.region, instance.id, module).links
        ),
        f"unbinding of VPC `{vpc}`",
    )


def _create_replication(bench: Workbench, change: Change) -> None:
    _create_rule(bench, change)


def _create_rule(bench: Workbench, change: Change, kept_link: str | None = None) -> None:
    rule = _rule(bench, change.address)
    source = bench.instance(rule.source)
    target = bench.desired.instance(rule.target)
    if target is None:
        raise StepFailed(f"instance `{rule.target}` is not declared")
    new = NewSyncRule(
        name=rule.name,
        target_region=target.region,
        target_instance=instance_id(rule.target, bench.desired, bench.instances),
        namespace=rule.namespace or None,
        target_namespace=rule.namespace or None,
        tags=rule.tags,
        trigger=rule.trigger,
        priority=rule.priority,
        repository=rule.repository,
        target_repository=rule.repository,
        user_id=rule.user_id,
        namespaces=rule.namespaces,
        repositories=rule.repositories,
        link=rule.link or kept_link,
    )
    settle(
        lambda: _ignore(bench.cr.create_sync_rule(source.region, source.id, new)),
        lambda: any(_is(live, new) for live in bench.cr.list_sync_rules(source.region, source.id)),
        bench.patience,
    )


def _is(live: LiveSyncRule, new: NewSyncRule) -> bool:
    found = (live.name, live.target_instance, live.level, live.namespace or None, live.repository, live.tags)
    return found == (new.name, new.target_instance, new.level, new.namespace, new.repository, new.tags)


def _replace_replication(bench: Workbench, change: Change) -> None:
    rule = _rule(bench, change.address)
    replaced = next((r for r in bench.instance(rule.source).sync_rules if r.id == change.live_id), None)
    _delete_rule(bench, rule.source, change.live_id)
    # A custom link that nobody declared is not ours to drop.
    _create_rule(bench, change, replaced.link if replaced and replaced.link else None)


def _delete_replication(bench: Workbench, change: Change) -> None:
    _delete_rule(bench, _known(change)["source"], change.live_id)


def _delete_rule(bench: Workbench, key: str, rule_id: str) -> None:
    source = bench.instance(key)

    def gone() -> bool:
        return all(rule.id != rule_id for rule in bench.cr.list_sync_rules(source.region, source.id))

    # The answer for a rule that is gone already is not documented, so the listing decides.
    if gone():
        return
    settle(lambda: bench.cr.delete_sync_rule(source.region, source.id, rule_id), gone, bench.patience)
    bench.patience.until(gone, f"deletion of replication rule `{rule_id}`")


def _manual(_: Workbench, change: Change) -> None:
    raise StepFailed(f"a person has to do this: {change.reason}")


def _gone(delete: Callable[[], None]) -> None:
    try:
        delete()
    except NotFound:
        return


def _ignore(_: str) -> None:
    """For creates whose id nobody needs: the next plan finds the object by what it is."""


def _known(change: Change) -> Mapping[str, str]:
    values: dict[str, Json] = {field.path: field.before for field in change.fields}
    return {path: value for path, value in values.items() if isinstance(value, str)}


def _namespace(bench: Workbench, address: Address) -> Namespace:
    return next(n for n in bench.desired.namespaces if n.address == address)


def _repository(bench: Workbench, address: Address) -> Repository:
    return next(r for r in bench.desired.repositories if r.address == address)


def _rule(bench: Workbench, address: Address) -> ReplicationRule:
    return next(r for r in bench.desired.replications if r.address == address)


_STEPS: Mapping[tuple[Kind, Action], Step] = {
    (Kind.BUILD_RULE, Action.CREATE): create_build_rule,
    (Kind.BUILD_RULE, Action.UPDATE): update_build_rule,
    (Kind.BUILD_RULE, Action.DELETE): delete_build_rule,
    (Kind.ENDPOINT, Action.UPDATE): apply_endpoint,
    (Kind.INSTANCE, Action.CREATE): buy_instance,
    (Kind.INSTANCE, Action.MANUAL): _manual,
    (Kind.INSTANCE, Action.UPDATE): update_instance,
    (Kind.NAMESPACE, Action.CREATE): _create_namespace,
    (Kind.NAMESPACE, Action.UPDATE): _update_namespace,
    (Kind.NAMESPACE, Action.DELETE): _delete_namespace,
    (Kind.REPLICATION, Action.CREATE): _create_replication,
    (Kind.REPLICATION, Action.DELETE): _delete_replication,
    (Kind.REPLICATION, Action.REPLACE): _replace_replication,
    (Kind.ROLE, Action.CREATE): create_role,
    (Kind.SECURITY_GROUP, Action.UPDATE): open_security_group,
    (Kind.REPOSITORY, Action.CREATE): _create_repository,
    (Kind.REPOSITORY, Action.UPDATE): _update_repository,
    (Kind.REPOSITORY, Action.DELETE): _delete_repository,
    (Kind.SOURCE_CODE, Action.CREATE): bind_source_code,
    (Kind.SOURCE_CODE, Action.UPDATE): rebind_source_code,
    (Kind.VPC, Action.CREATE): _create_vpc,
    (Kind.VPC, Action.DELETE): _delete_vpc,
    (Kind.VPC, Action.UPDATE): _await_vpc,
}
