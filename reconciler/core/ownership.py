"""Ownership by declaration: what is live and not declared is listed, and deleted only when pruning was asked for."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Set
from dataclasses import dataclass, field, replace

from reconciler.core import unread
from reconciler.core.enumeration import enumerated
from reconciler.core.locate import find_instances, find_vpc_link, holds_namespace, in_scope
from reconciler.model import address
from reconciler.model.address import Address, Kind
from reconciler.model.diagnostic import Diagnostic, Severity
from reconciler.model.image import ImageName
from reconciler.model.live import Live, LiveInstance, LiveRepository, LiveSyncRule
from reconciler.model.plan import Action, Change, FieldChange
from reconciler.model.rulebook import Rule
from reconciler.model.spec import Desired, Instance

RULES = (
    Rule(
        "R-OWN-1",
        "live objects are not declared",
        "These objects exist and no file declares them. They are left alone, since nothing is deleted without a word.",
        "Declare them, or delete them with `--prune --allow-delete KIND`. Instances are never deleted.",
    ),
    Rule(
        "R-OWN-2",
        "an undeclared namespace still holds repositories",
        "The service refuses to delete a namespace that holds repositories.",
        "Allow the deletion of its repositories too, or declare the namespace.",
    ),
    Rule(
        "R-OWN-3",
        "an address selects nothing",
        "`--only`, `--exclude` and `--ignore` take addresses of the plan, or beginnings of them such as "
        "`instances.hub`.",
        "Copy the address from the plan or from `reconciler graph`.",
    ),
    Rule(
        "R-SAFE-4",
        "a deletion was not allowed",
        "Pruning deletes only kinds that were named with `--allow-delete`, and no more of them than the number given.",
        "Pass `--allow-delete KIND` or `--allow-delete KIND:N`.",
    ),
    Rule(
        "R-SAFE-5",
        "a repository that holds images is not deleted",
        "Its images would go with it, so it takes a number, `--allow-delete repositories:N`. The plan lists them.",
        "Look at the images, then pass the number of repositories that may go, or declare the repository.",
    ),
)

_SHOWN = 5
_SHOWN_IMAGES = 10

PRUNABLE: Mapping[str, Kind] = {
    "namespaces": Kind.NAMESPACE,
    "repositories": Kind.REPOSITORY,
    "build_rules": Kind.BUILD_RULE,
    "vpcs": Kind.VPC,
    "replications": Kind.REPLICATION,
}
"""What `--allow-delete` can name."""

PROTECTED: Mapping[str, str] = {
    "instances": "one that is not declared any more stays, and is paid for, until it is given back in the console",
    "endpoints": "the internet endpoint is switched off with `enabled: false`",
    "images": "what is moved is copied, and images go with their repository alone",
}
"""What nothing here deletes, and why."""


@dataclass(frozen=True, slots=True)
class Options:
    """What the command line says about a plan; `allow_delete` maps a kind of PRUNABLE to its limit or None.

    With `images`, only those targets are written, and nothing else is changed but what they need.
    """

    prune: bool = False
    allow_delete: Mapping[str, int | None] = field(default_factory=dict)
    only: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    images: frozenset[ImageName] | None = None

    def deletes_repositories(self, desired: Desired) -> bool:
        """Whether undeclared repositories may go, so that what they hold has to be known."""
        return (self.prune or desired.settings.prune) and "repositories" in self.allow_delete


@dataclass(slots=True)
class Unmanaged:
    changes: list[Change] = field(default_factory=list)
    diagnostics: list[Diagnostic] = field(default_factory=list)
    undeclared: list[Change] = field(default_factory=list)
    """Every deletion that would be, whether it was allowed or not."""
    unlisted: set[tuple[str, str]] = field(default_factory=set)
    """Repositories, by instance key and name, that might have been deleted and are left alone, since nobody knows what
    would go with them."""


def compare_ownership(desired: Desired, live: Live, claimed: set[str], options: Options) -> Unmanaged:
    """`desired` is the expanded state; `claimed` are the ids of live rules that it declares."""
    result = Unmanaged()
    instances = find_instances(desired, live)
    prune = options.prune or desired.settings.prune
    closed = unread.namespaces(desired, live)
    unlisted = ((key, name) for key, there in instances.items() for name in unread.unlisted(there))
    hidden = {address.repository(*place): place for place in unlisted}
    for instance in desired.instances:
        if instance.key not in instances:
            continue
        unknown = {name for key, name in closed if key == instance.key}
        found = list(_undeclared(instance, instances[instance.key], desired, instances, claimed, unknown))
        for group in PRUNABLE:
            changes = sorted((change for kind, change in found if kind == group), key=lambda change: change.address)
            if not changes:
                continue
            result.undeclared += changes
            if prune and group in options.allow_delete:
                result.unlisted |= {hidden[change.address] for change in changes if change.address in hidden}
                known = [change for change in changes if change.address not in hidden]
                filled = _filled(known, instances) if options.allow_delete[group] is None else ()
                result.changes += [change for change in known if change not in filled]
                result.diagnostics += [_holds_images(change) for change in filled]
            else:
                result.diagnostics.append(_left_alone(instance, group, changes, prune))
    result.diagnostics += _other_instances(desired, live, instances)
    held = _held_namespaces(result.changes, desired, instances)
    result.changes = [change for change in result.changes if change not in held]
    result.diagnostics += [_still_holds(change) for change in held]
    return result


def _undeclared(
    instance: Instance,
    live: LiveInstance,
    desired: Desired,
    instances: Mapping[str, LiveInstance],
    claimed: set[str],
    unknown: Set[str],
) -> Iterator[tuple[str, Change]]:
    """`unknown` are namespaces of which nobody knows whether an import brings them, and what it brings into them."""
    key = instance.key
    by_id = {found.id: name for name, found in instances.items()}
    taken = {rule.address for rule in desired.replications}
    for rule in live.sync_rules:
        if rule.id not in claimed:
            where = _rule_address(rule, key, by_id.get(rule.target_instance, rule.target_instance), taken)
            taken.add(where)
            yield "replications", _deletion(where, rule.id, source=key)
    declared = {n.name for n in desired.namespaces if n.instance == key} | _relied_on(key, live, desired)
    for namespace in live.namespaces:
        if namespace.name not in declared | unknown:
            where = address.namespace(key, namespace.name)
            yield "namespaces", _deletion(where)
    repositories = {r.name for r in desired.repositories if r.instance == key}
    # Rules that an import brings are added to what is there; only a declared list is the whole.
    ruled = {r.name for r in desired.repositories if r.instance == key and r.build_rules is not None}
    ruled -= {r.name for r in desired.repositories if r.instance == key and r.builds_origin}
    # Repositories of such a namespace come into being by pushes, so the namespace's declaration covers them.
    by_push = {n.name for n in live.namespaces if n.auto_create}
    settled = by_push & declared | unknown
    for repository in live.repositories:
        covered = repository.namespace in settled
        if not (repository.name in repositories or covered or _replicated(key, repository.name, desired)):
            where = address.repository(key, repository.name)
            yield "repositories", _emptying(_deletion(where, repository.id), repository)
    for repository in live.repositories:
        if repository.name in ruled and repository.builds is not None:
            for build in repository.builds.rules:
                if build.id not in claimed:
                    where = address.build_rule(key, repository.name, build.rule.trigger, build.rule.tag)
                    yield "build_rules", _deletion(where, build.id)
    bindings = [binding for binding in desired.vpcs if binding.instance == key]
    links = {find_vpc_link(live, binding) for binding in bindings}
    for link in live.vpc_links:
        if link not in links:
            where = address.vpc(f"{link.vpc}/{link.vswitch}/{link.module}@{key}")
            yield "vpcs", _deletion(where, instance=key, vpc=link.vpc, vswitch=link.vswitch, module=link.module)


def _rule_address(rule: LiveSyncRule, source: str, target: str, taken: set[Address]) -> Address:
    """By name and target; also by source, or by the service's id, where a declared rule or another one is called so."""
    plain = address.replication(rule.name, target)
    if plain not in taken:
        return plain
    sourced = address.replication(rule.name, f"{source}->{target}")
    return sourced if sourced not in taken else address.replication(f"{rule.name} ({rule.id})", f"{source}->{target}")


