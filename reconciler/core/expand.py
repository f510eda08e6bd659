"""What imports bring along: the namespaces and repositories of their source become part of the desired state."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace

from reconciler.core.locate import find_instances
from reconciler.model.address import Address
from reconciler.model.build import BuildRule
from reconciler.model.diagnostic import Diagnostic, Severity
from reconciler.model.json_value import Json
from reconciler.model.live import Cause, Live, LiveInstance, LiveOrigin, LiveRepository
from reconciler.model.rulebook import Rule
from reconciler.model.spec import Desired, ImportRule, Include, Namespace, Repository

RULES = (
    Rule(
        "R-IMP-40",
        "an import brings another setting than the one that counts",
        "An import takes over the settings of namespaces and repositories that the YAML does not declare. What it "
        "declares counts, field by field, and of two imports with one target the first.",
        "Leave the field out to take over what the source has, or leave it as it is.",
    ),
)


def expand(desired: Desired, live: Live) -> Desired:
    """`desired` with the settings that its imports take over from the source. What the YAML declares itself wins, field
    by field, and of two imports the first."""
    namespaces = {namespace.address: namespace for namespace in desired.namespaces}
    repositories = {repository.address: repository for repository in desired.repositories}
    for rule, origin, target in _arriving(desired, live):
        for namespace in _namespaces(rule, origin):
            known = namespaces.get(namespace.address)
            namespaces[namespace.address] = _filled(known, namespace) if known else namespace
        for repository in _repositories(rule, origin, target):
            there = repositories.get(repository.address)
            repositories[repository.address] = _completed(there, repository) if there else repository
    return replace(
        desired,
        namespaces=tuple(sorted(namespaces.values(), key=lambda n: n.address)),
        repositories=tuple(sorted(repositories.values(), key=lambda r: r.address)),
    )


def conflicts(desired: Desired, live: Live) -> Iterator[Diagnostic]:
    """Where an import brings another setting than the YAML declares, or than an import before it."""
    declared: tuple[Namespace | Repository, ...] = (*desired.namespaces, *desired.repositories)
    known: dict[Address, tuple[str, Mapping[str, Json]]] = {r.address: ("declared", _settings(r)) for r in declared}
    for rule, origin, target in _arriving(desired, live):
        arriving: tuple[Namespace | Repository, ...] = (
            *_namespaces(rule, origin),
            *_repositories(rule, origin, target),
        )
        for resource in arriving:
            brought = _settings(resource)
            where, settled = known.get(resource.address, ("", {}))
            for name, value in brought.items():
                if settled.get(name, value) != value:
                    yield _conflict(rule, resource.address, name, value, settled[name], where)
            by = str(rule.address)
            known[resource.address] = (where or f"brought by `{by}`", {**brought, **settled})


def _conflict(rule: ImportRule, where: Address, name: str, brought: Json, counts: Json, by: str) -> Diagnostic:
    return Diagnostic(
        "R-IMP-40",
        Severity.INFO,
        f"`{rule.address}` brings `{name}: {brought}` for `{where}`; `{name}: {counts}` is {by} and counts",
        hint=f"leave out `{name}` to take over what the source has",
        span=rule.places.span,
        address=str(where),
    )


def _settings(resource: Namespace | Repository) -> dict[str, Json]:
    if isinstance(resource, Namespace):
        found: dict[str, Json] = {"auto_create": resource.auto_create, "visibility": resource.visibility}
    else:
        code = resource.source_code
        found = {"visibility": resource.visibility, "summary": resource.summary}
        found |= {"source_code": f"{code.platform} {code.repository}"} if code else {}
        found |= {f"build rule {rule.name}": rule.dockerfile for rule in resource.build_rules or ()}
    return {name: value for name, value in found.items() if value is not None}


def _filled(known: Namespace, brought: Namespace) -> Namespace:
    return replace(
        known,
        auto_create=brought.auto_create if known.auto_create is None else known.auto_create,
        visibility=known.visibility or brought.visibility,
    )


def _completed(known: Repository, brought: Repository) -> Repository:
    """Build rules come as a whole: a list that is declared is not added to."""
    builds = known.source_code is None and known.build_rules is None
    return replace(
        known,
        visibility=known.visibility or brought.visibility,
        summary=known.summary or brought.summary,
        source_code=known.source_code or brought.source_code,
        build_rules=brought.build_rules if known.build_rules is None else known.build_rules,
        builds_origin=brought.builds_origin if builds else known.builds_origin,
    )


def _arriving(desired: Desired, live: Live) -> Iterator[tuple[ImportRule, LiveOrigin, LiveInstance]]:
    """The imports whose source was read and whose target exists, with both."""
    instances = find_instances(desired, live)
    for rule in desired.imports:
        origin = live.origin(rule.source.name)
        if rule.target in instances and origin is not None:
            yield rule, origin, instances[rule.target]


def _namespaces(rule: ImportRule, origin: LiveOrigin) -> Iterator[Namespace]:
    """Of a source whose namespaces have names alone, the target gets them with the service's own settings."""
    if Include.NAMESPACES not in rule.include:
        return
    settings = {found.name: found for found in origin.namespaces}
    names = settings if not origin.named_only else [repository.namespace for repository in _chosen(rule, origin)]
    for name in dict.fromkeys(names):
        if origin.named_only or name in rule.source.filter.namespaces:
            found = settings.get(name)
            target = target_namespace(rule, name)
            if target:
                yield Namespace(
                    rule.target,
                    target,
                    found.auto_create if found else None,
                    found.visibility if found else None,
                    str(rule.address),
                    rule.places,
                )


