from __future__ import annotations

from reconciler.core import renames
from reconciler.core.diff import compare_settings
from reconciler.core.ownership import Options, compare_ownership
from reconciler.model.live import Live, LiveRepository
from reconciler.model.spec import Desired, Repository, Visibility
from tests.unit.core.scene import at, instance, live_instance, live_namespace, namespace, repository

CLOSED = live_namespace("apps", auto_create=False)


def hints(desired: Desired, live: Live) -> list[str]:
    settings = compare_settings(desired, live)
    undeclared = compare_ownership(desired, live, settings.claimed, Options()).undeclared
    return [d.summary.split(",")[0] for d in renames.check(desired, live, settings.changes, undeclared)]


def desired(*repositories: Repository) -> Desired:
    spaces = (namespace("hub", auto_create=False),)
    return Desired(instances=(instance("hub"),), namespaces=spaces, repositories=repositories)


def test_a_name_that_hardly_differs_is_told() -> None:
    live = Live((live_instance("hub", repository("apps/store-front"), namespaces=[CLOSED]),))
    assert hints(desired(Repository("hub", "apps/storefront", places=at(4))), live) == [
        "`apps/storefront` is created and looks like `apps/store-front`"
    ]
    assert hints(desired(Repository("hub", "apps/payments")), live) == []


def test_an_equal_summary_tells_more_than_the_name() -> None:
    old = LiveRepository("crr-1", "apps/web", Visibility.PRIVATE, "the shop", tags=())
    live = Live((live_instance("hub", old, repository("apps/shops"), namespaces=[CLOSED]),))
    assert hints(desired(Repository("hub", "apps/shop", summary="the shop")), live) == [
        "`apps/shop` is created and looks like `apps/web`"
    ]


def test_what_an_import_brings_is_no_rename() -> None:
    live = Live((live_instance("hub", repository("apps/store-front"), namespaces=[CLOSED]),))
    assert hints(desired(Repository("hub", "apps/storefront", origin="imports.old")), live) == []


def test_what_is_declared_is_not_left_behind() -> None:
    live = Live((live_instance("hub", repository("apps/store-front"), namespaces=[CLOSED]),))
    both = (Repository("hub", "apps/store-front"), Repository("hub", "apps/storefront"))
    assert hints(desired(*both), live) == []
