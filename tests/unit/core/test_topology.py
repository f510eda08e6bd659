"""The replication topology's laws, each way to break them with the places that it names."""

from __future__ import annotations

import pytest

from reconciler.core import topology
from reconciler.core.topology import check, links
from reconciler.model.diagnostic import Diagnostic
from reconciler.model.spec import Desired, Edition, SamePair
from tests.unit.core.scene import instance, rule, rule_ids


def _checked(*pairs: str, same_pair: SamePair = SamePair.DENY) -> tuple[Diagnostic, ...]:
    """Rules as `a>b`, the first in line 1, the second in line 2, and so on."""
    rules = [rule(f"r{n}", *text.split(">"), line=n) for n, text in enumerate(pairs, 1)]
    return check(links(rules), same_pair)


def _lines(diagnostic: Diagnostic) -> tuple[int, list[int]]:
    assert diagnostic.span is not None
    return diagnostic.span.line, sorted(related.span.line for related in diagnostic.related)


@pytest.mark.parametrize(
    ("pairs", "expected", "line", "related"),
    [
        (("a>b", "b>c"), "R-TOPO-1", 2, [1, 2]),
        (("b>c", "a>b"), "R-TOPO-1", 2, [1, 2]),
        (("a>b", "c>b"), "R-TOPO-2", 2, [1, 2]),
        (("a>d", "b>d", "c>d"), "R-TOPO-2", 3, [1, 2, 3]),
        (("a>b", "b>a"), "R-TOPO-3", 1, [1, 2]),
        (("a>b", "b>c", "c>a"), "R-TOPO-3", 1, [1, 2, 3]),
        (("a>b", "b>a", "a>b"), "R-TOPO-3", 1, [1, 2, 3]),
        (("a>a",), "R-TOPO-4", 1, []),
        (("a>b", "a>b"), "R-TOPO-5", 2, [1, 2]),
    ],
)
def test_an_illegal_rule_set_is_told_with_every_line_that_takes_part(
    pairs: tuple[str, ...], expected: str, line: int, related: list[int]
) -> None:
    found = [d for d in _checked(*pairs) if d.rule == expected]
    assert len(found) == 1
    assert _lines(found[0]) == (line, related)


def test_a_source_that_is_reused_as_a_target_is_one_chain() -> None:
    (found,) = _checked("hub>eu", "us>hub")
    assert found.rule == "R-TOPO-1"
    assert found.summary == "`hub` is the target of a rule and the source of another: us -> hub -> eu"
    assert found.hint == "replicate to `eu` from `us` directly"
    assert [r.note for r in found.related] == ["replications.r1[eu]: hub -> eu", "replications.r2[hub]: us -> hub"]


def test_a_long_chain_has_a_finding_for_every_instance_in_the_middle() -> None:
    assert rule_ids(_checked("a>b", "b>c", "c>d")) == ["R-TOPO-1", "R-TOPO-1"]


def test_a_cycle_is_named_as_a_path_and_not_as_chains() -> None:
    (found,) = _checked("c>a", "b>c", "a>b")
    assert found.rule == "R-TOPO-3"
    assert found.summary == "replication cycle: a -> b -> c -> a"
    assert [r.span.line for r in found.related] == [3, 2, 1]


def test_a_cycle_with_an_exit_tells_both() -> None:
    assert rule_ids(_checked("a>b", "b>a", "b>c")) == ["R-TOPO-1", "R-TOPO-3"]


def test_two_separate_cycles_are_two_findings() -> None:
    assert rule_ids(_checked("a>b", "b>a", "c>d", "d>c")) == ["R-TOPO-3", "R-TOPO-3"]


def test_a_self_loop_says_nothing_about_the_other_rules() -> None:
    assert rule_ids(_checked("a>a", "a>b")) == ["R-TOPO-4"]


def test_same_pair_is_a_setting_that_the_error_names() -> None:
    denied = check(links([rule("x", "a", "b", "apps"), rule("y", "a", "b", "base")]), SamePair.DENY)
    assert rule_ids(denied) == ["R-TOPO-5"]
    assert "settings.replication.same_pair: allow" in denied[0].hint
    assert check(links([rule("x", "a", "b", "apps"), rule("y", "a", "b", "base")]), SamePair.ALLOW) == ()


@pytest.mark.parametrize("repository", [None, "web"])
def test_an_exact_repetition_is_wrong_even_where_pairs_may_repeat(repository: str | None) -> None:
    twice = [rule("x", "a", "b", "apps", repository, line=3), rule("y", "a", "b", "apps", repository, line=7)]
    (found,) = check(links(twice), SamePair.ALLOW)
    assert found.rule == "R-TOPO-6"
    assert _lines(found) == (7, [3, 7])


def test_the_same_scope_with_another_filter_is_not_a_repetition() -> None:
    rules = [rule("x", "a", "b", tags="v.*"), rule("y", "a", "b", tags="dev-.*"), rule("z", "a", "b", "apps", "web")]
    assert check(links(rules), SamePair.ALLOW) == ()


@pytest.mark.parametrize("pairs", [(), ("a>b",), ("a>b", "a>c", "a>d"), ("a>b", "a>c", "x>y", "x>z")])
def test_every_fan_out_passes(pairs: tuple[str, ...]) -> None:
    assert _checked(*pairs) == ()


def test_the_topology_shows_instances_by_region_and_rules_by_scope() -> None:
    desired = Desired(
        instances=(instance("hub", "eu-central-1", Edition.ADVANCED), instance("asia", "ap-southeast-1")),
        replications=(rule("r", "hub", "asia", "apps", "web", tags="v.*"),),
    )
    shown = topology.topology(desired)
    assert [(n.key, n.edition) for n in shown.nodes] == [("asia", ""), ("hub", "advanced")]
    assert [(k.source, k.target, k.label) for k in shown.links] == [("hub", "asia", "apps/web:v.*")]
