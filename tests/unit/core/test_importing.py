from __future__ import annotations

from dataclasses import replace

from reconciler.core.comparison import Wanted
from reconciler.core.images import manifest_queries, wanted
from reconciler.model.diagnostic import Severity
from reconciler.model.drift import ImageState
from reconciler.model.image import RepositoryName
from reconciler.model.live import Cause, Live, LiveOrigin, LiveRepository, Unreadable
from reconciler.model.plan import TransferReason
from reconciler.model.scope import ManifestQuery
from reconciler.model.source import PersonalSource
from reconciler.model.spec import Desired, ImageSelection, ImportRule, Repository
from tests.unit.core.scene import (
    at,
    digest,
    instance,
    live_instance,
    live_namespace,
    personal_edition,
    repository,
    rule_ids,
    tag,
    the,
)

RULE = ImportRule("old", "hub", PersonalSource("cn-hangzhou", ("apps",)), places=at(2, overwrite=5))
SOURCE = repository("apps/web", tag("v1", pushed=1), tag("v2", pushed=2), tag("v3", pushed=3))


def _personal(source: LiveRepository, region: str = "cn-hangzhou") -> LiveOrigin:
    return personal_edition(region, "personal.example", (live_namespace("apps"),), (source,))


def _wanted(
    *there: LiveRepository,
    rule: ImportRule = RULE,
    source: LiveRepository = SOURCE,
    declared: tuple[Repository, ...] = (),
    registry: str = "hub.example",
) -> Wanted:
    personal = personal_edition(
        "cn-hangzhou", "personal.example", (live_namespace("apps"),), (source, repository("b/x", tag("v")))
    )
    desired = Desired(instances=(instance("hub"),), imports=(rule,), repositories=declared)
    return wanted(desired, Live((live_instance("hub", *there, registry=registry),), (personal,)))


def test_what_is_missing_is_moved_and_what_is_there_is_counted() -> None:
    found = _wanted(repository("apps/web", tag("v2")))
    assert [(str(t.source), str(t.target), t.reason) for t in found.transfers] == [
        ("personal.example/apps/web:v1", "hub.example/apps/web:v1", TransferReason.MISSING),
        ("personal.example/apps/web:v3", "hub.example/apps/web:v3", TransferReason.MISSING),
    ]
    assert found.unchanged == 1
    assert found.transfers[0].digest == digest("v1")
    assert [(d.state, d.actual) for d in found.drift] == [(ImageState.MISSING, None)] * 2


def test_a_tag_with_another_digest_is_overwritten() -> None:
    found = _wanted(repository("apps/web", tag("v1"), tag("v2", "someone else's"), tag("v3")))
    assert [(t.target.tag, t.reason) for t in found.transfers] == [("v2", TransferReason.DIFFERENT)]
    assert found.drift[0].actual == digest("someone else's")


def test_without_overwrite_it_is_kept_and_told() -> None:
    there = repository("apps/web", tag("v1", "else"), tag("v2", "else"))
    found = _wanted(there, rule=replace(RULE, overwrite=False))
    assert [t.target.tag for t in found.transfers] == ["v3"]
    note = the("R-IMP-6", found.diagnostics)
    assert "2" in note.summary.split()
    assert note.span is not None
    assert note.span.line == 5


def test_an_immutable_tag_is_left_and_the_others_are_moved() -> None:
    there = repository("apps/web", tag("v1", "else"), immutable=True)
    found = _wanted(there)
    assert [t.target.tag for t in found.transfers] == ["v2", "v3"]
    assert [(image.target.tag, image.rule, image.retryable) for image in found.unmovable] == [("v1", "R-IMP-7", False)]
    warning = the("R-IMP-7", found.diagnostics)
    assert "`apps/web:v1`" in warning.summary
    assert (warning.severity, found.complete) == (Severity.WARNING, True)
    assert found.drift[0].state is ImageState.DIFFERENT
    assert rule_ids(_wanted(there, rule=replace(RULE, overwrite=False)).diagnostics) == ["R-IMP-6"]


def test_a_declared_immutability_counts_more_than_the_live_one() -> None:
    there = repository("apps/web", tag("v1", "else"), immutable=True)
    opened = (Repository("hub", "apps/web", tag_immutability=False),)
    assert _wanted(there, declared=opened).diagnostics == []
    closed = (Repository("hub", "apps/web", tag_immutability=True),)
    assert rule_ids(_wanted(replace(there, tag_immutability=False), declared=closed).diagnostics) == ["R-IMP-7"]
    silent = (Repository("hub", "apps/web"),)
    assert rule_ids(_wanted(there, declared=silent).diagnostics) == ["R-IMP-7"]


def test_the_selection_and_the_new_name_are_respected() -> None:
    found = _wanted(rule=replace(RULE, images=ImageSelection(latest=1), rename={"apps": "shop"}))
    assert [str(t.target) for t in found.transfers] == ["hub.example/shop/web:v3"]
    assert _wanted(rule=replace(RULE, images=ImageSelection(latest=0))).transfers == []


def test_a_namespace_that_personal_edition_lacks_is_an_error_at_its_place() -> None:
    places = at(2, **{"source.namespaces[1]": 8})
    asked = replace(RULE, source=PersonalSource("cn-hangzhou", ("apps", "gone")), places=places)
    error = the("R-IMP-9", _wanted(rule=asked).diagnostics)
    assert "no namespace `gone`" in error.summary
    assert error.span is not None
    assert error.span.line == 8


