"""What could not be read is left as it is, told once, and keeps nothing else from being done."""

from __future__ import annotations

from dataclasses import replace

import pytest

from reconciler.core import building
from reconciler.core.drift import find_drift
from reconciler.core.images import wanted
from reconciler.core.ownership import Options
from reconciler.model import address
from reconciler.model.build import BuildRule, LiveBuilds, SourceCode
from reconciler.model.diagnostic import Severity
from reconciler.model.live import Cause, Live, LiveInstance, LiveNamespace, LiveRepository, Unreadable
from reconciler.model.plan import Plan
from reconciler.model.source import PersonalSource
from reconciler.model.spec import Backfill, Desired, ImportRule, Include, Namespace, Repository
from tests.unit.core.scene import (
    LIVE,
    SPEC,
    at,
    instance,
    live_instance,
    live_namespace,
    live_rule,
    pair,
    personal_edition,
    plan,
    repository,
    rule,
    rule_ids,
    steps,
    tag,
    the,
)

DENIED = Unreadable(Cause.DENIED, "NoPermission: not authorized")
GONE = Unreadable(Cause.GONE, "REPO_NOT_EXIST: repo is not exist")
EVERYTHING = Options(prune=True, allow_delete={"repositories": 9, "namespaces": 9, "replications": 9})
PLACES = at(2, **{"source.namespaces[1]": 8})
IMPORT = ImportRule("old", "hub", PersonalSource("cn-hangzhou", ("apps", "secret")), places=PLACES)


def _closed(name: str, why: Unreadable = DENIED) -> LiveRepository:
    return replace(repository(name), tags=None, unreadable=why)


def _sources(*names: str) -> tuple[LiveRepository, ...]:
    return tuple(repository(name, tag("v1", name)) for name in names)


def _account(
    hub: LiveInstance,
    *sources: LiveRepository,
    unreadable: Unreadable | None = None,
    others: tuple[LiveInstance, ...] = (),
) -> Live:
    """Personal Edition has `apps`; with `unreadable` nobody knows about `secret`, else it is empty."""
    namespaces: tuple[LiveNamespace, ...] = (live_namespace("apps"),)
    if unreadable is None:
        namespaces += (live_namespace("secret"),)
    personal = personal_edition("cn-hangzhou", "personal.example", namespaces, sources)
    if unreadable is not None:
        personal = replace(personal, unreadable={"secret": unreadable})
    return Live((hub, *others), (personal,))


def _deleted(planned: Plan) -> set[str]:
    return {where for where, action in steps(planned).items() if action == "delete"}


def _moved(planned: Plan) -> list[str]:
    return [str(transfer.target) for transfer in planned.transfers]


# -- a repository of an instance


@pytest.mark.parametrize(
    ("why", "hint"),
    [
        (DENIED, "`cr:ListRepositoryTag` on `acs:cr:cn-hangzhou:*:repository/cri-hub/apps/web`"),
        (GONE, "run again"),
    ],
)
def test_a_target_whose_tags_are_not_known_gets_no_image_and_the_others_do(why: Unreadable, hint: str) -> None:
    hub = live_instance("hub", _closed("apps/web", why), repository("apps/api", tag("v1", "else")))
    declared = Desired(
        instances=(instance("hub"),), imports=(IMPORT,), repositories=(Repository("hub", "apps/web", places=at(4)),)
    )
    planned = plan(declared, _account(hub, *_sources("apps/web", "apps/api", "apps/new")))
    assert _moved(planned) == ["hub.example/apps/api:v1", "hub.example/apps/new:v1"]
    assert (planned.complete, planned.applyable, planned.errored) == (False, True, False)
    assert planned.unmovable == ()
    told = the("R-READ-1", planned.diagnostics)
    assert (told.severity, told.address) == (Severity.WARNING, "instances.hub.repositories.apps/web")
    assert why.detail in told.summary
    assert hint in told.hint
    assert told.span is not None
    assert told.span.line == 4


