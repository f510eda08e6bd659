"""The replication topology's laws, checked without asking the cloud.

The service's page says: the source of a rule cannot be the target of another rule, and the target of a rule cannot be
source or target of another rule. On instances that leaves a forest of depth one: a source may fan out, nothing chains.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import pairwise

from reconciler.core.graph import has_cycle
from reconciler.model.diagnostic import Diagnostic, Related, Severity
from reconciler.model.graph import Topology, TopologyLink, TopologyNode
from reconciler.model.live import LiveSyncRule
from reconciler.model.place import NOWHERE, Span
from reconciler.model.rulebook import Rule
from reconciler.model.spec import Desired, Level, ReplicationRule, SamePair

RULES = (
    Rule(
        "R-TOPO-1",
        "an instance is both a replication source and a replication target",
        "Images that arrive by replication are not replicated further, so the service refuses a rule whose source is "
        "the target of another rule. Chains such as a -> b -> c never work.",
        "Let one instance be the source of all rules: a -> b and a -> c.",
        "service documentation, automatic replication, note on rule creation",
    ),
    Rule(
        "R-TOPO-2",
        "an instance is the target of more than one source",
        "The target of a replication rule can be neither source nor target of a rule from another instance.",
        "Keep one source for this target, or replicate to another instance.",
        "service documentation, automatic replication, note on rule creation",
    ),
    Rule(
        "R-TOPO-3",
        "replication rules form a cycle",
        "Following the rules from source to target leads back to where it started, so every instance on the way would "
        "be source and target at once.",
        "Remove one of the rules on the path; replication goes one way.",
        "follows from R-TOPO-1",
    ),
    Rule(
        "R-TOPO-4",
        "an instance replicates to itself",
        "Source and target of a rule are the same instance.",
        "Name another instance as the target.",
        "follows from R-TOPO-1",
    ),
    Rule(
        "R-TOPO-5",
        "two rules connect the same pair of instances",
        "Read literally, the target of a rule cannot be the target of another rule, not even of one from the same "
        "source with another scope. Accounts exist that have such rules, so the check is a setting.",
        "Merge the rules, or set `settings.replication.same_pair: allow`.",
        "service documentation, automatic replication, note on rule creation",
    ),
    Rule(
        "R-TOPO-6",
        "two rules replicate the same scope to the same target",
        "Two rules between the same instances cover the same namespace or repository with the same tag filter, so it "
        "is undefined which trigger and priority hold.",
        "Merge the two rules into one.",
    ),
)


def links(rules: Iterable[ReplicationRule]) -> tuple[TopologyLink, ...]:
    return tuple(
        TopologyLink(
            rule.source,
            rule.target,
            str(rule.address),
            scope(rule),
            rule.places.at("target"),
        )
        for rule in rules
    )


def topology(desired: Desired) -> Topology:
    nodes = (TopologyNode(i.key, i.region, i.edition or "") for i in desired.instances)
    return Topology(tuple(sorted(nodes, key=lambda n: (n.region, n.key))), links(desired.replications))


def check(declared: Sequence[TopologyLink], same_pair: SamePair) -> tuple[Diagnostic, ...]:
    """Every way in which these rules break the laws, each with all the places that take part."""
    declared = sorted(declared, key=lambda link: (link.span, link.rule))
    loops = [link for link in declared if link.source == link.target]
    proper = [link for link in declared if link.source != link.target]
    groups = _cycle_groups(proper)
    found = [_self_loop(link) for link in loops]
    found += [_cycle(proper, group) for group in sorted(set(groups.values()))]
    found += _chains(proper, groups)
    found += _second_sources(proper)
    found += _same_pairs(proper, same_pair)
    return tuple(found)


def scope(rule: ReplicationRule | LiveSyncRule) -> str:
    """What a rule replicates, as text: `apps`, `apps/web`, `apps/(web-.*):v.*`, `(team-.*)`, `every namespace`."""
    content = rule.namespace
    if rule.level is Level.INSTANCE:
        content = "every namespace" if rule.namespaces == ".*" else f"({rule.namespaces})"
    if rule.repository:
        content += f"/{rule.repository}"
    elif rule.repositories != ".*":
        content += f"/({rule.repositories})"
    return content if rule.tags in ("", ".*") else f"{content}:{rule.tags}"


def _cycle_groups(declared: Sequence[TopologyLink]) -> Mapping[str, tuple[str, ...]]:
    """Instance to the strongly connected group that it is in, for groups that hold a cycle."""
    targets: dict[str, set[str]] = {}
    for link in declared:
        targets.setdefault(link.source, set()).add(link.target)
    if not has_cycle(targets):
        return {}
    import networkx

    graph: networkx.DiGraph[str] = networkx.DiGraph()
    graph.add_edges_from((link.source, link.target) for link in declared)
    groups = (tuple(sorted(group)) for group in networkx.strongly_connected_components(graph) if len(group) > 1)
    return {instance: group for group in groups for instance in group}


def _self_loop(link: TopologyLink) -> Diagnostic:
    return Diagnostic(
        "R-TOPO-4",
        Severity.ERROR,
        f"`{link.source}` replicates to itself",
        hint="name another instance as the target",
        span=link.span,
        address=link.rule,
    )


def _cycle(declared: Sequence[TopologyLink], group: tuple[str, ...]) -> Diagnostic:
    import networkx

    inside = [link for link in declared if link.source in group and link.target in group]
    graph: networkx.DiGraph[str] = networkx.DiGraph()
    graph.add_edges_from((link.source, link.target) for link in sorted(inside, key=lambda i: (i.source, i.target)))
    first = group[0]
    back = min(sorted(graph.predecessors(first)), key=lambda node: networkx.shortest_path_length(graph, first, node))
    path = [*networkx.shortest_path(graph, first, back), first]
    steps = list(pairwise(path))
    on_path = sorted(
        (link for link in inside if (link.source, link.target) in steps),
        key=lambda link: (steps.index((link.source, link.target)), link.span),
    )
    beside = sorted((link for link in inside if link not in on_path), key=lambda link: link.span)
    return Diagnostic(
        "R-TOPO-3",
        Severity.ERROR,
        f"replication cycle: {' -> '.join(path)}",
        detail="every instance on the way would be source and target at once, which the service refuses",
        hint="remove one of these rules; replication goes one way",
        span=min(_written(on_path), default=NOWHERE),
        address=on_path[0].rule,
        related=tuple(_related(link) for link in (*on_path, *beside)),
    )


def _chains(declared: Sequence[TopologyLink], groups: Mapping[str, tuple[str, ...]]) -> list[Diagnostic]:
    incoming, outgoing = _by(declared, "target"), _by(declared, "source")
    found = []
    for instance in sorted(set(incoming) & set(outgoing)):
        group = groups.get(instance, ())
        if all(link.source in group and link.target in group for link in incoming[instance] + outgoing[instance]):
            continue  # told by the cycle already
        places = sorted(incoming[instance] + outgoing[instance], key=lambda link: link.span)
        first, last = _ends(incoming[instance], outgoing[instance])
        hint = f"replicate to `{last}` from `{first}` directly"
        if first == last:
            hint = f"let `{instance}` be a source or a target, not both"
        found.append(
            Diagnostic(
                "R-TOPO-1",
                Severity.ERROR,
                f"`{instance}` is the target of a rule and the source of another: {first} -> {instance} -> {last}",
                detail="images that arrive by replication are not replicated further",
                hint=hint,
                span=places[-1].span,
                address=places[-1].rule,
                related=tuple(_related(link) for link in places),
            )
        )
    return found


def _ends(incoming: Sequence[TopologyLink], outgoing: Sequence[TopologyLink]) -> tuple[str, str]:
    """Where a chain comes from and where it leads to: somewhere else, if it can."""
    pairs = ((one.source, other.target) for one in incoming for other in outgoing)
    return next((ends for ends in pairs if ends[0] != ends[1]), (incoming[0].source, outgoing[0].target))


def _written(found: Iterable[TopologyLink]) -> Iterator[Span]:
    """The places of rules that a file holds: live ones have none."""
    return (link.span for link in found if link.span != NOWHERE)


def _second_sources(declared: Sequence[TopologyLink]) -> list[Diagnostic]:
    found = []
    for target, incoming in sorted(_by(declared, "target").items()):
        sources = sorted({link.source for link in incoming})
        if len(sources) < 2:
            continue
        places = sorted(incoming, key=lambda link: link.span)
        found.append(
            Diagnostic(
                "R-TOPO-2",
                Severity.ERROR,
                f"`{target}` is the target of {len(sources)} sources: {', '.join(f'`{s}`' for s in sources)}",
                detail="the target of a rule can be neither source nor target of a rule from another instance",
                hint=f"keep one source for `{target}`",
                span=places[-1].span,
                address=places[-1].rule,
                related=tuple(_related(link) for link in places),
            )
        )
    return found


def _same_pairs(declared: Sequence[TopologyLink], same_pair: SamePair) -> list[Diagnostic]:
    pairs: dict[tuple[str, str], list[TopologyLink]] = defaultdict(list)
    for link in declared:
        pairs[link.source, link.target].append(link)
    found = []
    for (source, target), rules in sorted(pairs.items()):
        if len(rules) < 2:
            continue
        places = sorted(rules, key=lambda link: (link.span, link.rule))
        related = tuple(_related(link) for link in places)
        scopes = [link.label for link in places]
        repeated = sorted({scope for scope in scopes if scopes.count(scope) > 1})
        last = places[-1]
        if same_pair is SamePair.DENY:
            found.append(
                Diagnostic(
                    "R-TOPO-5",
                    Severity.ERROR,
                    f"{len(rules)} rules replicate `{source}` to `{target}`",
                    detail="read literally, the target of a rule cannot be the target of another rule",
                    hint="merge the rules, or set `settings.replication.same_pair: allow`",
                    span=last.span,
                    address=last.rule,
                    related=related,
                )
            )
        elif repeated:
            found.append(
                Diagnostic(
                    "R-TOPO-6",
                    Severity.ERROR,
                    f"several rules replicate `{repeated[0]}` from `{source}` to `{target}`",
                    hint="merge them into one rule",
                    span=last.span,
                    address=last.rule,
                    related=related,
                )
            )
    return found


def _by(declared: Sequence[TopologyLink], side: str) -> Mapping[str, list[TopologyLink]]:
    grouped: dict[str, list[TopologyLink]] = defaultdict(list)
    for link in declared:
        grouped[link.source if side == "source" else link.target].append(link)
    return grouped


def _related(link: TopologyLink) -> Related:
    return Related(link.span, f"{link.rule}: {link.source} -> {link.target}")
