"""Replication rules between instances, which can be created and deleted but not changed."""

from __future__ import annotations

from dataclasses import dataclass

from reconciler.acr.answer import Answer
from reconciler.acr.cr.product import Product
from reconciler.acr.errors import MalformedAnswer
from reconciler.model.live import LiveSyncRule
from reconciler.model.spec import Level, Trigger

DEFAULT_PRIORITY = 3

_TRIGGERS = {Trigger.PUSH: "PASSIVE", Trigger.MANUAL: "INITIATIVE"}
_SCOPES = {Level.REPOSITORY: "REPO", Level.NAMESPACE: "NAMESPACE", Level.INSTANCE: "INSTANCE"}
_LEVELS = {scope: level for level, scope in _SCOPES.items()}
_EVERYTHING = ("", ".*")


@dataclass(frozen=True, slots=True)
class NewSyncRule:
    """A rule to create. `repository` and `target_repository` are without the namespace, and None unless the rule is
    about one repository; the namespaces are None for a rule of a whole instance. `namespaces` and `repositories` are
    filters in RE2. `user_id` is the account that owns the target, when that is another one; `link` a custom link."""

    name: str
    target_region: str
    target_instance: str
    namespace: str | None
    target_namespace: str | None
    tags: str
    trigger: Trigger
    priority: int = DEFAULT_PRIORITY
    repository: str | None = None
    target_repository: str | None = None
    user_id: str | None = None
    namespaces: str = ".*"
    repositories: str = ".*"
    link: str | None = None

    @property
    def level(self) -> Level:
        if self.namespace is None:
            return Level.INSTANCE
        return Level.NAMESPACE if self.repository is None else Level.REPOSITORY


class Replication(Product):
    def list_sync_rules(self, region: str, instance_id: str) -> tuple[LiveSyncRule, ...]:
        """The rules whose source is this instance, in name order; the service lists those that it receives too."""
        items = self._list(region, "ListRepoSyncRule", "SyncRules", {"InstanceId": instance_id})
        found = {r.id: r for r in map(_rule, (i for i in items if i.text("SyncDirection", "FROM") == "FROM"))}
        return tuple(sorted(found.values(), key=lambda rule: (rule.name, rule.id)))

    def create_sync_rule(self, region: str, instance_id: str, rule: NewSyncRule) -> str:
        """The new rule's id; `region` and `instance_id` are the source's."""
        answer = self._call(
            region,
            "CreateRepoSyncRule",
            {
                "InstanceId": instance_id,
                "SyncRuleName": rule.name,
                "SyncScope": _SCOPES[rule.level],
                "SyncTrigger": _TRIGGERS[rule.trigger],
                "TagFilter": rule.tags,
                "TargetRegionId": rule.target_region,
                "TargetInstanceId": rule.target_instance,
                "NamespaceName": rule.namespace,
                "TargetNamespaceName": rule.target_namespace,
                "RepoName": rule.repository,
                "TargetRepoName": rule.target_repository,
                "NamespaceNameFilter": _filter(rule.namespaces),
                "RepoNameFilter": _filter(rule.repositories),
                "TargetUserId": rule.user_id,
                "Priority": rule.priority,
                "LinkId": rule.link,
            },
        )
        return answer.text("SyncRuleId")

    def delete_sync_rule(self, region: str, instance_id: str, rule_id: str) -> None:
        """On the source instance only. The answer for a rule that is gone is not documented: list before and after."""
        self._call(region, "DeleteRepoSyncRule", {"InstanceId": instance_id, "SyncRuleId": rule_id})


def _rule(item: Answer) -> LiveSyncRule:
    scope = item.text("SyncScope")
    if scope not in _LEVELS:
        raise MalformedAnswer(f"`{item.action}` answered with a `SyncScope` that is not known: {scope}")
    return LiveSyncRule(
        id=item.text("SyncRuleId"),
        name=item.text("SyncRuleName"),
        source_instance=item.text("LocalInstanceId"),
        target_instance=item.text("TargetInstanceId"),
        target_region=item.text("TargetRegionId"),
        level=_LEVELS[scope],
        namespace=item.text("LocalNamespaceName", ""),
        repository=item.text("LocalRepoName", "") or None,
        target_namespace=item.text("TargetNamespaceName", ""),
        target_repository=item.text("TargetRepoName", "") or None,
        tags=item.text("TagFilter", ".*"),
        trigger=read_trigger(item, "SyncTrigger"),
        priority=item.number("Priority", DEFAULT_PRIORITY),
        cross_account=item.flag("CrossUser"),
        created=item.number("CreateTime", 0),
        namespaces=item.text("NamespaceNameFilter", "") or ".*",
        repositories=item.text("RepoNameFilter", "") or ".*",
        link=item.text("LinkId", ""),
    )


def _filter(pattern: str) -> str | None:
    """None for a filter that lets everything through: older versions of the API know no filters."""
    return None if pattern in _EVERYTHING else pattern


def read_trigger(item: Answer, key: str) -> Trigger:
    word = item.text(key, "PASSIVE")
    found = next((trigger for trigger, name in _TRIGGERS.items() if name == word), None)
    if found is None:
        raise MalformedAnswer(f"`{item.action}` answered with a `{key}` that is not known: {word}")
    return found
