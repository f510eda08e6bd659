"""Source code and build rules of repositories: what is declared or brought by imports, beside what is live."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from reconciler.core.expand import target_name
from reconciler.core.locate import find_instances
from reconciler.core.projection import Paired, World
from reconciler.model import address
from reconciler.model.build import BuildRule, LiveBuildRule, LiveBuilds, SourceCode
from reconciler.model.diagnostic import Diagnostic, Severity
from reconciler.model.json_value import Json
from reconciler.model.live import Live, LiveInstance
from reconciler.model.rulebook import Rule
from reconciler.model.spec import Desired, Include, Repository

RULES = (
    Rule(
        "R-BUILD-1",
        "build rules without source code",
        "A build rule builds from the source code that its repository is bound to, and this one is bound to none.",
        "Declare `source_code` of the repository.",
        "cr 2018-12-01, CreateRepoBuildRule",
    ),
    Rule(
        "R-BUILD-2",
        "what a repository is built from cannot be read",
        "Personal Edition did not tell which source code a repository is bound to, so an import cannot take its build "
        "rules over.",
        "Declare `source_code` of the repository at the target, or bind it in the console; the next plan brings the "
        "rules.",
        "cr 2016-06-07, GetRepoSourceRepo, which newer libraries leave out",
    ),
)

NOTHING = LiveBuilds(None)


def source_code(world: World) -> Iterator[Paired]:
    for repository in _built(world):
        if repository.source_code is not None:
            found = _live(world.instances, repository).source
            where = address.source_code(repository.instance, repository.name)
            observed = _source_fields(found) if found else None
            yield Paired(where, _source_fields(repository.source_code), observed, repository.builds_origin)


def build_rules(world: World) -> Iterator[Paired]:
    for repository in _built(world):
        rules = repository.build_rules or ()
        matched = match_rules(rules, _live(world.instances, repository).rules)
        for rule in rules:
            live = matched.get(rule.name)
            declared = _rule_fields(rule, platforms=list(rule.platforms) or None)
            observed = _rule_fields(live.rule, platforms=list(live.rule.platforms)) if live else None
            where = address.build_rule(repository.instance, repository.name, rule.trigger, rule.tag)
            yield Paired(where, declared, observed, repository.builds_origin, live.id if live else "")


def match_rules(rules: Sequence[BuildRule], live: Sequence[LiveBuildRule]) -> Mapping[str, LiveBuildRule]:
    """Live rules by the names of the declared ones that they are: what the same push builds is the same rule, of those
    with the same tag first."""
    exact = {found.rule.name: found for found in live}
    matched = {rule.name: exact[rule.name] for rule in rules if rule.name in exact}
    left = [found for found in live if found.rule.name not in matched]
    for rule in rules:
        if rule.name not in matched:
            same = next((found for found in left if found.rule.trigger == rule.trigger), None)
            if same is not None:
                matched[rule.name] = same
                left.remove(same)
    return matched


def check(desired: Desired, live: Live) -> Iterator[Diagnostic]:
    """Build rules that have nothing to build from."""
    instances = find_instances(desired, live)
    for repository in desired.repositories:
        bound = repository.source_code is not None or _live(instances, repository).source is not None
        bound = bound or _unknown(instances, repository)
        if repository.build_rules and not bound and repository.instance in instances:
            yield Diagnostic(
                "R-BUILD-1",
                Severity.ERROR,
                f"`{repository.name}` has build rules, and `{repository.instance}` binds it to no source code",
                hint="declare its `source_code`",
                span=repository.places.at("build_rules"),
                address=str(repository.address),
            )


def prerequisites(desired: Desired, live: Live) -> Iterator[tuple[str, Repository]]:
    """Platforms that have to be bound to an instance by a person, each with the first repository that needs it. One
    that a repository of the instance is bound to already is bound to the instance, too."""
    instances = find_instances(desired, live)
    told: set[tuple[str, str]] = set()
    for repository in desired.repositories:
        instance, code = instances.get(repository.instance), repository.source_code
        if instance is None or code is None or _live(instances, repository).source == code:
            continue
        need = (repository.instance, code.platform)
        unknown = _unknown(instances, repository)
        if need not in told and not unknown and code.platform not in _platforms(instance):
            told.add(need)
            yield code.platform, repository


def left_out(desired: Desired, live: Live) -> Iterator[Diagnostic]:
    """Build rules that imports do not bring because nobody tells what they build from."""
    brought = {(r.instance, r.name): r for r in desired.repositories}
    for rule in desired.imports:
        origin = live.origin(rule.source.name)
        if Include.BUILD_RULES not in rule.include or origin is None:
            continue
        for found in origin.repositories:
            name = target_name(rule, found.name)
            target = brought.get((rule.target, name))
            unknown = found.builds is not None and found.builds.rules and not found.builds.source_known
            wanted = rule.source.filter.matches(found.name) and (target is None or not target.build_rules)
            if unknown and wanted:
                yield Diagnostic(
                    "R-BUILD-2",
                    Severity.WARNING,
                    f"the build rules of `{found.name}` stay behind: nobody tells what source code they build",
                    hint=f"declare `source_code` of `{name}`, or bind it in the console",
                    span=rule.places.at("include"),
                    address=str(rule.address),
                )


def _built(world: World) -> Iterator[Repository]:
    """Those of which it is known what they are built from."""
    return (
        repository
        for repository in world.desired.repositories
        if repository.instance in world.instances and not _unknown(world.instances, repository)
    )


def _unknown(instances: Mapping[str, LiveInstance], repository: Repository) -> bool:
    """Whether a repository that could not be read is there: what it is built from is left as it is."""
    instance = instances.get(repository.instance)
    there = instance.repository(repository.name) if instance is not None else None
    return there is not None and there.builds is None and there.unreadable is not None


def _live(instances: Mapping[str, LiveInstance], repository: Repository) -> LiveBuilds:
    instance = instances.get(repository.instance)
    there = instance.repository(repository.name) if instance is not None else None
    return there.builds or NOTHING if there is not None else NOTHING


def _platforms(instance: LiveInstance) -> set[str]:
    return {r.builds.source.platform for r in instance.repositories if r.builds is not None and r.builds.source}


def _source_fields(code: SourceCode) -> dict[str, Json]:
    return {
        "platform": code.platform,
        "repository": code.repository,
        "auto_build": code.auto_build,
        "overseas": code.overseas,
        "cache": code.cache,
    }


def _rule_fields(rule: BuildRule, platforms: list[Json] | None) -> dict[str, Json]:
    kind, _, pushed = rule.trigger.partition(":")
    return {
        kind: pushed,
        "tag": rule.tag,
        "dockerfile": rule.dockerfile,
        "context": rule.context,
        "platforms": platforms,
    }
