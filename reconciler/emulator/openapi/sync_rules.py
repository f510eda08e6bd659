"""Replication rules: created, listed and deleted; the service has no update and no single read."""

from __future__ import annotations

from reconciler.emulator.account import Instance
from reconciler.emulator.openapi.call import Call, Operation, Payload, invalid
from reconciler.emulator.openapi.instances import find
from reconciler.emulator.refusal import Refused
from reconciler.emulator.sync_rule import SyncRule, SyncScope, SyncTrigger

LOWEST_PRIORITY, DEFAULT_PRIORITY, HIGHEST_PRIORITY = 1, 3, 5


def create_rule(call: Call) -> Payload:
    parameters, account = call.parameters, call.cloud.account
    source = find(call)
    name = parameters.required("SyncRuleName")
    scope = parameters.choice("SyncScope", SyncScope)
    target_region = parameters.required("TargetRegionId")
    # The target may be in another region than the call.
    user = parameters.text("TargetUserId")
    target = account.target(parameters.required("TargetInstanceId"), target_region, user)
    named = scope is not SyncScope.INSTANCE
    repository, target_repository = parameters.text("RepoName"), parameters.text("TargetRepoName")
    if scope is SyncScope.REPO:
        repository, target_repository = parameters.required("RepoName"), parameters.required("TargetRepoName")
    elif repository or target_repository:
        raise invalid("RepoName", f"{repository or target_repository} (only for SyncScope REPO)")
    rule = SyncRule(
        id=account.new_id("crsr", source.id, target.id, name),
        name=name,
        scope=scope,
        trigger=parameters.choice("SyncTrigger", SyncTrigger, SyncTrigger.PASSIVE),
        source_id=source.id,
        source_region=source.region,
        source_namespace=parameters.required("NamespaceName") if named else "",
        source_repository=repository,
        target_id=target.id,
        target_region=target.region,
        target_namespace=parameters.required("TargetNamespaceName") if named else "",
        target_repository=target_repository,
        tag_filter=parameters.required("TagFilter"),
        created=call.cloud.clock.now(),
        repository_filter=parameters.text("RepoNameFilter"),
        namespace_filter=parameters.text("NamespaceNameFilter"),
        priority=priority_of(call, DEFAULT_PRIORITY),
        link_id=parameters.text("LinkId"),
        cross_user=user not in ("", account.user_id),
    )
    account.add_sync_rule(rule, call.cloud.policy.laws)
    return {"SyncRuleId": rule.id}


def list_rule(call: Call) -> Payload:
    """An instance also lists the rules that it receives, with direction TO."""
    instance = find(call)
    wanted = {
        field: call.parameters.text(parameter)
        for parameter, field in (
            ("NamespaceName", "LocalNamespaceName"),
            ("RepoName", "LocalRepoName"),
            ("TargetInstanceId", "TargetInstanceId"),
            ("TargetRegionId", "TargetRegionId"),
        )
    }
    rows = [
        _shown(rule, instance)
        for rule in call.cloud.account.sync_rules.values()
        if instance.id in (rule.source_id, rule.target_id)
    ]
    found = [row for row in rows if all(value in ("", row[field]) for field, value in wanted.items())]
    page = call.parameters.page()
    return {
        "SyncRules": list(page.cut(found)),
        "PageNo": page.number,
        "PageSize": page.size,
        "TotalCount": len(found),
    }


def delete_rule(call: Call) -> Payload:
    instance = find(call)
    del call.cloud.account.sync_rules[rule_of(call, instance).id]
    return {}


def rule_of(call: Call, source: Instance) -> SyncRule:
    """The rule that `SyncRuleId` names. Raises Refused unless `source` is its source."""
    identity = call.parameters.required("SyncRuleId")
    rule = call.cloud.account.sync_rules.get(identity)
    if rule is None or rule.source_id != source.id:
        raise Refused("SYNC_RULE_NOT_EXIST", f"sync rule is not exist: {identity}")
    return rule


def priority_of(call: Call, default: int) -> int:
    return call.parameters.integer("Priority", default, low=LOWEST_PRIORITY, high=HIGHEST_PRIORITY)


def _shown(rule: SyncRule, listed: Instance) -> Payload:
    """TargetUserId is never told."""
    return {
        "SyncRuleId": rule.id,
        "SyncRuleName": rule.name,
        "SyncScope": rule.scope.value,
        "SyncTrigger": rule.trigger.value,
        "SyncDirection": "FROM" if rule.source_id == listed.id else "TO",
        "CrossUser": rule.cross_user,
        "LocalRegionId": rule.source_region,
        "LocalInstanceId": rule.source_id,
        "LocalNamespaceName": rule.source_namespace,
        "LocalRepoName": rule.source_repository,
        "TargetRegionId": rule.target_region,
        "TargetInstanceId": rule.target_id,
        "TargetNamespaceName": rule.target_namespace,
        "TargetRepoName": rule.target_repository,
        "TagFilter": rule.tag_filter,
        "RepoNameFilter": rule.repository_filter,
        "NamespaceNameFilter": rule.namespace_filter,
        "Priority": rule.priority,
        "LinkId": rule.link_id,
        "CreateTime": rule.created,
        "ModifiedTime": rule.created,
    }


OPERATIONS: dict[str, Operation] = {
    "CreateRepoSyncRule": create_rule,
    "ListRepoSyncRule": list_rule,
    "DeleteRepoSyncRule": delete_rule,
}
