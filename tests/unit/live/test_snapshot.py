from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import replace
from types import MappingProxyType

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from reconciler.live.port import ReadFailed
from reconciler.live.recorded import RecordedSource
from reconciler.live.snapshot import dump, live_digest, parse
from reconciler.model.image import Descriptor, Digest, ManifestContent, RepositoryName
from reconciler.model.json_value import Json, canonical
from reconciler.model.live import (
    Cause,
    Live,
    LiveEndpoint,
    LiveInstance,
    LiveNamespace,
    LiveRepository,
    LiveSyncRule,
    LiveTag,
    LiveVpcLink,
    Unreadable,
)
from reconciler.model.scope import InstanceScope, ManifestQuery, PresenceQuery, Scope, TaskQuery
from reconciler.model.spec import AclEntry, Edition, Level, Trigger, Visibility
from reconciler.model.sync_task import SyncImage, SyncTask, TaskStatus
from reconciler.spec.schema import schema_text
from tests.unit.core.scene import personal_edition, personal_scope

SCHEMA = Draft202012Validator(json.loads(schema_text("live.v1")))

names = st.text(st.characters(codec="utf-8", exclude_characters="/"), min_size=1, max_size=8)
texts = st.text(max_size=8)
counts = st.integers(0, 2**53)
digests = st.one_of(
    st.binary(min_size=32, max_size=32).map(lambda b: Digest("sha256:" + b.hex())),
    st.binary(min_size=64, max_size=64).map(lambda b: Digest("sha512:" + b.hex())),
)
tags = st.builds(LiveTag, names, digests, counts, counts)
namespaces = st.builds(LiveNamespace, names, st.booleans(), st.sampled_from(Visibility))
unreadables = st.builds(Unreadable, st.sampled_from(Cause), texts)
repositories = st.builds(
    LiveRepository,
    names,
    st.tuples(names, names).map("/".join),
    st.sampled_from(Visibility),
    texts,
    st.booleans(),
    st.none() | st.lists(tags, max_size=3).map(tuple),
    st.none() | unreadables,
)
links = st.builds(LiveVpcLink, names, names, names, texts, texts)
endpoints = st.builds(
    LiveEndpoint, st.booleans(), texts, st.lists(st.builds(AclEntry, texts, texts), max_size=3).map(tuple)
)
rules = st.builds(
    LiveSyncRule,
    *(names,) * 5,
    st.sampled_from(Level),
    texts,
    st.none() | names,
    texts,
    st.none() | names,
    texts,
    st.sampled_from(Trigger),
    st.integers(1, 5),
    st.booleans(),
    counts,
    st.sampled_from((".*", "team-.*")),
    st.sampled_from((".*", "web")),
    st.sampled_from(("", "link-1")),
)
instances = st.builds(
    LiveInstance,
    names,
    names,
    names,
    st.none() | st.sampled_from(Edition),
    texts,
    texts,
    texts,
    st.none() | endpoints,
    st.lists(namespaces, max_size=2).map(tuple),
    st.lists(repositories, max_size=2).map(tuple),
    st.lists(links, max_size=2).map(tuple),
    st.lists(rules, max_size=2).map(tuple),
)
others = st.builds(
    LiveInstance, names, names, names, st.none() | st.sampled_from(Edition), texts, account=st.just("") | names
)
personals = st.builds(
    lambda origin, closed, listed: replace(origin, unreadable=MappingProxyType(closed), names=listed),
    st.builds(
        personal_edition,
        names,
        texts,
        st.lists(namespaces, max_size=2).map(tuple),
        st.lists(repositories, max_size=2).map(tuple),
    ),
    st.dictionaries(names, unreadables, max_size=2),
    st.none() | st.lists(names, max_size=2, unique=True).map(sorted).map(tuple),
)
descriptors = st.lists(st.builds(Descriptor, digests, counts, texts), max_size=2).map(tuple)
manifests = st.builds(
    ManifestContent, digests, counts, texts, descriptors, descriptors, descriptors, st.none() | digests, counts
)
sides = st.builds(SyncImage, texts, names, st.tuples(names, names).map("/".join), names)
tasks = st.builds(
    SyncTask,
    names,
    st.sampled_from(TaskStatus),
    st.sampled_from(Trigger),
    sides,
    sides,
    *(texts,) * 3,
    created=counts,
    modified=counts,
)
lives = st.builds(
    Live,
    st.lists(instances, max_size=2).map(tuple),
    st.lists(personals, max_size=2).map(tuple),
    st.lists(manifests, max_size=3).map(lambda found: MappingProxyType({m.digest: m for m in found})),
    st.dictionaries(st.builds(RepositoryName, names, names), st.frozensets(digests, max_size=3), max_size=2).map(
        MappingProxyType
    ),
    tasks=st.none() | st.lists(tasks, max_size=2, unique_by=lambda task: task.id).map(tuple),
    other_instances=st.lists(others, max_size=2, unique_by=lambda other: other.id).map(tuple),
)
FEW = settings(max_examples=40, suppress_health_check=list(HealthCheck))


