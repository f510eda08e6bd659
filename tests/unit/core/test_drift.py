from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from reconciler.core.drift import doubtful, find_drift, questions
from reconciler.model.drift import Drift, ImageState
from reconciler.model.live import Live
from reconciler.model.plan import Action
from reconciler.model.scope import TagQuery, TaskQuery
from reconciler.model.spec import Desired, Namespace, Visibility
from tests.unit.core.scene import LIVE, SPEC, live_rule, live_task, pair, repository, rule, tag

HUB = (repository("apps/web", tag("v1"), tag("v2"), tag("v3")),)
EU = (repository("apps/web", tag("v2", "else"), tag("v3"), tag("v9")),)


def _world() -> tuple[Desired, Live]:
    """One setting of a rule, one of a namespace and three images differ, and a namespace is missing."""
    live_rules = [live_rule("crsr-1", "r", "hub", "eu", priority=1)]
    desired, live = pair(rule("r", "hub", "eu"), hub=HUB, eu=EU, live_rules=live_rules)
    namespaces = (Namespace("eu", "apps", auto_create=False), *desired.namespaces[1:], Namespace("hub", "new"))
    return replace(desired, namespaces=namespaces), live


def _drift(only: Sequence[str] = (), ignore: Sequence[str] = ()) -> Drift:
    return find_drift(*_world(), only=only, ignore=ignore, spec_digest=SPEC, live_digest=LIVE, now=10_000)


def _changes(drift: Drift) -> dict[str, Action]:
    return {str(change.address): change.action for change in drift.changes}


def test_settings_and_images_that_differ_are_found() -> None:
    drift = _drift()
    assert _changes(drift) == {
        "instances.eu.namespaces.apps": Action.UPDATE,
        "instances.hub.namespaces.new": Action.CREATE,
        "replications.r[eu]": Action.REPLACE,
    }
    assert [(d.image.tag, d.state) for d in drift.images] == [
        ("v1", ImageState.MISSING),
        ("v2", ImageState.DIFFERENT),
        ("v9", ImageState.EXTRA),
    ]
    assert drift.found


def test_a_state_as_declared_has_no_drift() -> None:
    desired, live = pair(rule("r", "hub", "eu"), hub=HUB, eu=HUB, live_rules=[live_rule("1", "r", "hub", "eu")])
    drift = find_drift(desired, live, spec_digest=SPEC, live_digest=LIVE, now=10_000)
    assert not drift.found


def test_an_ignored_address_takes_its_images_along() -> None:
    drift = _drift(ignore=["replications.r"])
    assert "replications.r[eu]" not in _changes(drift)
    assert drift.images == ()


def test_one_field_of_an_update_or_of_a_replacement_can_be_ignored() -> None:
    ignored = _drift(ignore=["instances.eu.namespaces.apps:auto_create", "replications.r[eu]:priority"])
    assert _changes(ignored) == {"instances.hub.namespaces.new": Action.CREATE}
    assert len(ignored.images) == 3


def test_other_fields_of_the_same_object_still_count() -> None:
    desired, live = _world()
    namespaces = (replace(desired.namespaces[0], visibility=Visibility.PUBLIC), *desired.namespaces[1:])
    drift = find_drift(
        replace(desired, namespaces=namespaces),
        live,
        only=["instances.eu"],
        ignore=["instances.eu.namespaces.apps:auto_create"],
        spec_digest=SPEC,
        live_digest=LIVE,
        now=10_000,
    )
    assert [field.path for change in drift.changes for field in change.fields] == ["visibility"]


def test_ignoring_a_field_does_not_hide_an_object_that_is_missing() -> None:
    fields = [f"instances.hub.namespaces.new:{name}" for name in ("auto_create", "visibility")]
    assert _changes(_drift(ignore=fields))["instances.hub.namespaces.new"] is Action.CREATE


def test_only_limits_the_answer() -> None:
    drift = _drift(only=["instances.eu"])
    assert _changes(drift) == {"instances.eu.namespaces.apps": Action.UPDATE}
    assert drift.images == ()


def test_only_what_is_missing_is_asked_for() -> None:
    assert questions(*_world()) == (TaskQuery("cn-hangzhou", "cri-hub", {"apps/web": frozenset({"v1", "v2"})}),)


def test_an_image_on_its_way_is_no_drift_and_counts_for_freshness() -> None:
    hub = (repository("apps/web", tag("v1", pushed=4000), tag("v2", pushed=2000), tag("v3", pushed=1000)),)
    eu = (repository("apps/web", tag("v3")),)
    rules = [live_rule("1", "r", "hub", "eu")]
    desired, live = pair(rule("r", "hub", "eu"), hub=hub, eu=eu, live_rules=rules)
    moving = replace(live, tasks=tuple(live_task("hub", "eu", f"apps/web:{name}", name=name) for name in ("v1", "v2")))
    drift = find_drift(desired, moving, spec_digest=SPEC, live_digest=LIVE, now=10_000)
    assert not drift.found
    assert [(i.image.tag, i.state, i.task) for i in drift.explained] == [
        ("v1", ImageState.IN_FLIGHT, "v1"),
        ("v2", ImageState.IN_FLIGHT, "v2"),
    ]
    (state,) = drift.replications
    assert (state.in_place, state.count(ImageState.IN_FLIGHT)) == (1, 2)
    assert drift.oldest is not None
    assert (drift.oldest.image.tag, drift.age(drift.oldest)) == ("v2", 8.0)


def test_nothing_is_late_when_everything_is_there() -> None:
    desired, live = pair(rule("r", "hub", "eu"), hub=HUB, eu=HUB, live_rules=[live_rule("1", "r", "hub", "eu")])
    assert find_drift(desired, live, spec_digest=SPEC, live_digest=LIVE, now=10_000).oldest is None


def test_repositories_of_images_that_differ_are_looked_at_again_on_both_sides() -> None:
    desired, live = _world()
    assert doubtful(desired, live, _drift()) == (
        TagQuery("cri-eu", "apps/web"),
        TagQuery("cri-hub", "apps/web"),
    )
    assert doubtful(desired, live, _drift(ignore=["replications.r"])) == ()


def test_a_repository_that_is_not_there_is_not_looked_at() -> None:
    desired, live = pair(rule("r", "hub", "eu"), hub=HUB, eu=(), live_rules=[live_rule("1", "r", "hub", "eu")])
    drift = find_drift(desired, live, spec_digest=SPEC, live_digest=LIVE, now=10_000)
    assert [query.instance for query in doubtful(desired, live, drift)] == ["cri-hub"]