@pytest.mark.parametrize("side", ["hub", "eu"])
def test_a_replication_leaves_out_what_one_side_does_not_tell(side: str) -> None:
    ends = {
        "hub": [repository("apps/web", tag("v1")), repository("apps/api", tag("v1"))],
        "eu": [repository("apps/web", tag("v1", "else"), tag("v9")), repository("apps/api")],
    }
    ends[side][0] = _closed("apps/web")
    desired, live = pair(rule("r", "hub", "eu", backfill=Backfill.ALL), hub=ends["hub"], eu=ends["eu"])
    found = wanted(desired, live)
    assert [str(transfer.target) for transfer in found.transfers] == ["eu.example/apps/api:v1"]
    assert [str(image.image) for image in found.drift] == ["eu.example/apps/api:v1"]
    assert found.owed == {("cn-hangzhou", "cri-hub"): {"apps/api": {"v1"}}}
    assert (found.unlisted, found.complete) == ({(side, "apps/web")}, False)
    assert the("R-READ-1", plan(desired, live).diagnostics).address == f"instances.{side}.repositories.apps/web"


def test_it_is_told_once_however_many_rules_are_about_it() -> None:
    desired, live = pair(rule("r", "hub", "eu"), hub=[_closed("apps/web")], eu=[repository("apps/web", tag("v9"))])
    desired = replace(desired, imports=(IMPORT,))
    account = _account(live.instances[1], *_sources("apps/web"), others=(live.instances[0],))
    planned = plan(desired, account)
    assert rule_ids(planned.diagnostics).count("R-READ-1") == 1
    assert planned.transfers == ()


def test_drift_without_all_tags_is_not_no_drift() -> None:
    desired, live = pair(
        rule("r", "hub", "eu"),
        hub=[_closed("apps/web")],
        eu=[repository("apps/web", tag("v9"))],
        live_rules=[live_rule("crsr-1", "r", "hub", "eu")],
    )
    found = find_drift(desired, live, spec_digest=SPEC, live_digest=LIVE, now=0)
    assert (found.images, found.explained, found.complete) == ((), (), False)
    assert rule_ids(found.diagnostics) == ["R-READ-1"]


def test_a_repository_is_not_pruned_unseen() -> None:
    hub = live_instance(
        "hub",
        _closed("old/a"),
        repository("old/b", tag("v1")),
        _closed("older/c", GONE),
        namespaces=[live_namespace("old"), live_namespace("older")],
    )
    planned = plan(Desired(instances=(instance("hub"),)), Live((hub,)), EVERYTHING)
    assert steps(planned) == {"instances.hub.repositories.old/b": "delete"}
    assert rule_ids(planned.diagnostics) == ["R-OWN-2", "R-OWN-2", "R-READ-1", "R-READ-1"]
    assert not planned.complete


def test_what_it_is_built_from_and_its_detail_are_left_as_they_are() -> None:
    code = SourceCode("gitlab", "acme/web")
    web = Repository("hub", "apps/web", source_code=code, build_rules=(BuildRule("latest", "main"),), detail="new")
    by_hand = replace(web, source_code=None)
    for declared in (web, by_hand):
        desired = Desired(instances=(instance("hub"),), repositories=(declared,))
        planned = plan(desired, Live((live_instance("hub", _closed("apps/web")),)))
        assert (steps(planned), rule_ids(planned.diagnostics)) == ({}, ["R-READ-1"])
        assert not planned.complete
        assert list(building.prerequisites(desired, Live((live_instance("hub", _closed("apps/web")),)))) == []
        told = replace(repository("apps/web"), builds=LiveBuilds(None))
        assert steps(plan(desired, Live((live_instance("hub", told),))))


# -- a namespace of Personal Edition


