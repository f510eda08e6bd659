"""Live replication rules as declarations, and the names that instances go by in a spec."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from itertools import count

from reconciler.model.document import Path
from reconciler.model.json_value import Json
from reconciler.model.live import Live, LiveInstance, LiveSyncRule
from reconciler.model.spec import UNKNOWN_USER, Edition, Level, Trigger

_ANY = ".*"
_KEY = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,62}")
_NAME = re.compile(r"[a-z0-9][a-z0-9-]{1,28}[a-z0-9]")
_NOT_IN_KEYS = re.compile(r"[\[\]]")
_KEY_LIMIT = 120


@dataclass(frozen=True, slots=True)
class Naming:
    """The keys of instances by their ids: their names as long as those are told apart."""

    keys: Mapping[str, str]
    live: Mapping[str, LiveInstance]

    @classmethod
    def of(cls, live: Live) -> Naming:
        names = Counter(i.name for i in live.instances)
        places = Counter((i.name, i.region) for i in live.instances)
        keys = {}
        for i in live.instances:
            candidates = [i.name] * (names[i.name] == 1)
            candidates += [f"{i.name}-{i.region}"] * (places[i.name, i.region] == 1)
            usable = (c for c in candidates if _KEY.fullmatch(c) and cls.is_name(i.name))
            keys[i.id] = next(usable, i.id)
        return cls(keys, {i.id: i for i in live.instances})

    @staticmethod
    def is_name(text: str) -> bool:
        """Whether an instance can be declared by it."""
        return _NAME.fullmatch(text) is not None

    def key(self, instance_id: str) -> str:
        """An instance that nobody has read goes by its id."""
        return self.keys.get(instance_id, instance_id)


@dataclass(slots=True)
class DescribedRules:
    """`entries` are those of `replications`; `partners` are instances that they need and that are not exported."""

    entries: dict[str, Json] = field(default_factory=dict)
    comments: dict[Path, list[str]] = field(default_factory=dict)
    partners: dict[str, Json] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    rules: list[LiveSyncRule] = field(default_factory=list)
    standard: bool = False


def described_rules(instances: Iterable[LiveInstance], names: Naming) -> DescribedRules:
    """The rules of `instances` as their sources list them; those that differ in nothing but their target are one."""
    instances = tuple(instances)
    exported = {instance.id for instance in instances}
    found = DescribedRules()
    groups: dict[tuple[str, str], list[LiveSyncRule]] = defaultdict(list)
    for instance in instances:
        for rule in sorted(instance.sync_rules, key=lambda r: (r.name, r.id)):
            moved = _moved(rule)
            if moved:
                where = f"`{rule.name}` ({rule.id}) of instance `{names.key(instance.id)}`"
                found.notes.append(f"left out: replication {where}, because {moved}")
            else:
                groups[rule.name, repr(_scope(rule, names))].append(rule)
    for (name, _), rules in sorted(groups.items()):
        _add(found, name, sorted(rules, key=lambda r: (names.key(r.target_instance), r.id)), names)
    found.partners = {
        names.key(rule.target_instance): {"region": rule.target_region, "id": rule.target_instance}
        for rule in found.rules
        if rule.target_instance not in exported
    }
    if found.rules:
        found.notes.append("`backfill: none` keeps the first plan empty: remove it to bring images that targets lack.")
    return found


def settings_of(found: DescribedRules) -> dict[str, Json]:
    """What has to be set so that the rules of the account are accepted."""
    pairs = Counter((rule.source_instance, rule.target_instance) for rule in found.rules)
    replication: dict[str, Json] = {}
    if any(number > 1 for number in pairs.values()):
        replication["same_pair"] = "allow"
    if any(rule.level is Level.INSTANCE for rule in found.rules):
        replication["instance_scope"] = True
    if found.standard:
        replication["standard_edition"] = "allow"
    return {"replication": replication} if replication else {}


def _moved(rule: LiveSyncRule) -> str:
    """Why a rule cannot be declared: its images go to another place at the target. Empty when it can."""
    if rule.level is not Level.INSTANCE and rule.target_namespace not in ("", rule.namespace):
        return f"`{rule.namespace}` is replicated to `{rule.target_namespace}`"
    if rule.level is Level.REPOSITORY and rule.target_repository not in (None, "", rule.repository):
        return f"`{rule.repository}` is replicated to `{rule.target_repository}`"
    return ""


def _add(found: DescribedRules, name: str, rules: list[LiveSyncRule], names: Naming) -> None:
    key = next(k for k in _keys(name) if k not in found.entries)
    entry = _scope(rules[0], names)
    entry["targets"] = list[Json](dict.fromkeys(names.key(rule.target_instance) for rule in rules))
    path = ("replications", key)
    if key != name:
        found.comments.setdefault(path, []).append(f"called `{name}` in the cloud")
    if rules[0].cross_account:
        entry["account"] = {"user_id": UNKNOWN_USER}
        told = "the API does not tell the id of the other account: write it here before the rule is changed"
        found.comments.setdefault(path, []).append(told)
    entry["backfill"] = "none"
    found.entries[key] = entry
    for rule in rules:
        found.rules.append(rule)
        partner = names.live.get(rule.target_instance)
        editions = (names.live[rule.source_instance].edition, partner.edition if partner else None)
        found.standard = found.standard or Edition.STANDARD in editions


def _scope(rule: LiveSyncRule, names: Naming) -> dict[str, Json]:
    """What rules of one entry have in common. Rules into another account have an entry each, as their accounts differ
    for all that is known."""
    found: dict[str, Json] = {"source": names.key(rule.source_instance)}
    found["targets"] = [rule.target_instance] if rule.cross_account else []
    found["level"] = rule.level.value
    if rule.level is not Level.INSTANCE:
        found["namespace"] = rule.namespace
    if rule.level is Level.REPOSITORY:
        found["repository"] = rule.repository
    if rule.namespaces != _ANY:
        found["namespaces"] = rule.namespaces
    if rule.repositories != _ANY:
        found["repositories"] = rule.repositories
    found["tags"] = rule.tags
    if rule.trigger is not Trigger.PUSH:
        found["trigger"] = rule.trigger.value
    found["priority"] = rule.priority
    if rule.link:
        found["link"] = rule.link
    return found


def _keys(name: str) -> Iterable[str]:
    """The name as far as it can be a key, then the same with a number."""
    printable = "".join(char if char.isprintable() else "-" for char in name)
    plain = _NOT_IN_KEYS.sub("-", printable)[:_KEY_LIMIT].strip() or "unnamed"
    yield plain
    yield from (f"{plain}-{number}" for number in count(2))
