"""Replication rules: which pairs of instances may have one, and which pushes they answer to."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from reconciler.emulator.refusal import Refused
from reconciler.model.cloud import CloudClass, cloud_class
from reconciler.model.spec import Edition, SamePair, StandardEdition


class SyncScope(StrEnum):
    REPO = "REPO"
    NAMESPACE = "NAMESPACE"
    INSTANCE = "INSTANCE"


class SyncTrigger(StrEnum):
    PASSIVE = "PASSIVE"
    INITIATIVE = "INITIATIVE"


@dataclass(slots=True)
class SyncRule:
    """Never changed once made: the service has no update. Filters are RE2 and match the whole name."""

    id: str
    name: str
    scope: SyncScope
    trigger: SyncTrigger
    source_id: str
    source_region: str
    source_namespace: str
    source_repository: str
    target_id: str
    target_region: str
    target_namespace: str
    target_repository: str
    tag_filter: str
    created: int
    repository_filter: str = ""
    namespace_filter: str = ""
    priority: int = 3
    link_id: str = ""
    cross_user: bool = False

    def covers(self, namespace: str, repository: str, tag: str) -> bool:
        match self.scope:
            case SyncScope.REPO:
                place = (namespace, repository) == (self.source_namespace, self.source_repository)
            case SyncScope.NAMESPACE:
                place = namespace == self.source_namespace and full_match(self.repository_filter, repository)
            case SyncScope.INSTANCE:
                place = full_match(self.namespace_filter, namespace) and full_match(self.repository_filter, repository)
        return place and full_match(self.tag_filter, tag)

    @property
    def content(self) -> tuple[str, ...]:
        """What it replicates: two rules of a pair with the same content would do the same work twice."""
        filters = (self.namespace_filter, self.repository_filter, self.tag_filter)
        place = (self.scope, self.source_namespace, self.source_repository)
        return (*place, *("" if pattern == ".*" else pattern for pattern in filters))

    def target_of(self, namespace: str, repository: str) -> tuple[str, str]:
        """Namespace and repository that a source repository is replicated to."""
        return (self.target_namespace or namespace, self.target_repository or repository)


def full_match(pattern: str, text: str) -> bool:
    """An empty filter matches everything. Raises Refused when `pattern` is not RE2 syntax."""
    if not pattern:
        return True
    import re2

    options = re2.Options()
    options.log_errors = False  # otherwise a bad pattern is also written to stderr
    try:
        return bool(re2.compile(pattern, options).fullmatch(text))
    except re2.error as failure:
        raise Refused("InvalidTagFilter", f"not a regular expression: {pattern}", 400) from failure


@dataclass(frozen=True, slots=True)
class Side:
    """One end of a rule that somebody wants to make."""

    instance_id: str
    region: str
    edition: Edition


@dataclass(frozen=True, slots=True)
class Laws:
    """Where the service's pages are not of one mind."""

    same_pair: SamePair = SamePair.DENY
    standard_edition: StandardEdition = StandardEdition.DENY

    @property
    def sources(self) -> tuple[Edition, ...]:
        """The editions that may be sources, and targets too."""
        allowed = self.standard_edition is StandardEdition.ALLOW
        return (Edition.ADVANCED, Edition.STANDARD) if allowed else (Edition.ADVANCED,)


def check_sides(source: Side, target: Side, laws: Laws) -> None:
    """Raises Refused when nothing may go from `source` to `target`, neither by a rule nor by hand."""
    if source.edition not in laws.sources:
        raise Refused("INSTANCE_SPECIFICATION_NOT_SUPPORT", f"source edition cannot replicate: {source.edition}")
    if target.edition not in (Edition.BASIC, *laws.sources):
        raise Refused("INSTANCE_SPECIFICATION_NOT_SUPPORT", f"target edition cannot receive: {target.edition}")
    if cloud_class(source.region) is CloudClass.PUBLIC and cloud_class(target.region) is not CloudClass.PUBLIC:
        raise Refused("SYNC_RULE_TARGET_INVALID", f"public cloud cannot replicate to region: {target.region}")


def check_topology(new: SyncRule, source: Side, target: Side, rules: Iterable[SyncRule], laws: Laws) -> None:
    """Raises Refused when `new`, a rule from `source` to `target`, may not exist beside `rules`."""
    if source.instance_id == target.instance_id:
        raise Refused("SYNC_RULE_TARGET_INVALID", "an instance cannot be replicated to itself")
    check_sides(source, target, laws)
    for rule in rules:
        if rule.target_id == source.instance_id:
            raise Refused("SYNC_RULE_CONFLICT", f"source is the target of another rule: {rule.id}")
        if rule.source_id == target.instance_id:
            raise Refused("SYNC_RULE_CONFLICT", f"target is the source of another rule: {rule.id}")
        if rule.target_id == target.instance_id:
            if rule.source_id != source.instance_id:
                raise Refused("SYNC_RULE_CONFLICT", f"target receives from another source by rule: {rule.id}")
            if laws.same_pair is SamePair.DENY:
                raise Refused("SYNC_RULE_ALREADY_EXIST", f"this pair of instances has a rule already: {rule.id}")
            if rule.content == new.content:
                raise Refused("SYNC_RULE_ALREADY_EXIST", f"a rule replicates just that already: {rule.id}")
