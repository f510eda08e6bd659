"""Desired and live to a plan, in two steps: a draft from the listings, then the plan once contents are known."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from reconciler.core import building, foreign, graph, live_rules, network, platforms, quotas, renames, rules, unread
from reconciler.core.blobs import Account, account
from reconciler.core.comparison import Wanted
from reconciler.core.diff import compare_settings
from reconciler.core.expand import conflicts, expand
from reconciler.core.images import task_queries, wanted
from reconciler.core.ownership import Options, compare_ownership, over_limit
from reconciler.core.purchases import with_purchases
from reconciler.core.safety import check_thresholds
from reconciler.model.address import Address, Kind
from reconciler.model.diagnostic import Diagnostic, Severity, in_order
from reconciler.model.image import Digest
from reconciler.model.live import Live
from reconciler.model.plan import Action, Change, Plan, QuotaCheck, Summary, Transfer, Unmovable, Via
from reconciler.model.scope import TaskQuery
from reconciler.model.spec import Desired

Needs = Mapping[Address, tuple[Address, ...]]
"""What has to be done first, by what needs it."""


@dataclass(frozen=True, slots=True)
class Draft:
    """What the listings say: `transfers` are known by digest, their bytes are not. `queries` ask for the replication
    tasks of what is missing."""

    desired: Desired
    changes: tuple[Change, ...]
    transfers: tuple[Transfer, ...]
    diagnostics: tuple[Diagnostic, ...]
    unchanged: int
    images_unchanged: int
    managed: int
    complete: bool
    unmovable: tuple[Unmovable, ...] = ()
    quotas: tuple[QuotaCheck, ...] = ()
    queries: tuple[TaskQuery, ...] = ()


def draft(desired: Desired, live: Live, options: Options) -> Draft:
    """Compare everything that needs no image content."""
    live = with_purchases(desired, live)
    expanded = expand(desired, live)
    settings = compare_settings(expanded, live)
    images = wanted(expanded, live)
    if options.images is not None:
        images.transfers = [transfer for transfer in images.transfers if transfer.target in options.images]
        images.unmovable = [image for image in images.unmovable if image.target in options.images]
    unmanaged = compare_ownership(expanded, live, settings.claimed, options)
    dependency_graph = graph.build(expanded)
    changes = [*settings.changes, *unmanaged.changes, *_transfer_changes(images)]
    gone_first = live_rules.gone_first(expanded, live, changes)
    needs = _joined(graph.dependencies(dependency_graph), _emptied_first(unmanaged.changes), gone_first)
    selected, problems = _selected(changes, needs, options)
    if options.images is not None:
        asked = [*(transfer.address for transfer in images.transfers), *(i.address for i in images.unmovable)]
        selected &= graph.closure(asked, needs)
    changes = [change for change in changes if change.address in selected]
    transfers = tuple(transfer for transfer in images.transfers if transfer.address in selected)
    diagnostics = [
        *settings.diagnostics,
        *images.diagnostics,
        *unmanaged.diagnostics,
        *over_limit(changes, options),
        *problems,
        *live_rules.check(expanded, live, settings.claimed, changes),
    ]
    unlisted = settings.unlisted | images.unlisted | unmanaged.unlisted
    diagnostics += unread.check(expanded, live, unlisted)
    diagnostics += [*conflicts(desired, live), *building.left_out(expanded, live)]
    diagnostics += renames.check(expanded, live, changes, unmanaged.undeclared)
    if changes:
        diagnostics += rules.prerequisites(expanded, live)
        diagnostics += network.unknown_zones(expanded, live)
    checked = quotas.checks(expanded, live, changes, transfers)
    diagnostics += quotas.check(expanded, checked)
    return Draft(
        expanded,
        _in_dependency_order(changes, needs, gone_first),
        transfers,
        tuple(diagnostics),
        settings.unchanged,
        images.unchanged,
        len(dependency_graph.nodes),
        settings.complete and images.complete and not unlisted,
        tuple(image for image in images.unmovable if image.address in selected),
        checked,
        task_queries(images),
    )


def finish(
    drafted: Draft,
    live: Live,
    *,
    spec_digest: Digest,
    live_digest: Digest,
    diagnostics: Iterable[Diagnostic] = (),
) -> Plan:
    """`live` has the contents of every image that the draft moves; `diagnostics` are the spec's own."""
    counted = account(drafted.transfers, live.contents, live.present)
    found = [
        *diagnostics,
        *platforms.check(drafted.desired, drafted.transfers, live.contents),
        *foreign.check(drafted.transfers, live.contents),
    ]
    return _plan(drafted, counted, (spec_digest, live_digest), found)


def refused(
    drafted: Draft, *, spec_digest: Digest, live_digest: Digest, diagnostics: Iterable[Diagnostic] = ()
) -> Plan:
    """The plan of a draft with errors: it says what would change, and no bytes, since no image was looked into."""
    counted = Account(drafted.transfers, (), 0, 0)
    return replace(_plan(drafted, counted, (spec_digest, live_digest), diagnostics), complete=False)


