"""The dependency graph: which resource needs which, and why."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Iterator, Mapping, Sequence
from graphlib import CycleError, TopologicalSorter
from typing import TypeVar

from reconciler.core import network
from reconciler.core.locate import holds_namespace, in_scope
from reconciler.model import address
from reconciler.model.address import Address
from reconciler.model.diagnostic import Diagnostic, Related, Severity
from reconciler.model.graph import Edge, Graph
from reconciler.model.rulebook import Rule
from reconciler.model.spec import Backfill, Desired, ImportRule, ReplicationRule, Repository, Trigger

N = TypeVar("N", bound=Hashable)

RULES = (
    Rule(
        "R-GRAPH-1",
        "resources depend on each other in a circle",
        "No order exists in which these resources could be worked on.",
        "Remove one of the dependencies on the path.",
    ),
)


def build(desired: Desired) -> Graph:
    """Nodes are what the YAML declares and the backfills that follow from it."""
    nodes = sorted(_nodes(desired))
    known = set(nodes)
    edges = sorted({edge for edge in _edges(desired) if edge.dependency in known}, key=_edge_order)
    return Graph(tuple(nodes), tuple(edges))


def find_cycle(graph: Graph) -> Diagnostic | None:
    """One circle of dependencies, as the path of the places that make it, or None."""
    if not has_cycle(dependencies(graph)):
        return None
    import networkx

    directed: networkx.DiGraph[Address] = networkx.DiGraph()
    directed.add_nodes_from(graph.nodes)
    directed.add_edges_from((edge.dependent, edge.dependency) for edge in graph.edges)
    path = networkx.find_cycle(directed)
    reasons = {(edge.dependent, edge.dependency): edge for edge in graph.edges}
    edges = [reasons[step[0], step[1]] for step in path]
    names = " -> ".join([*(str(edge.dependent) for edge in edges), str(edges[-1].dependency)])
    return Diagnostic(
        "R-GRAPH-1",
        Severity.ERROR,
        f"dependency cycle: {names}",
        hint="remove one of the dependencies on the path",
        span=min(edge.span for edge in edges),
        address=str(edges[0].dependent),
        related=tuple(Related(edge.span, f"{edge.dependent} needs {edge.dependency}: {edge.reason}") for edge in edges),
    )


def has_cycle(follow: Mapping[N, Iterable[N]]) -> bool:
    """Without networkx, which takes longer to import than most graphs take to check."""
    try:
        TopologicalSorter(follow).prepare()
    except CycleError:
        return True
    return False


def dependencies(graph: Graph) -> Mapping[Address, tuple[Address, ...]]:
    found: dict[Address, list[Address]] = {node: [] for node in graph.nodes}
    for edge in graph.edges:
        found[edge.dependent].append(edge.dependency)
    return {node: tuple(sorted(set(needs))) for node, needs in found.items()}


def nearest(
    node: Address, wanted: frozenset[Address], needs: Mapping[Address, Sequence[Address]]
) -> tuple[Address, ...]:
    """The closest dependencies of `node` that are in `wanted`, looking through those that are not."""
    found: set[Address] = set()
    pending, seen = list(needs.get(node, ())), {node}
    while pending:
        dependency = pending.pop()
        if dependency in seen:
            continue
        seen.add(dependency)
        if dependency in wanted:
            found.add(dependency)
        else:
            pending.extend(needs.get(dependency, ()))
    return tuple(sorted(found))


def closure(starts: Iterable[Address], follow: Mapping[Address, Sequence[Address]]) -> frozenset[Address]:
    """`starts` and everything that can be reached from them."""
    seen: set[Address] = set()
    pending = list(starts)
    while pending:
        node = pending.pop()
        if node not in seen:
            seen.add(node)
            pending.extend(follow.get(node, ()))
    return frozenset(seen)


def reverse(needs: Mapping[Address, Sequence[Address]]) -> Mapping[Address, tuple[Address, ...]]:
    found: dict[Address, list[Address]] = {node: [] for node in needs}
    for node, dependencies_of_node in needs.items():
        for dependency in dependencies_of_node:
            found.setdefault(dependency, []).append(node)
    return {node: tuple(dependents) for node, dependents in found.items()}


def _nodes(desired: Desired) -> Iterator[Address]:
    for group in (
        desired.instances,
        desired.endpoints,
        desired.namespaces,
        desired.repositories,
        desired.vpcs,
        desired.imports,
        desired.replications,
    ):
        yield from (resource.address for resource in group)
    for repository in desired.repositories:
        yield from _builds(repository)
    yield from (address.security_group(binding.key) for binding, _ in network.opened(desired))
    yield from (network.role_address(home.account) for home in network.role_homes(desired))
    yield from (rule.backfill_address for rule in desired.replications if rule.backfill is not Backfill.NONE)


def _edges(desired: Desired) -> Iterator[Edge]:
    for endpoint in desired.endpoints:
        yield Edge(endpoint.address, address.instance(endpoint.instance), "endpoint of", endpoint.places.span)
    for namespace in desired.namespaces:
        yield Edge(namespace.address, address.instance(namespace.instance), "in instance", namespace.places.span)
    for repository in desired.repositories:
        span = repository.places.span
        home = address.namespace(repository.instance, repository.namespace)
        yield Edge(repository.address, address.instance(repository.instance), "in instance", span)
        yield Edge(repository.address, home, "in namespace", span)
        yield from _build_edges(repository)
    for binding in desired.vpcs:
        yield Edge(binding.address, address.instance(binding.instance), "bound to", binding.places.at("instance"))
    for rule in desired.imports:
        yield from _import_edges(rule, desired)
    for replication in desired.replications:
        yield from _replication_edges(replication, desired)


def _builds(repository: Repository) -> Iterator[Address]:
    if repository.source_code is not None:
        yield address.source_code(repository.instance, repository.name)
    for rule in repository.build_rules or ():
        yield address.build_rule(repository.instance, repository.name, rule.trigger, rule.tag)


def _build_edges(repository: Repository) -> Iterator[Edge]:
    code = address.source_code(repository.instance, repository.name)
    for node in _builds(repository):
        yield Edge(node, repository.address, "in repository", repository.places.span)
        if node != code:
            yield Edge(node, code, "builds from", repository.places.span)


def _import_edges(rule: ImportRule, desired: Desired) -> Iterator[Edge]:
    span = rule.places.at("target")
    yield Edge(rule.address, address.instance(rule.target), "imports into", span)
    if rule.vpc is not None:
        place = rule.places.at("vpc")
        yield Edge(rule.address, address.vpc(rule.vpc), "transfers through", place)
        target = desired.instance(rule.target)
        if target is not None and rule in network.imports(desired):
            yield Edge(rule.address, address.security_group(rule.vpc), "is let into the VPC by", place)
            yield Edge(rule.address, network.role_address(target.account), "reaches the VPC as", place)
    yield from _content_edges(rule.address, rule.target, _target_namespaces(rule), desired)
    for endpoint in desired.endpoints:
        if endpoint.instance == rule.target:
            yield Edge(rule.address, endpoint.address, "reaches the registry through", span)
    for replication in desired.replications:
        if replication.trigger is Trigger.PUSH and _feeds(rule, replication):
            reason = "what is pushed after the rule exists is replicated by the service"
            yield Edge(rule.address, replication.address, reason, replication.places.at("source"))


def _target_namespaces(rule: ImportRule) -> frozenset[str] | None:
    """None when the source's namespaces are not known from the YAML."""
    names = rule.source.filter.namespaces
    return frozenset(rule.rename.get(name, name) for name in names) if names else None


