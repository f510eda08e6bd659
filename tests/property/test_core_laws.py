"""Laws of the core, held against plain readings of the service's pages, and of what a plan may never depend on."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import replace
from random import Random

from hypothesis import given, settings
from hypothesis import strategies as st

from reconciler.core import blobs, topology
from reconciler.core.live_rules import in_the_way
from reconciler.core.schedule import Schedule
from reconciler.core.select import select
from reconciler.model import address
from reconciler.model.image import Contents, Descriptor, Digest, ImageName, ManifestContent, RepositoryName, closure
from reconciler.model.live import Live, LiveInstance, LiveTag
from reconciler.model.plan import Plan, Transfer, TransferReason, Via
from reconciler.model.source import PersonalSource
from reconciler.model.spec import (
    Backfill,
    Desired,
    ImageSelection,
    ImportRule,
    Namespace,
    ReplicationRule,
    SamePair,
    Trigger,
)
from tests.unit.core.scene import (
    digest,
    instance,
    live_instance,
    live_namespace,
    live_rule,
    personal_edition,
    plan,
    repository,
    rule,
    tag,
)

"""The first example pays for imports that are done when they are needed."""

MANY = settings(max_examples=200)

RuleSet = list[tuple[str, str, str]]
"""Source, target and scope of each rule."""

rule_sets = st.lists(
    st.tuples(st.sampled_from("abcd"), st.sampled_from("abcd"), st.sampled_from(("x", "y"))), max_size=5
)


def page_allows(rules: RuleSet, same_pair: SamePair) -> bool:
    """The page: a source is no target of another rule; a target is neither source nor target of another rule."""
    for number, (source, target, scope) in enumerate(rules):
        if source == target:
            return False
        for other_source, other_target, other_scope in rules[:number] + rules[number + 1 :]:
            if source == other_target or target == other_source:
                return False
            relaxed = same_pair is SamePair.ALLOW and source == other_source and scope != other_scope
            if target == other_target and not relaxed:
                return False
    return True


@given(rule_sets, st.sampled_from(SamePair))
@MANY
def test_the_verdict_on_a_topology_is_that_of_the_page(rules: RuleSet, same_pair: SamePair) -> None:
    declared = [rule(f"r{n}", *ends, line=n) for n, ends in enumerate(rules, 1)]
    found = topology.check(topology.links(declared), same_pair)
    assert (found == ()) == page_allows(rules, same_pair)
    assert all(d.rule.startswith("R-TOPO-") and d.span is not None and d.span.line for d in found)


@given(rule_sets)
def test_what_is_denied_for_the_pair_alone_is_only_the_pair(rules: RuleSet) -> None:
    declared = topology.links(rule(f"r{n}", *ends) for n, ends in enumerate(rules))
    denied = {d for d in topology.check(declared, SamePair.DENY) if d.rule != "R-TOPO-5"}
    allowed = {d for d in topology.check(declared, SamePair.ALLOW) if d.rule != "R-TOPO-6"}
    assert denied == allowed


ends_and_scopes = st.tuples(st.sampled_from("abc"), st.sampled_from("abc"), st.sampled_from(("x", "y")))


@given(st.tuples(ends_and_scopes, ends_and_scopes), st.sampled_from(SamePair))
@MANY
def test_two_rules_are_in_each_others_way_when_the_laws_say_so_of_the_two(
    both: tuple[tuple[str, str, str], ...], same_pair: SamePair
) -> None:
    old, new = topology.links(rule(f"r{n}", *ends) for n, ends in enumerate(both))
    if old.source != old.target and new.source != new.target:
        assert in_the_way(old, new, same_pair) == bool(topology.check((old, new), same_pair))


@st.composite
def tag_lists(draw: st.DrawFn) -> list[LiveTag]:
    """Tags with few push times, so that they meet, and companions of some of their images."""
    names = draw(st.lists(st.sampled_from(("v1", "v2", "v10", "dev", "dev-1", "main")), unique=True))
    tags = [tag(name, draw(st.sampled_from(("p", "q", "r"))), draw(st.integers(0, 3))) for name in names]
    for content in draw(st.lists(st.sampled_from(("p", "q", "r")), unique=True)):
        tags.append(tag(digest(content).replace(":", "-") + ".sig", f"signature of {content}", draw(st.integers(0, 3))))
    return draw(st.permutations(tags))


def plainly_selected(tags: list[LiveTag], selection: ImageSelection) -> set[str]:
    images = sorted((t for t in tags if not t.name.startswith("sha256-")), key=lambda t: t.name)
    images.sort(key=lambda t: t.pushed, reverse=True)
    newest = images if selection.latest is None else images[: selection.latest]
    chosen = [t for t in newest if re.fullmatch(selection.tags, t.name)]
    signatures = {t.digest.replace(":", "-") + ".sig" for t in chosen}
    return {t.name for t in chosen} | (signatures & {t.name for t in tags})


selections = st.builds(
    ImageSelection,
    latest=st.none() | st.integers(0, 7),
    tags=st.sampled_from((".*", "v.*", "v1", "dev|main", "[a-z]+")),
)


@given(tag_lists(), selections)
@MANY
def test_the_selection_is_the_newest_and_then_the_pattern(tags: list[LiveTag], selection: ImageSelection) -> None:
    found = select(tags, selection)
    assert {t.name for t in found} == plainly_selected(tags, selection)
    assert len({t.name for t in found}) == len(found)
    assert [t.pushed for t in found] == sorted(t.pushed for t in found)


@given(tag_lists(), st.integers(0, 7))
def test_what_was_copied_in_order_is_selected_again_at_the_target(tags: list[LiveTag], latest: int) -> None:
    copied = [replace(t, pushed=place) for place, t in enumerate(select(tags, ImageSelection()))]
    newest = ImageSelection(latest=latest)
    assert {t.name for t in select(copied, newest)} == {t.name for t in select(tags, newest)}


BLOBS = [Descriptor(digest(f"blob {n}"), 2**n) for n in range(8)]
PATHS = ("apps/api", "apps/web", "base/os")
Present = Mapping[RepositoryName, frozenset[Digest]]
Moves = tuple[list[Transfer], Contents, Present]


@st.composite
def moves(draw: st.DrawFn) -> Moves:
    """Transfers of images and indexes to two registries that hold some of their content."""
    made: list[ManifestContent] = []
    for number in range(draw(st.integers(1, 5))):
        name = digest(f"manifest {number}")
        layers = tuple(draw(st.lists(st.sampled_from(BLOBS), max_size=3, unique=True)))
        children = draw(st.lists(st.sampled_from(made), max_size=2, unique=True)) if made else []
        below = tuple(Descriptor(child.digest, child.size) for child in children)
        made.append(ManifestContent(name, 1000 + number, "manifest", layers, below))
    transfers = [
        Transfer(
            address.import_rule("i"),
            ImageName("src", path, f"t{number}"),
            ImageName(draw(st.sampled_from(("eu", "us"))), path, f"t{number}"),
            draw(st.sampled_from(made)).digest,
            TransferReason.MISSING,
            draw(st.sampled_from((Via.EXECUTOR, Via.EXECUTOR, Via.RULE))),
        )
        for number, path in enumerate(draw(st.lists(st.sampled_from(PATHS), max_size=5)))
    ]
    names = [RepositoryName(host, path) for host in ("eu", "us") for path in PATHS]
    held = st.frozensets(st.sampled_from([*(b.digest for b in BLOBS), *(m.digest for m in made)]), max_size=4)
    return transfers, {m.digest: m for m in made}, draw(st.dictionaries(st.sampled_from(names), held, max_size=3))


def needed(transfers: list[Transfer], contents: Contents) -> tuple[set[tuple[RepositoryName, Digest]], ...]:
    """The manifests and the blobs that have to be in a repository at the end."""
    manifests, layers = set(), set()
    for transfer in transfers:
        if transfer.via is Via.EXECUTOR:
            home = RepositoryName(transfer.target.registry, transfer.target.repository)
            for part in closure(transfer.digest, contents):
                manifests.add((home, part))
                layers |= {(home, blob.digest) for blob in contents[part].blobs}
    return manifests, layers


@given(moves())
def test_the_bytes_are_the_blobs_that_are_sent_and_the_manifests_that_are_new(moved: Moves) -> None:
    transfers, contents, present = moved
    counted = blobs.account(transfers, contents, present)
    manifests, _ = needed(transfers, contents)
    new = sum(contents[part].size for home, part in manifests if part not in present.get(home, frozenset()))
    sent = sum(route.blob.size for route in counted.routes if route.send_to is not None)
    assert counted.bytes == sum(t.bytes for t in counted.transfers) == sent + new
    assert counted.bytes_shared == sum(t.size for t in counted.transfers if t.via is Via.EXECUTOR) - counted.bytes


@given(moves())
def test_no_blob_is_sent_twice_to_a_registry_or_where_one_is_held(moved: Moves) -> None:
    transfers, contents, present = moved
    routes = blobs.account(transfers, contents, present).routes
    assert all(count == 1 for count in Counter((route.registry, route.blob.digest) for route in routes).values())
    for route in routes:
        held = {
            home.path
            for home, parts in present.items()
            if home.registry == route.registry and route.blob.digest in parts
        }
        assert (route.send_to is None) == bool(held)
        assert route.holder in held or route.holder == route.send_to


@given(moves())
def test_every_repository_gets_what_it_lacks(moved: Moves) -> None:
    transfers, contents, present = moved
    got = {(home, part) for home, parts in present.items() for part in parts}
    for route in blobs.account(transfers, contents, present).routes:
        places = (*route.mount_into, *((route.send_to,) if route.send_to else ()))
        arrived = {(RepositoryName(route.registry, path), route.blob.digest) for path in places}
        assert not arrived & got
        got |= arrived
    assert needed(transfers, contents)[1] <= got


@given(moves(), st.randoms(use_true_random=False))
def test_the_total_does_not_depend_on_the_order(moved: Moves, chance: Random) -> None:
    transfers, contents, present = moved
    shuffled = list(transfers)
    chance.shuffle(shuffled)
    one, other = blobs.account(transfers, contents, present), blobs.account(shuffled, contents, present)
    assert (one.bytes, one.bytes_shared, one.blobs) == (other.bytes, other.bytes_shared, other.blobs)


@st.composite
def dependencies(draw: st.DrawFn) -> Mapping[int, tuple[int, ...]]:
    """A graph without circles: a node needs only smaller ones. The nodes come in any order."""
    count = draw(st.integers(0, 8))
    needs = {n: tuple(draw(st.lists(st.integers(0, n - 1), max_size=3))) if n else () for n in range(count)}
    return {node: needs[node] for node in draw(st.permutations(range(count)))}


def reaches(node: int, goals: set[int], needs: Mapping[int, tuple[int, ...]]) -> bool:
    return any(need in goals or reaches(need, goals, needs) for need in needs[node])


@given(dependencies(), st.frozensets(st.integers(0, 7)), st.data())
def test_every_walk_respects_dependencies_and_a_failure_blocks_its_descendants(
    needs: Mapping[int, tuple[int, ...]], bad: frozenset[int], data: st.DataObject
) -> None:
    schedule = Schedule(needs, needs)
    running: list[int] = []
    done: set[int] = set()
    failed: set[int] = set()
    blocked: set[int] = set()
    while not schedule.finished:
        while (node := schedule.take()) is not None:
            assert set(needs[node]) <= done
            running.append(node)
        assert schedule.running == len(running) > 0
        node = running.pop(data.draw(st.integers(0, len(running) - 1)))
        if node in bad:
            failed.add(node)
            stopped = schedule.fail(node)
            assert not blocked & set(stopped)
            blocked |= set(stopped)
        else:
            done.add(node)
            schedule.succeed(node)
    assert done | failed | blocked == set(needs)
    assert blocked == {node for node in needs if reaches(node, failed, needs)}


REPLICATIONS = [
    rule("all", "hub", "eu", backfill=Backfill.ALL),
    rule("base", "hub", "us", "base", backfill=Backfill.MISSING),
    rule("manual", "hub", "us", trigger=Trigger.MANUAL, backfill=Backfill.NONE),
    rule("web", "hub", "eu", "apps", "web", tags="v.*"),
    rule("back", "eu", "us"),
]
LIVE_RULES = [live_rule("1", "all", "hub", "eu", priority=1), live_rule("2", "by-hand", "hub", "us", "old")]


@st.composite
def instances(draw: st.DrawFn, key: str) -> LiveInstance:
    found = [
        repository(path, *draw(tag_lists())) for path in draw(st.lists(st.sampled_from(PATHS), max_size=3, unique=True))
    ]
    names = draw(st.lists(st.sampled_from(("apps", "base", "old")), unique=True))
    rules = draw(st.lists(st.sampled_from(LIVE_RULES), unique=True)) if key == "hub" else []
    return live_instance(key, *found, namespaces=[live_namespace(name) for name in names], rules=rules)


@st.composite
def worlds(draw: st.DrawFn) -> tuple[Desired, Live]:
    keys = ("eu", "hub", "us")
    wanted: list[ReplicationRule] = draw(st.lists(st.sampled_from(REPLICATIONS), max_size=4, unique=True))
    namespaces = draw(st.lists(st.tuples(st.sampled_from(keys), st.sampled_from(("apps", "base"))), unique=True))
    legacy = ImportRule("legacy", "hub", PersonalSource("cn-hangzhou", ("apps",)), images=draw(selections))
    desired = Desired(
        instances=tuple(instance(key) for key in keys),
        namespaces=tuple(Namespace(*name) for name in namespaces),
        imports=(legacy,) if draw(st.booleans()) else (),
        replications=tuple(wanted),
    )
    personal = personal_edition(
        "cn-hangzhou", "personal.example", (live_namespace(),), (repository("apps/web", *draw(tag_lists())),)
    )
    return desired, Live(tuple(draw(instances(key)) for key in keys), (personal,))


def essence(made: Plan) -> tuple[object, ...]:
    moved = {(t.address, t.source, t.target, t.digest, t.reason, t.via, t.size) for t in made.transfers}
    return made.changes, moved, made.diagnostics, made.summary, made.complete


@given(worlds(), st.data())
def test_a_plan_does_not_depend_on_the_order_of_declarations_or_listings(
    world: tuple[Desired, Live], data: st.DataObject
) -> None:
    desired, live = world
    turned = replace(
        desired,
        instances=tuple(data.draw(st.permutations(desired.instances))),
        namespaces=tuple(data.draw(st.permutations(desired.namespaces))),
        replications=tuple(data.draw(st.permutations(desired.replications))),
    )
    shuffled = tuple(
        replace(
            found,
            repositories=tuple(data.draw(st.permutations(found.repositories))),
            namespaces=tuple(data.draw(st.permutations(found.namespaces))),
        )
        for found in data.draw(st.permutations(live.instances))
    )
    assert essence(plan(desired, live)) == essence(plan(turned, replace(live, instances=shuffled)))
