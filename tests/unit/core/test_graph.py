from __future__ import annotations

from reconciler.core import graph
from reconciler.model import address
from reconciler.model.address import Address
from reconciler.model.graph import Edge, Graph
from reconciler.model.place import Span
from reconciler.model.source import OssSource, PersonalSource
from reconciler.model.spec import Backfill, Desired, ImportRule, InternetEndpoint, Repository, Trigger, VpcBinding
from tests.unit.core.scene import instance, namespace, rule


def _edges(desired: Desired) -> dict[tuple[str, str], str]:
    return {(str(e.dependent), str(e.dependency)): e.reason for e in graph.build(desired).edges}


def _needs(desired: Desired, node: Address) -> list[str]:
    return [str(a) for a in graph.dependencies(graph.build(desired))[node]]


WORLD = Desired(
    instances=(instance("eu"), instance("hub")),
    endpoints=(InternetEndpoint("eu", True, None), InternetEndpoint("hub", True, None)),
    namespaces=(namespace("eu"), namespace("hub"), namespace("hub", "base")),
    repositories=(Repository("hub", "apps/web"),),
    vpcs=(VpcBinding("main", "hub", "vpc-1", "vsw-1"),),
    imports=(ImportRule("legacy", "hub", PersonalSource("cn-hangzhou", ("old",)), "main", rename={"old": "apps"}),),
    replications=(rule("all", "hub", "eu"),),
)


def test_what_lives_in_an_instance_waits_for_it() -> None:
    edges = _edges(WORLD)
    assert edges["instances.hub.namespaces.apps", "instances.hub"] == "in instance"
    assert edges["instances.hub.endpoints.internet", "instances.hub"] == "endpoint of"
    assert edges["instances.hub.repositories.apps/web", "instances.hub.namespaces.apps"] == "in namespace"
    assert edges["vpcs.main", "instances.hub"] == "bound to"


def test_an_import_waits_for_its_way_its_goal_and_the_rules_that_replicate_it_further() -> None:
    assert _needs(WORLD, address.import_rule("legacy")) == [
        "instances.hub",
        "instances.hub.endpoints.internet",
        "instances.hub.namespaces.apps",
        "instances.hub.repositories.apps/web",
        "replications.all[eu]",
        "roles.AliyunServiceRoleForContainerRegistryConnectCustomerVPC",
        "vpcs.main",
    ]


def test_an_import_does_not_wait_for_rules_about_other_namespaces_or_without_a_push() -> None:
    replications = (
        rule("base", "hub", "eu", "base", backfill=Backfill.NONE),
        rule("manual", "hub", "eu", trigger=Trigger.MANUAL, backfill=Backfill.NONE),
    )
    desired = Desired(instances=WORLD.instances, imports=WORLD.imports, replications=replications)
    assert _needs(desired, address.import_rule("legacy")) == ["instances.hub"]


def test_an_import_whose_namespaces_nobody_knows_waits_for_all_of_them() -> None:
    oss = ImportRule("bulk", "hub", OssSource("cn-hangzhou", "bucket"))
    desired = Desired(instances=WORLD.instances, namespaces=WORLD.namespaces, imports=(oss,))
    assert _needs(desired, oss.address) == [
        "instances.hub",
        "instances.hub.namespaces.apps",
        "instances.hub.namespaces.base",
    ]


def test_a_rule_needs_both_sides_and_its_backfill_comes_after_everything() -> None:
    assert _needs(WORLD, address.replication("all", "eu")) == [
        "instances.eu",
        "instances.eu.namespaces.apps",
        "instances.hub",
        "instances.hub.namespaces.apps",
    ]
    assert _needs(WORLD, address.backfill("all", "eu")) == [
        "imports.legacy",
        "instances.eu.endpoints.internet",
        "instances.eu.namespaces.apps",
        "instances.hub.endpoints.internet",
        "replications.all[eu]",
    ]


def test_a_rule_of_one_repository_needs_it_on_both_sides() -> None:
    repositories = (Repository("eu", "apps/web"), Repository("hub", "apps/web"))
    desired = Desired(
        instances=WORLD.instances, repositories=repositories, replications=(rule("r", "hub", "eu", "apps", "web"),)
    )
    edges = _edges(desired)
    for side in ("eu", "hub"):
        assert edges["replications.r[eu]", f"instances.{side}.repositories.apps/web"] == "repository on both sides"


def test_without_a_backfill_there_is_no_node_for_it() -> None:
    desired = Desired(instances=WORLD.instances, replications=(rule("r", "hub", "eu", backfill=Backfill.NONE),))
    assert address.backfill("r", "eu") not in graph.build(desired).nodes


def test_what_is_not_declared_is_not_waited_for() -> None:
    assert _needs(
        Desired(instances=WORLD.instances, replications=WORLD.replications), address.replication("all", "eu")
    ) == [
        "instances.eu",
        "instances.hub",
    ]


def test_the_graph_of_a_legal_state_has_no_circle() -> None:
    assert graph.find_cycle(graph.build(WORLD)) is None


def test_a_circle_is_a_path_with_reasons_and_places() -> None:
    a, b, c = address.vpc("a"), address.vpc("b"), address.vpc("c")
    edges = (
        Edge(a, b, "first", Span("a.yaml", 3, 1)),
        Edge(b, c, "second", Span("a.yaml", 2, 1)),
        Edge(c, a, "third", Span("b.yaml", 1, 1)),
    )
    found = graph.find_cycle(Graph((a, b, c), edges))
    assert found is not None
    assert found.rule == "R-GRAPH-1"
    assert found.summary == "dependency cycle: vpcs.a -> vpcs.b -> vpcs.c -> vpcs.a"
    assert found.span == Span("a.yaml", 2, 1)
    assert [(r.span.line, r.note) for r in found.related] == [
        (3, "vpcs.a needs vpcs.b: first"),
        (2, "vpcs.b needs vpcs.c: second"),
        (1, "vpcs.c needs vpcs.a: third"),
    ]


def test_nearest_looks_through_what_is_not_wanted_and_stops_at_what_is() -> None:
    a, b, c, d, e = (address.vpc(name) for name in "abcde")
    needs = {a: (b, c), b: (d,), c: (e,), d: (e,)}
    assert graph.nearest(a, frozenset({d, e, c}), needs) == (c, d)


def test_closure_and_reverse_follow_edges_all_the_way() -> None:
    a, b, c = (address.vpc(name) for name in "abc")
    needs: dict[Address, tuple[Address, ...]] = {a: (b,), b: (c,), c: ()}
    assert graph.closure([a], needs) == {a, b, c}
    assert graph.reverse(needs) == {a: (), b: (a,), c: (b,)}
    assert graph.closure([c], graph.reverse(needs)) == {a, b, c}