def _plan(drafted: Draft, counted: Account, digests: tuple[Digest, Digest], diagnostics: Iterable[Diagnostic]) -> Plan:
    summary = _summary(drafted, counted)
    found = [*diagnostics, *drafted.diagnostics]
    found += check_thresholds(drafted.desired.settings, summary, drafted.managed)
    return Plan(
        drafted.changes,
        counted.transfers,
        in_order(found),
        summary,
        *digests,
        drafted.complete,
        drafted.desired,
        drafted.unmovable,
        drafted.quotas,
    )


def _transfer_changes(images: Wanted) -> list[Change]:
    by_address: dict[Address, list[Transfer]] = {}
    for transfer in images.transfers:
        by_address.setdefault(transfer.address, []).append(transfer)
    changes = []
    for address, transfers in by_address.items():
        reasons = Counter(str(transfer.reason) for transfer in transfers)
        told = [f"{count} {reason}" for reason, count in sorted(reasons.items(), reverse=True)]
        by_service = sum(transfer.via is Via.RULE for transfer in transfers)
        if by_service:
            told.append(f"{by_service} replicated by the service")
        on_the_way = images.on_the_way.get(address, 0)
        if on_the_way:
            told.append(f"{on_the_way} on the way already")
        reason = ", ".join(told)
        if address in images.routes:
            reason += f"; {images.routes[address]}"
        changes.append(Change(address, Action.TRANSFER, reason))
    return changes


def _selected(
    changes: Iterable[Change], needs: Mapping[Address, tuple[Address, ...]], options: Options
) -> tuple[frozenset[Address], list[Diagnostic]]:
    """The addresses that `--only` and `--exclude` leave: dependencies come along, dependents go along."""
    everything = frozenset(needs) | {change.address for change in changes}
    problems = [
        Diagnostic(
            "R-OWN-3",
            Severity.ERROR,
            f"no resource has the address `{prefix}`",
            hint="copy an address from the plan or from `reconciler graph`",
        )
        for prefix in (*options.only, *options.exclude)
        if not any(address.within(prefix) for address in everything)
    ]
    selected = everything
    if options.only:
        chosen = [a for a in everything if any(a.within(prefix) for prefix in options.only)]
        selected = graph.closure(chosen, needs)
    if options.exclude:
        left_out = [a for a in everything if any(a.within(prefix) for prefix in options.exclude)]
        selected -= graph.closure(left_out, graph.reverse(needs))
    return selected, problems


def _in_dependency_order(changes: list[Change], needs: Needs, gone_first: Needs) -> tuple[Change, ...]:
    """Changes in address order, each with the nearest changes that it has to wait for."""
    changed = frozenset(change.address for change in changes if change.action is not Action.DELETE)
    deleted = [change.address for change in changes if change.action is Action.DELETE]
    ordered = []
    for change in sorted(changes, key=lambda c: c.address):
        if change.action is Action.DELETE:
            waits = tuple(a for a in deleted if _deleted_before(a, change.address))
        else:
            blockers = gone_first.get(change.address, ())
            waits = graph.nearest(change.address, changed, needs) + blockers
            if blockers:
                change = replace(change, reason=f"{change.reason}; {_after(blockers)}")
        ordered.append(replace(change, depends_on=tuple(sorted(waits))))
    return tuple(ordered)


def _after(blockers: tuple[Address, ...]) -> str:
    named = ", ".join(f"`{address}`" for address in blockers)
    return f"only once {named} {'is' if len(blockers) == 1 else 'are'} deleted, which the service demands"


def _joined(*parts: Needs) -> Needs:
    joined: dict[Address, tuple[Address, ...]] = {}
    for part in parts:
        for node, needs in part.items():
            joined[node] = joined.get(node, ()) + needs
    return joined


def _emptied_first(deletions: Iterable[Change]) -> Mapping[Address, tuple[Address, ...]]:
    """Deleted namespaces to the deleted repositories that they hold, without which the service keeps them."""
    deleted = [change.address for change in deletions]
    return {
        namespace: tuple(sorted(address for address in deleted if _in_namespace(address, namespace)))
        for namespace in deleted
        if namespace.kind is Kind.NAMESPACE
    }


def _deleted_before(first: Address, second: Address) -> bool:
    """A rule goes before what it names, a repository before its namespace."""
    if first.kind is Kind.REPLICATION:
        return second.kind in (Kind.REPOSITORY, Kind.NAMESPACE)
    return _in_namespace(first, second)


def _in_namespace(first: Address, second: Address) -> bool:
    return (
        first.kind is Kind.REPOSITORY
        and second.kind is Kind.NAMESPACE
        and first.parts[0] == second.parts[0]
        and first.parts[1].split("/", 1)[0] == second.parts[1]
    )


def _summary(drafted: Draft, counted: Account) -> Summary:
    actions = Counter(change.action for change in drafted.changes)
    return Summary(
        create=actions[Action.CREATE],
        update=actions[Action.UPDATE],
        replace=actions[Action.REPLACE],
        delete=actions[Action.DELETE],
        manual=actions[Action.MANUAL],
        images=len(counted.transfers),
        bytes=counted.bytes,
        blobs=counted.blobs,
        bytes_shared=counted.bytes_shared,
        unchanged=drafted.unchanged,
        images_unchanged=drafted.images_unchanged,
        images_unmovable=sum(not image.as_asked for image in drafted.unmovable),
        billable=sum(change.billable is not None for change in drafted.changes),
    )