@FEW
@given(lives)
def test_what_is_written_follows_the_schema_and_reads_back(live: Live) -> None:
    written = json.loads(canonical(dump(live)))
    assert [error.message for error in SCHEMA.iter_errors(written)] == []
    read = parse(written)
    assert dump(read) == dump(live)
    assert (read.contents, read.present) == (live.contents, live.present)
    assert (read.tasks is None) is (live.tasks is None)
    assert set(read.tasks or ()) == set(live.tasks or ())
    assert read.other_instances == tuple(sorted(live.other_instances, key=lambda other: other.id))
    assert live_digest(read) == live_digest(live)


@FEW
@given(lives)
def test_order_does_not_matter(live: Live) -> None:
    turned = replace(
        live,
        instances=tuple(
            replace(item, namespaces=item.namespaces[::-1], repositories=item.repositories[::-1])
            for item in live.instances[::-1]
        ),
        contents=dict(reversed(list(live.contents.items()))),
    )
    unique = [i.id for i in live.instances] + [n.name for i in live.instances for n in i.namespaces]
    unique += [r.name for i in live.instances for r in i.repositories]
    assume(len(set(unique)) == len(unique))
    assert canonical(dump(turned)) == canonical(dump(live))


def places(value: Json, path: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    yield path
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from places(inner, (*path, key))
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            yield from places(inner, (*path, index))


odd: st.SearchStrategy[Json] = st.sampled_from(
    [None, True, "", "word", 0, -1, 1.5, 2.0, [], {}, [1], "a/b", "a/", "/b", "sha256:00", "2.0", "1.7"]
)


@settings(max_examples=300, suppress_health_check=list(HealthCheck))
@given(lives, st.data())
def test_the_parser_takes_exactly_what_the_schema_takes(live: Live, data: st.DataObject) -> None:
    document = json.loads(canonical(dump(live)))
    *above, last = data.draw(st.sampled_from([path for path in places(document) if path]))
    holder = document
    for key in above:
        holder = holder[key]
    if isinstance(last, str) and data.draw(st.booleans()):
        del holder[last]
    else:
        holder[last] = data.draw(odd)

    try:
        parse(document)
        taken = True
    except ReadFailed:
        taken = False

    assert taken == SCHEMA.is_valid(document)


def test_a_recording_of_the_first_version_is_read() -> None:
    live = Live((), (personal_edition("cn-hangzhou", "registry.example.com", repositories=(WEB,)),))
    document = json.loads(canonical(dump(live)))
    (origin,) = document.pop("origins")
    earlier = {name: origin[name] for name in ("region", "registry", "namespaces", "repositories")}
    assert parse({**document, "format_version": "1.0", "personal": [earlier]}) == live


def test_fields_of_later_versions_are_ignored() -> None:
    document = {**json.loads(canonical(dump(Live()))), "format_version": "1.9", "weather": "fine"}
    assert parse(document) == Live()


DIGEST = Digest("sha256:" + "ab" * 32)
CHILD = Digest("sha256:" + "cd" * 32)
REPOSITORY = RepositoryName("hub.example.com", "apps/web")
WEB = LiveRepository("crr-1", "apps/web", Visibility.PRIVATE, "", tags=(LiveTag("v1", DIGEST, 1, 1),))
TOOL = LiveRepository("crr-2", "apps/tool", Visibility.PRIVATE, "")
RECORDED = Live(
    (LiveInstance("cri-1", "hub", "cn-hangzhou", None, "RUNNING", repositories=(TOOL, WEB)),),
    (personal_edition("cn-hangzhou", "registry.example.com", repositories=(WEB, replace(TOOL, name="old/tool"))),),
    {DIGEST: ManifestContent(DIGEST, 1, "", manifests=(Descriptor(CHILD, 1),))},
    {REPOSITORY: frozenset({DIGEST})},
)


@pytest.mark.parametrize(
    ("document", "complaint"),
    [
        ([], "the document is not an object"),
        ({}, "lacks `format_version`"),
        ({"format_version": "2.0"}, r"format version 2\.0, and this program reads 1\.x"),
        ({**json.loads(canonical(dump(Live()))), "instances": [{"id": 7}]}, r"`instances\[0\]\.edition`"),
        (
            {**json.loads(canonical(dump(Live()))), "origins": [{"name": ""}]},
            r"`origins\[0\]\.name` is not a text",
        ),
        ({**json.loads(canonical(dump(Live()))), "present": "all"}, "`present` is not a list"),
    ],
)
def test_complaints_name_the_place(document: Json, complaint: str) -> None:
    with pytest.raises(ReadFailed, match=complaint) as caught:
        parse(document)
    assert "--record" in caught.value.hint


def asking(
    name: str = "hub",
    identity: str | None = None,
    *,
    tag_namespaces: frozenset[str] = frozenset(),
    tag_repositories: frozenset[str] = frozenset(),
    endpoint: bool = False,
) -> Scope:
    asked = InstanceScope("hub", "cn-hangzhou", name, identity, tag_namespaces, tag_repositories, endpoint=endpoint)
    return Scope((asked,))


@pytest.mark.parametrize(
    ("scope", "missing"),
    [
        (asking(endpoint=True), "the internet endpoint of instance `hub`"),
        (asking(tag_namespaces=frozenset({"apps"})), "the tags of `apps/tool` in instance `hub`"),
        (asking("", "cri-1", tag_repositories=frozenset({"apps/tool"})), "the tags of `apps/tool`"),
        (
            Scope(origins=(personal_scope("cn-beijing"),)),
            "Personal Edition in `cn-beijing`",
        ),
        (
            Scope(origins=(personal_scope("cn-hangzhou", "old"),)),
            "the tags of `old/tool`",
        ),
    ],
)
def test_a_question_that_was_not_recorded_is_not_answered(scope: Scope, missing: str) -> None:
    with pytest.raises(ReadFailed, match=re.escape(missing)) as caught:
        RecordedSource(RECORDED).listings(scope)
    assert "record it again" in caught.value.hint


@pytest.mark.parametrize(
    "scope",
    [
        asking(tag_repositories=frozenset({"apps/web"})),
        asking("nobody", endpoint=True),
        Scope(origins=(personal_scope("cn-hangzhou", "apps"),)),
    ],
)
def test_a_question_that_was_recorded_is_answered(scope: Scope) -> None:
    found = RecordedSource(RECORDED).listings(scope)
    assert (found.instances, found.origins) == (RECORDED.instances, RECORDED.origins)
    assert (found.contents, found.present) == ({}, {})


def test_an_image_must_be_recorded_as_a_whole() -> None:
    source = RecordedSource(RECORDED)
    with pytest.raises(ReadFailed, match=r"the image hub\.example\.com/apps/web@sha256:abab"):
        source.contents(Live(), [ManifestQuery(REPOSITORY, DIGEST)])
    child = ManifestContent(CHILD, 1, "")
    whole = RecordedSource(replace(RECORDED, contents={**RECORDED.contents, CHILD: child}))
    assert whole.contents(Live(), [ManifestQuery(REPOSITORY, DIGEST)]).contents[CHILD] == child


def test_a_repository_must_have_been_asked() -> None:
    source = RecordedSource(RECORDED)
    assert source.presence(Live(), [PresenceQuery(REPOSITORY, (DIGEST,))]).present == RECORDED.present
    with pytest.raises(ReadFailed, match=r"what the repository hub\.example\.com/other holds"):
        source.presence(Live(), [PresenceQuery(RepositoryName("hub.example.com", "other"), (DIGEST,))])


def test_tasks_must_have_been_asked_for_and_are_no_part_of_the_digest() -> None:
    query = TaskQuery("cn-hangzhou", "cri-1", {"apps/web": frozenset({"v1"})})
    unasked = RecordedSource(replace(RECORDED, tasks=None))
    assert unasked.tasks(Live(), []).tasks is None
    with pytest.raises(ReadFailed, match="replication tasks"):
        unasked.tasks(Live(), [query])
    side = SyncImage("cn-hangzhou", "cri-1", "apps/web", "v1")
    task = SyncTask("rst-1", TaskStatus.PENDING, Trigger.PUSH, side, side)
    asked = replace(RECORDED, tasks=(task,))
    assert RecordedSource(asked).tasks(Live(), [query]).tasks == (task,)
    assert live_digest(asked) == live_digest(RECORDED)