@pytest.mark.parametrize(
    ("why", "rule_id", "hint"),
    [(DENIED, "R-IMP-22", "`cr:Get*`"), (Unreadable(Cause.GONE, "NAMESPACE_NOT_EXIST: m"), "R-IMP-21", "run again")],
)
def test_a_namespace_that_is_not_read_is_no_missing_one(why: Unreadable, rule_id: str, hint: str) -> None:
    planned = plan(
        Desired(instances=(instance("hub"),), imports=(IMPORT,)),
        _account(live_instance("hub"), *_sources("apps/web"), unreadable=why),
    )
    assert _moved(planned) == ["hub.example/apps/web:v1"]
    assert steps(planned) == {
        "imports.old": "transfer",
        "instances.hub.namespaces.apps": "create",
        "instances.hub.repositories.apps/web": "create",
    }
    assert (planned.complete, planned.applyable, planned.errored) == (False, True, False)
    told = the(rule_id, planned.diagnostics)
    assert "namespace `secret` of Personal Edition in `cn-hangzhou` cannot be read" in told.summary
    assert why.detail in told.summary
    assert hint in told.hint
    assert told.span is not None
    assert told.span.line == 8


def test_what_it_brought_before_is_not_pruned() -> None:
    hub = live_instance(
        "hub",
        *_sources("vault/web", "apps/web", "old/tool"),
        namespaces=[live_namespace(name, auto_create=False) for name in ("apps", "vault", "old")],
    )
    renamed = replace(IMPORT, rename={"secret": "vault"})
    desired = Desired(instances=(instance("hub"),), imports=(renamed,))
    planned = plan(desired, _account(hub, *_sources("apps/web"), unreadable=DENIED), EVERYTHING)
    gone = {"instances.hub.namespaces.old", "instances.hub.repositories.old/tool"}
    assert _deleted(planned) == gone
    assert "vault" not in " ".join(d.summary for d in plan(desired, _account(hub, unreadable=DENIED)).diagnostics)
    # Known to hold nothing, the source would have let it go.
    known = plan(desired, _account(hub, *_sources("apps/web")), EVERYTHING)
    assert _deleted(known) == gone | {"instances.hub.repositories.vault/web"}


@pytest.mark.parametrize("name", [None, "web"])
def test_a_new_replication_waits_for_what_it_may_bring(name: str | None) -> None:
    over = rule("r", "hub", "eu", "secret", name)
    others = rule("s", "hub", "eu", "apps")
    desired = Desired(
        instances=(instance("eu"), instance("hub")),
        namespaces=(Namespace("eu", "apps"), Namespace("eu", "secret")),
        repositories=(Repository("eu", "secret/web"),),
        imports=(IMPORT,),
        replications=(over, others),
    )
    eu = live_instance("eu")
    planned = plan(desired, _account(live_instance("hub"), *_sources("apps/web"), unreadable=DENIED, others=(eu,)))
    assert (planned.complete, planned.errored) == (False, False)
    waits = the("R-NS-1", planned.diagnostics)
    assert (waits.severity, waits.address) == (Severity.WARNING, str(over.address))
    assert "could not be read" in waits.detail
    assert str(over.address) not in steps(planned)
    assert steps(planned)[str(others.address)] == "create"
    # Where no import could bring it, it stays an error.
    elsewhere = replace(IMPORT, rename={"secret": "vault"})
    live = _account(live_instance("hub"), *_sources("apps/web"), unreadable=DENIED, others=(eu,))
    assert the("R-NS-1", plan(replace(desired, imports=(elsewhere,)), live).diagnostics).severity is Severity.ERROR


def test_a_replication_that_is_there_is_kept() -> None:
    hub = live_instance("hub", rules=[live_rule("crsr-1", "r", "hub", "eu", "secret")])
    desired = Desired(
        instances=(instance("eu"), instance("hub")),
        namespaces=(Namespace("eu", "secret"),),
        imports=(replace(IMPORT, include=frozenset({Include.NAMESPACES})),),
        replications=(rule("r", "hub", "eu", "secret"),),
    )
    planned = plan(desired, _account(hub, unreadable=DENIED, others=(live_instance("eu"),)), EVERYTHING)
    assert not any(where.startswith("replications.") for where in steps(planned))
    assert str(address.replication("r", "eu")) not in steps(planned)