def test_a_region_without_personal_edition_is_an_error() -> None:
    elsewhere = replace(RULE, source=PersonalSource("cn-beijing", ("apps",)))
    assert rule_ids(_wanted(rule=elsewhere).diagnostics) == ["R-IMP-9"]


def test_a_registry_without_an_open_endpoint_is_an_error_only_when_something_has_to_move() -> None:
    assert rule_ids(_wanted(registry="").diagnostics) == ["R-NET-1"]
    assert _wanted(SOURCE, registry="").diagnostics == []


def test_two_imports_of_one_tag_have_to_agree() -> None:
    other = personal_edition(
        "cn-beijing", "beijing.example", (live_namespace(),), (repository("apps/web", tag("v1", "else")),)
    )
    same = personal_edition(
        "cn-hangzhou", "hangzhou.example", (live_namespace(),), (repository("apps/web", tag("v1")),)
    )
    rules = (RULE, replace(RULE, key="second", source=PersonalSource("cn-beijing", ("apps",))))
    desired = Desired(instances=(instance("hub"),), imports=rules)
    found = wanted(desired, Live((live_instance("hub"),), (same, other)))
    assert [t.source.registry for t in found.transfers] == ["hangzhou.example"]
    assert "`imports.old` and `imports.second`" in the("R-IMP-5", found.diagnostics).summary
    agreeing = replace(other, repositories=same.repositories)
    twice = wanted(desired, Live((live_instance("hub"),), (same, agreeing)))
    assert (len(twice.transfers), twice.diagnostics) == (1, [])


def test_an_image_that_its_source_does_not_give_is_set_aside() -> None:
    source = repository("apps/web", tag("v1", "old", 1), tag("v2", "good", 2), tag("v3", "blocked", 3))
    place = RepositoryName("personal.example", "apps/web")
    causes = {"old": Cause.UNUSABLE, "blocked": Cause.DENIED}
    failed = {ManifestQuery(place, digest(name)): Unreadable(cause, "because") for name, cause in causes.items()}
    live = Live((live_instance("hub"),), (_personal(source),), unreadable=failed)
    found = wanted(Desired(instances=(instance("hub"),), imports=(RULE,)), live)
    assert [transfer.target.tag for transfer in found.transfers] == ["v2"]
    assert [(i.target.tag, i.rule) for i in found.unmovable] == [("v1", "R-IMP-20"), ("v3", "R-IMP-22")]
    assert [diagnostic.severity for diagnostic in found.diagnostics] == [Severity.WARNING] * 2
    assert not found.complete


def test_what_cannot_be_read_still_conflicts() -> None:
    sources = [_personal(repository("apps/web", tag("v1", name)), region) for name, region in (("a", "x"), ("b", "y"))]
    rules = [replace(RULE, key=p.region, source=PersonalSource(p.region, ("apps",))) for p in sources]
    desired = Desired(instances=(instance("hub"),), imports=tuple(rules))
    for lost, wants in (("a", "b"), ("b", "a")):
        place = RepositoryName("personal.example", "apps/web")
        failed = {ManifestQuery(place, digest(lost)): Unreadable(Cause.GONE, "404")}
        found = wanted(desired, Live((live_instance("hub"),), tuple(sources), unreadable=failed))
        assert [transfer.digest for transfer in found.transfers] == [digest(wants)]
        assert "R-IMP-5" in rule_ids(found.diagnostics)


def test_a_repository_whose_tags_cannot_be_listed_does_not_stop_the_others() -> None:
    closed = replace(repository("apps/closed"), tags=None, unreadable=Unreadable(Cause.DENIED, "NoPermission"))
    open_to_us = repository("apps/web", tag("v1", "good"))
    personal = replace(_personal(open_to_us), repositories=(closed, open_to_us))
    desired = Desired(instances=(instance("hub"),), imports=(RULE,))
    found = wanted(desired, Live((live_instance("hub"),), (personal,)))
    assert [transfer.target.repository for transfer in found.transfers] == ["apps/web"]
    assert "`apps/closed` cannot be listed" in the("R-IMP-22", found.diagnostics).summary
    assert not found.complete


def test_a_repository_is_not_copied_onto_itself() -> None:
    personal = replace(_personal(repository("apps/web", tag("v1", "good"))), registry="hub.example")
    desired = Desired(instances=(instance("hub"),), imports=(RULE,))
    found = wanted(desired, Live((live_instance("hub"),), (personal,)))
    assert found.transfers == []
    assert the("R-IMP-23", found.diagnostics).severity is Severity.ERROR
    beside = wanted(
        replace(desired, imports=(replace(RULE, rename={"apps": "shop"}),)), Live((live_instance("hub"),), (personal,))
    )
    assert [transfer.target.repository for transfer in beside.transfers] == ["shop/web"]


def test_manifests_are_asked_for_once_where_they_are_read_first() -> None:
    source = repository("apps/web", tag("v1", "same", 1), tag("latest", "same", 2))
    (query,) = manifest_queries(_wanted(source=source).transfers)
    assert (query.repository, query.digest) == (RepositoryName("personal.example", "apps/web"), digest("same"))