def _repositories(rule: ImportRule, origin: LiveOrigin, target: LiveInstance) -> Iterator[Repository]:
    for found in _chosen(rule, origin):
        repository = _repository(rule, origin, found, target)
        if repository is not None:
            yield repository


def _chosen(rule: ImportRule, origin: LiveOrigin) -> Iterator[LiveRepository]:
    return (
        repository
        for repository in origin.repositories
        if rule.source.filter.matches(repository.name) and not _deleted(repository)
    )


def _repository(rule: ImportRule, origin: LiveOrigin, found: LiveRepository, target: LiveInstance) -> Repository | None:
    """What the import takes over of a repository; None when that is nothing."""
    name, by = target_name(rule, found.name), str(rule.address)
    settings = Include.REPOSITORIES in rule.include
    builds = found.builds if Include.BUILD_RULES in rule.include else None
    source = builds.source if builds is not None else None
    rules: tuple[BuildRule, ...] | None = None
    if builds is not None and builds.rules and (source is not None or _bound(target, name)):
        rules = tuple(item.rule for item in builds.rules)
    if not name or (not settings and source is None and rules is None):
        return None
    return Repository(
        rule.target,
        name,
        found.visibility if settings and not origin.named_only else None,
        (found.summary or None) if settings else None,
        source_code=source,
        build_rules=rules,
        builds_origin=by if source is not None or rules is not None else "",
        origin=by,
        places=rule.places,
    )


def _bound(target: LiveInstance, name: str) -> bool:
    """Whether the target is bound to source code, be it by hand: then rules that build can follow."""
    there = target.repository(name)
    return there is not None and there.builds is not None and there.builds.source is not None


def _deleted(repository: LiveRepository) -> bool:
    """Whether it was there when the repositories were listed and gone when its tags were."""
    return repository.unreadable is not None and repository.unreadable.cause is Cause.GONE


def target_namespace(rule: ImportRule, namespace: str) -> str:
    """The namespace at the target of a source's, after `rename`; empty when it has none and none is given."""
    return rule.rename.get(namespace, namespace) if namespace else rule.default_namespace


def target_name(rule: ImportRule, repository: str) -> str:
    """The name at the target of a source's repository, after `rename`; empty when there is no namespace for it."""
    namespace, slash, name = repository.partition("/")
    target = target_namespace(rule, namespace if slash else "")
    return f"{target}/{name if slash else repository}" if target else ""