def _feeds(rule: ImportRule, replication: ReplicationRule) -> bool:
    """Whether the import brings images that the replication rule is about."""
    namespaces = _target_namespaces(rule)
    reached = namespaces is None or any(holds_namespace(replication, name) for name in namespaces)
    return rule.target == replication.source and reached


def _content_edges(node: Address, instance: str, namespaces: frozenset[str] | None, desired: Desired) -> Iterator[Edge]:
    for namespace in desired.namespaces:
        if namespace.instance == instance and (namespaces is None or namespace.name in namespaces):
            yield Edge(node, namespace.address, "images go into", namespace.places.span)
    for repository in desired.repositories:
        if repository.instance == instance and (namespaces is None or repository.namespace in namespaces):
            yield Edge(node, repository.address, "images go into", repository.places.span)


def _replication_edges(rule: ReplicationRule, desired: Desired) -> Iterator[Edge]:
    source, target = rule.places.at("source"), rule.places.at("target")
    yield Edge(rule.address, address.instance(rule.source), "replicates from", source)
    yield Edge(rule.address, address.instance(rule.target), "replicates to", target)
    for side, span in ((rule.source, source), (rule.target, target)):
        for namespace in desired.namespaces:
            if namespace.instance == side and holds_namespace(rule, namespace.name):
                yield Edge(rule.address, namespace.address, "namespace on both sides", span)
        if rule.repository is not None:
            home = address.repository(side, f"{rule.namespace}/{rule.repository}")
            yield Edge(rule.address, home, "repository on both sides", span)
    if rule.backfill is Backfill.NONE:
        return
    backfill = rule.backfill_address
    yield Edge(backfill, rule.address, "only what is older than the rule is backfilled", target)
    held = frozenset(n.name for n in desired.namespaces if n.instance == rule.target and holds_namespace(rule, n.name))
    held |= frozenset(r.namespace for r in desired.repositories if r.instance == rule.target and in_scope(rule, r.name))
    yield from _content_edges(backfill, rule.target, held, desired)
    for endpoint in desired.endpoints:
        if endpoint.instance in (rule.source, rule.target):
            yield Edge(backfill, endpoint.address, "reaches the registry through", target)
    for other in desired.imports:
        if _feeds(other, rule):
            yield Edge(backfill, other.address, "brings the images to replicate", source)
    for feeding in desired.replications:
        if feeding.target == rule.source and feeding.backfill is not Backfill.NONE:
            yield Edge(backfill, feeding.backfill_address, "brings the images to replicate", source)


def _edge_order(edge: Edge) -> tuple[Address, Address, str]:
    return (edge.dependent, edge.dependency, edge.reason)
