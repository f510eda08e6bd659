"""Random topologies, held against the sentences of the service's page, and against the local cloud."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reconciler.core import graph, rules
from reconciler.core.pairing import check_pair
from reconciler.emulator.clock import Clock
from reconciler.emulator.policy import Policy
from reconciler.emulator.seed import account_from
from reconciler.emulator.sync_rule import Laws
from reconciler.model.diagnostic import Diagnostic, Severity
from reconciler.model.spec import (
    Desired,
    Edition,
    Instance,
    Level,
    Namespace,
    ReplicationRule,
    Repository,
    SamePair,
    Settings,
    StandardEdition,
)
from tests.unit.core.scene import live_instance, rule

MANY = settings(max_examples=300)

KEYS = ("a", "b", "c", "d")
SPACES = ("apps", "base")
PUBLIC = ("cn-hangzhou", "eu-central-1")
REGIONS = (*PUBLIC, "cn-shanghai-finance-1", "cn-north-2-gov-1")
JUDGED = ("R-TOPO", "R-TIER", "R-CLOUD", "R-NS-1", "R-NS-2")


@dataclass(frozen=True)
class World:
    """What is declared, as the page speaks of it."""

    desired: Desired

    def instance(self, key: str) -> Instance:
        found = self.desired.instance(key)
        assert found is not None
        return found

    def holds(self, key: str, namespace: str, repository: str | None) -> bool:
        has_namespace = any((n.instance, n.name) == (key, namespace) for n in self.desired.namespaces)
        path = f"{namespace}/{repository}"
        has_repository = any((r.instance, r.name) == (key, path) for r in self.desired.repositories)
        return has_namespace and (repository is None or has_repository)


pairs = st.tuples(st.sampled_from(KEYS), st.sampled_from(KEYS))
contents = st.tuples(st.sampled_from(SPACES), st.sampled_from((None, "web")), st.sampled_from((".*", "v.*")))


@st.composite
def worlds(draw: st.DrawFn) -> World:
    """A sound topology, most of the time, with up to two things about it changed: each law decides now and then."""
    sources = draw(st.sampled_from(({"b": "a", "c": "a", "d": "a"}, {"b": "a", "d": "c"})))
    fan = draw(st.lists(st.sampled_from(sorted(sources)), max_size=3))
    drawn = [((sources[target], target), draw(contents)) for target in fan]
    editions = {key: draw(st.sampled_from((Edition.ADVANCED, Edition.BASIC))) for key in KEYS}
    editions |= dict.fromkeys(sources.values(), Edition.ADVANCED)
    regions = {key: draw(st.sampled_from(PUBLIC)) for key in KEYS}
    spaces = {(key, name) for key in KEYS for name in SPACES}
    webs = set(spaces)
    for change in draw(st.lists(st.sampled_from(("edition", "region", "namespace", "repository", "rule")), max_size=2)):
        key, name = draw(st.sampled_from(KEYS)), draw(st.sampled_from(SPACES))
        match change:
            case "edition":
                editions[key] = draw(st.sampled_from(Edition))
            case "region":
                regions[key] = draw(st.sampled_from(REGIONS))
            case "namespace":
                spaces.discard((key, name))
                webs.discard((key, name))
            case "repository":
                webs.discard((key, name))
            case _:
                drawn.append((draw(pairs), draw(contents)))
    open_questions = Settings(
        same_pair=draw(st.sampled_from(SamePair)), standard_edition=draw(st.sampled_from(StandardEdition))
    )
    return World(
        Desired(
            open_questions,
            tuple(Instance(key, regions[key], f"acme-{key}", editions[key]) for key in KEYS),
            namespaces=tuple(Namespace(*space, True) for space in sorted(spaces)),
            repositories=tuple(Repository(key, f"{name}/web") for key, name in sorted(webs)),
            replications=tuple(
                rule(f"r{number}", *pair, namespace, repository, tags=tags, line=number + 1)
                for number, (pair, (namespace, repository, tags)) in enumerate(drawn)
            ),
        )
    )


def page_allows(world: World) -> bool:
    """The page, sentence by sentence, and the two settings where it is not of one mind with itself or with accounts."""
    declared = world.desired.replications
    standard = world.desired.settings.standard_edition is StandardEdition.ALLOW
    same_pair = world.desired.settings.same_pair is SamePair.ALLOW
    for number, one in enumerate(declared):
        source, target = world.instance(one.source), world.instance(one.target)
        # "The source instance must be Advanced."
        if source.edition is not Edition.ADVANCED and not (standard and source.edition is Edition.STANDARD):
            return False
        # "The target instance is Basic or Advanced."
        basic_or_advanced = target.edition in (Edition.BASIC, Edition.ADVANCED)
        if not basic_or_advanced and not (standard and target.edition is Edition.STANDARD):
            return False
        # "Images cannot be replicated from a public cloud region to a Finance or Gov cloud region."
        if source.region in PUBLIC and target.region not in PUBLIC:
            return False
        # "To replicate by namespace, both have the namespace; by repository, both have namespace and repository."
        if not all(world.holds(key, one.namespace, one.repository) for key in (one.source, one.target)):
            return False
        if one.source == one.target:
            return False
        for other in (*declared[:number], *declared[number + 1 :]):
            # "The source of a rule cannot be the target of another rule."
            if one.source == other.target:
                return False
            # "The target of a rule can be neither source nor target of another rule."
            if one.target == other.source:
                return False
            content = (one.namespace, one.repository, one.tags)
            same = content == (other.namespace, other.repository, other.tags)
            relaxed = same_pair and one.source == other.source and not same
            if one.target == other.target and not relaxed:
                return False
    return True


def verdict(desired: Desired) -> list[Diagnostic]:
    """The errors of `validate`, and of the pairing that a plan adds for instances that hold just what is declared."""
    instances = {i.key: live_instance(i.key, region=i.region, edition=i.edition) for i in desired.instances}
    found = [*rules.check(desired, graph.build(desired))]
    found += [d for declared in desired.replications for d in check_pair(declared, desired, instances)]
    return [d for d in found if d.severity is Severity.ERROR]


@given(worlds())
@MANY
def test_the_verdict_is_that_of_the_page(world: World) -> None:
    found = verdict(world.desired)
    assert (found == []) == page_allows(world)
    assert all(d.rule.startswith(JUDGED) and d.span is not None and d.span.line for d in found)


def accepted(desired: Desired, order: Sequence[ReplicationRule]) -> bool:
    laws = Laws(desired.settings.same_pair, desired.settings.standard_edition)
    try:
        account_from(replace(desired, replications=tuple(order)), Policy(laws=laws), Clock())
    except ValueError as refused:
        assert str(refused).startswith("seed cannot have replications.")
        return False
    return True


@given(worlds(), st.data())
@MANY
def test_the_local_cloud_accepts_exactly_what_validation_accepts_in_any_order(
    world: World, data: st.DataObject
) -> None:
    order = data.draw(st.permutations(world.desired.replications))
    assert accepted(world.desired, order) == (verdict(world.desired) == [])


@pytest.mark.parametrize("level", [Level.NAMESPACE, Level.REPOSITORY])
def test_the_drawn_worlds_can_be_legal(level: Level) -> None:
    """The two laws above say little about topologies that are never accepted."""
    instances = (Instance("a", "cn-hangzhou", "a", Edition.ADVANCED), Instance("b", "eu-central-1", "b", Edition.BASIC))
    namespaces = tuple(Namespace(key, "apps", True) for key in ("a", "b"))
    repositories = tuple(Repository(key, "apps/web") for key in ("a", "b"))
    declared = rule("r", "a", "b", "apps", "web" if level is Level.REPOSITORY else None)
    desired = Desired(instances=instances, namespaces=namespaces, repositories=repositories, replications=(declared,))
    assert page_allows(World(desired))
    assert verdict(desired) == []
    assert accepted(desired, desired.replications)
