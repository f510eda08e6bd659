"""Which images have to move: what imports select and what backfills owe, compared tag by tag with what is there."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from reconciler.core import backfill, importing, unmovable
from reconciler.core.comparison import Wanted
from reconciler.core.locate import find_instances, match_rules
from reconciler.core.routing import latest
from reconciler.core.select import signed
from reconciler.model.diagnostic import Diagnostic, Severity
from reconciler.model.image import Digest, ImageName, RepositoryName, closure
from reconciler.model.live import RUNNING, Live
from reconciler.model.plan import Transfer, Unmovable, Via
from reconciler.model.scope import ManifestQuery, PresenceQuery, TaskQuery
from reconciler.model.spec import Desired


def wanted(desired: Desired, live: Live, *, imports_first: bool = True) -> Wanted:
    """`desired` is the expanded state; of `live` only the listings are needed. With the contents of what they select,
    signatures of the manifests inside are selected, too (see `signs_inside`).

    With `imports_first`, replications are compared as they will be once the imports are done.
    """
    result = Wanted()
    # The registry of an instance that does not run has no address.
    instances = {key: i for key, i in find_instances(desired, live).items() if i.status == RUNNING}
    for rule in desired.imports:
        if rule.target in instances:
            importing.compare_import(rule, instances[rule.target], desired, live, result)
    _set_aside(result, live)
    result.transfers, conflicts = _without_conflicts(result)
    result.diagnostics += conflicts
    arriving = {transfer.target: transfer for transfer in result.transfers} if imports_first else {}
    rules = match_rules(desired.replications, desired, instances)
    known = backfill.Known(arriving, live.contents, latest(live.tasks or ()), desired.settings.backfill)
    for replication in desired.replications:
        if replication.source in instances and replication.target in instances:
            source, target = instances[replication.source], instances[replication.target]
            ends = backfill.Ends(source, target, rules.get(replication))
            backfill.compare_replication(replication, ends, known, result)
    _set_aside(result, live)
    result.diagnostics += unmovable.check(result.unmovable, desired)
    result.complete &= not result.unlisted
    result.complete &= not any(image.rule not in unmovable.COMPARED for image in result.unmovable)
    return result


def _set_aside(result: Wanted, live: Live) -> None:
    """Transfers that are known to be unreadable at their source become images that cannot be moved."""
    if live.unreadable:
        known = [(transfer, unmovable.unreadable(transfer, live)) for transfer in result.transfers]
        result.transfers = [transfer for transfer, why in known if why is None]
        result.unmovable += [why for _, why in known if why is not None]


def task_queries(found: Wanted) -> tuple[TaskQuery, ...]:
    """The replication tasks of what targets lack: what is on its way already, and why the rest is not there."""
    return tuple(
        TaskQuery(region, instance, {name: frozenset(tags) for name, tags in repositories.items()})
        for (region, instance), repositories in sorted(found.owed.items())
    )


def manifest_queries(transfers: Sequence[Transfer]) -> tuple[ManifestQuery, ...]:
    """Each digest once for each repository that a transfer reads it from: referrers are a repository's own.

    What an earlier transfer of the same plan brings to its source is read where that one reads it. What goes by a task
    need not be read at all.
    """
    arriving = {transfer.target for transfer in transfers}
    there = (t for t in transfers if t.source not in arriving and t.via is not Via.TASK)
    queries = (ManifestQuery(RepositoryName(t.source.registry, t.source.repository), t.digest) for t in there)
    return tuple(dict.fromkeys(queries))


def signs_inside(live: Live, transfers: Iterable[Transfer]) -> bool:
    """Whether the contents that were read now show signatures of manifests inside the images of `transfers`."""
    roots = {transfer.digest for transfer in transfers}
    repositories = [repository for instance in live.instances for repository in instance.repositories]
    repositories += [repository for origin in live.origins for repository in origin.repositories]
    subjects = (signed(tag.name) for repository in repositories for tag in repository.tags or ())
    return any(subject in live.contents and subject not in roots for subject in subjects if subject is not None)


def presence_queries(transfers: Iterable[Transfer], live: Live) -> tuple[PresenceQuery, ...]:
    """What target repositories that exist already are asked for. One that does not exist yet holds nothing."""
    existing = {
        RepositoryName(instance.registry, repository.name)
        for instance in live.instances
        for repository in instance.repositories
    }
    blobs: dict[RepositoryName, set[Digest]] = {}
    manifests: dict[RepositoryName, set[Digest]] = {}
    for transfer in transfers:
        target = RepositoryName(transfer.target.registry, transfer.target.repository)
        if transfer.via is not Via.EXECUTOR or target not in existing:
            continue
        for digest in closure(transfer.digest, live.contents):
            manifests.setdefault(target, set()).add(digest)
            blobs.setdefault(target, set()).update(blob.digest for blob in live.contents[digest].blobs)
    return tuple(
        PresenceQuery(repository, tuple(sorted(blobs[repository])), tuple(sorted(digests)))
        for repository, digests in sorted(manifests.items())
    )


def _without_conflicts(result: Wanted) -> tuple[list[Transfer], list[Diagnostic]]:
    """One transfer per target tag: two that want different digests there are an error, equal ones are one."""
    chosen: dict[ImageName, Transfer] = {}
    found: list[Diagnostic] = []
    claims: list[Transfer | Unmovable] = [*result.transfers, *result.unmovable]
    first: dict[ImageName, Transfer | Unmovable] = {}
    for transfer in claims:
        other = first.setdefault(transfer.target, transfer)
        if isinstance(transfer, Transfer):
            chosen.setdefault(transfer.target, transfer)
        if other.digest != transfer.digest:
            found.append(
                Diagnostic(
                    "R-IMP-5",
                    Severity.ERROR,
                    f"`{other.address}` and `{transfer.address}` bring different images to `{transfer.target}`",
                    detail=f"{other.source} is {other.digest}, {transfer.source} is {transfer.digest}",
                    hint="narrow one selection, or give it another namespace with `rename`",
                    address=str(transfer.address),
                )
            )
    return list(chosen.values()), found
