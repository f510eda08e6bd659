"""What could not be read while the rest could, and what nobody knows for that reason: it is left as it is."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Set

from reconciler.core.expand import target_namespace
from reconciler.core.locate import find_instances
from reconciler.model import address
from reconciler.model.diagnostic import Diagnostic, Severity
from reconciler.model.live import Cause, Live, LiveInstance
from reconciler.model.rulebook import Rule
from reconciler.model.spec import Desired

RULES = (
    Rule(
        "R-READ-1",
        "the tags of an instance's repository cannot be listed",
        "This access key may not list the tags of a repository that an import or a replication is about, or that could "
        "be pruned; or it was deleted while it was read. Nobody knows which images it holds, so none is compared, "
        "moved to it or from it, or deleted, and the plan is not complete. The other repositories are moved.",
        "Grant the access key `cr:ListRepositoryTag` on the repository, or run again when it was deleted meanwhile.",
        "cr 2018-12-01, ListRepoTag; RAM authentication rules of Container Registry",
    ),
)


def unlisted(instance: LiveInstance) -> frozenset[str]:
    """Repositories whose tags were asked for and not told."""
    return frozenset(repository.name for repository in instance.repositories if repository.unreadable is not None)


def unsettled(desired: Desired, instances: Mapping[str, LiveInstance]) -> Iterator[tuple[str, str]]:
    """Such repositories, by instance key and name, of which more is declared than the listing tells."""
    unread = {key: unlisted(instance) for key, instance in instances.items()}
    for repository in desired.repositories:
        if repository.name in unread.get(repository.instance, ()):
            found = instances[repository.instance].repository(repository.name)
            builds = repository.source_code is not None or repository.build_rules is not None
            if found is not None and (
                (builds and found.builds is None) or (repository.detail is not None and found.detail is None)
            ):
                yield repository.instance, repository.name


def namespaces(desired: Desired, live: Live) -> frozenset[tuple[str, str]]:
    """Instance keys, each with a namespace that an import would bring if its source could be read. Whether it is to be
    there, how it is set and which repositories it is to hold, nobody knows."""
    return frozenset(
        (rule.target, target_namespace(rule, name))
        for rule in desired.imports
        if (origin := live.origin(rule.source.name)) is not None
        for name in rule.source.filter.namespaces
        if name in origin.unreadable
    )


def check(desired: Desired, live: Live, repositories: Set[tuple[str, str]]) -> Iterator[Diagnostic]:
    """One warning for each of `repositories`, by instance key and name, which are left as they are because their tags
    are not known."""
    instances = find_instances(desired, live)
    declared = {(repository.instance, repository.name): repository for repository in desired.repositories}
    keys = {instance.key: instance for instance in desired.instances}
    for key, name in sorted(repositories):
        found = instances[key].repository(name)
        if found is not None and found.unreadable is not None:
            gone = found.unreadable.cause is Cause.GONE
            problem = "was deleted while it was read" if gone else "does not let its tags be listed"
            resource = f"acs:cr:{instances[key].region}:*:repository/{instances[key].id}/{name}"
            yield Diagnostic(
                "R-READ-1",
                Severity.WARNING,
                f"`{name}` in `{key}` {problem}, so none of its images is compared, moved or deleted: "
                f"{found.unreadable.detail}",
                hint="run again" if gone else f"grant the access key `cr:ListRepositoryTag` on `{resource}`",
                span=declared.get((key, name), keys[key]).places.span,
                address=str(address.repository(key, name)),
            )