def _relied_on(key: str, live: LiveInstance, desired: Desired) -> frozenset[str]:
    """Live namespaces that declared replications need, whether anybody declares them or not."""
    rules = [rule for rule in desired.replications if key in (rule.source, rule.target)]
    names = (namespace.name for namespace in live.namespaces)
    return frozenset(name for name in names if any(holds_namespace(rule, name) for rule in rules))


def _replicated(key: str, repository: str, desired: Desired) -> bool:
    """Whether a declared replication is about this repository of instance `key`."""
    return any(key in (rule.source, rule.target) and in_scope(rule, repository) for rule in desired.replications)


def _deletion(where: Address, live_id: str = "", **known: str) -> Change:
    """`known` tells the executor what the address alone does not say."""
    fields = tuple(FieldChange(path, value, None) for path, value in known.items())
    return Change(where, Action.DELETE, "exists and is not declared", fields, live_id=live_id)


def _emptying(deletion: Change, repository: LiveRepository) -> Change:
    """With the images that go along, the newest first."""
    tags = sorted(repository.tags or (), key=lambda tag: (-tag.pushed, tag.name))
    if not tags:
        return deletion
    more = [f"and {len(tags) - _SHOWN_IMAGES} more"] if len(tags) > _SHOWN_IMAGES else []
    shown = [f"{tag.name} {tag.digest.partition(':')[2][:12]}" for tag in tags[:_SHOWN_IMAGES]]
    reason = f"{deletion.reason}, and {len(tags)} image{'' if len(tags) == 1 else 's'} with it"
    return replace(deletion, reason=reason, fields=(FieldChange("images", [*shown, *more], None),))


def _filled(changes: Iterable[Change], instances: Mapping[str, LiveInstance]) -> tuple[Change, ...]:
    """Deletions of repositories that hold images, or of which nobody knows what they hold."""
    found = []
    for change in changes:
        if change.address.kind is Kind.REPOSITORY:
            there = instances[change.address.parts[0]].repository(change.address.parts[1])
            if there is not None and there.tags != ():
                found.append(change)
    return tuple(found)


def _holds_images(change: Change) -> Diagnostic:
    images = change.fields[0].before if change.fields else None
    listed = ", ".join(f"`{image}`" for image in images) if isinstance(images, list) else "nobody looked which"
    return Diagnostic(
        "R-SAFE-5",
        Severity.WARNING,
        f"`{change.address.parts[1]}` holds images and is left alone: {listed}",
        hint="pass `--allow-delete repositories:N`, with the number of repositories that may go, to delete them too",
        address=str(change.address),
    )


def _left_alone(instance: Instance, group: str, changes: list[Change], prune: bool) -> Diagnostic:
    names = enumerated([f"`{_short_name(change.address)}`" for change in changes], _SHOWN)
    allow = f"`--allow-delete {group}`"
    return Diagnostic(
        "R-SAFE-4" if prune else "R-OWN-1",
        Severity.WARNING if prune else Severity.INFO,
        f"undeclared {group} of `{instance.key}` are left alone: {names}",
        hint=f"declare them, or pass {allow if prune else f'`--prune` and {allow}'} to delete them",
        address=str(instance.address),
    )


def _other_instances(desired: Desired, live: Live, instances: Mapping[str, LiveInstance]) -> Iterator[Diagnostic]:
    """One for each place that the declared instances are in; a recorded state may have looked elsewhere, too."""
    declared = {instance.id for instance in instances.values()}
    found = [*live.instances, *live.other_instances]
    others = [other for other in found if other.id not in declared and other.status != "DELETING"]
    for region, account in sorted({(instance.region, instance.account) for instance in desired.instances}):
        there = sorted((i for i in others if (i.region, i.account) == (region, account)), key=lambda i: (i.name, i.id))
        if there:
            owner = f" of account `{account}`" if account else ""
            yield Diagnostic(
                "R-OWN-1",
                Severity.INFO,
                f"undeclared instances in {region}{owner} are left alone: "
                + enumerated([f"`{instance.name}` ({instance.id})" for instance in there], _SHOWN),
                hint="declare them, as `reconciler export --instance ID` writes them; nothing here deletes an instance",
            )


def _short_name(where: Address) -> str:
    """The last part of an address; with the one before where the last alone says too little."""
    return "{}[{}]".format(*where.parts[-2:]) if where.kind in _NAMED_BY_TWO else where.parts[-1]


_NAMED_BY_TWO = (Kind.REPLICATION, Kind.BUILD_RULE)


def over_limit(changes: Iterable[Change], options: Options) -> Iterator[Diagnostic]:
    """Kinds of which the plan deletes more than was allowed."""
    deleted = Counter(change.address.kind for change in changes if change.action is Action.DELETE)
    for group, limit in options.allow_delete.items():
        count = deleted[PRUNABLE[group]]
        if limit is not None and count > limit:
            yield Diagnostic(
                "R-SAFE-4",
                Severity.ERROR,
                f"{group} to delete: {count}; allowed: {limit}",
                hint=f"pass `--allow-delete {group}:{count}` when that is meant",
            )


def _held_namespaces(
    changes: list[Change], desired: Desired, instances: Mapping[str, LiveInstance]
) -> tuple[Change, ...]:
    deleted = {change.address for change in changes}
    held = []
    for change in changes:
        if change.address.kind is not Kind.NAMESPACE:
            continue
        key, name = change.address.parts
        kept = [
            repository.name
            for repository in instances[key].repositories
            if repository.namespace == name and address.repository(key, repository.name) not in deleted
        ]
        declared = any((r.instance, r.namespace) == (key, name) for r in desired.repositories)
        if kept or declared:
            held.append(change)
    return tuple(held)


def _still_holds(change: Change) -> Diagnostic:
    return Diagnostic(
        "R-OWN-2",
        Severity.WARNING,
        f"`{change.address}` is not declared and still holds repositories, so it is left alone",
        hint="allow the deletion of its repositories with `--allow-delete repositories`, or declare the namespace",
        address=str(change.address),
    )
