from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

import pytest

from reconciler.acr.errors import AcrError, ApiError, MalformedAnswer
from reconciler.executor.instance import buy_instance, update_instance
from reconciler.executor.target import Workbench
from reconciler.executor.waiting import StepFailed
from reconciler.model import address
from reconciler.model.billing import Billable
from reconciler.model.live import Live, LiveInstance
from reconciler.model.plan import Action, Change
from reconciler.model.spec import Desired, Edition, Instance, Permission, Purchase, Renewal
from tests.unit.executor.account import lost
from tests.unit.executor.shop import Shop
from tests.unit.executor.workshop import Workshop

EVERYTHING = Purchase(12, Renewal.MANUAL, frozenset(Permission))
BILLABLE = Billable("acr", Edition.BASIC, 12, Renewal.MANUAL, "1.00 USD")


def eu(edition: Edition = Edition.BASIC, **tags: str) -> Instance:
    return Instance("eu", "eu-central-1", "acme-eu", edition, None, EVERYTHING, tags=tags or None)


def there(status: str = "RUNNING", edition: Edition = Edition.BASIC, issue: str = "", **tags: str) -> LiveInstance:
    return LiveInstance("cri-eu", "acme-eu", "eu-central-1", edition, status, issue=issue, tags=tags)


def bench(shop: Shop, declared: Instance, live: Iterable[LiveInstance] = ()) -> Workbench:
    workshop = Workshop(shop.account, Live(tuple(live)))
    workshop.limit = 100.0
    made = workshop.bench(Desired(instances=(declared,)))
    return replace(made, waiting=lambda _, told: shop.told.append(told), bss=shop)


def buy(shop: Shop, declared: Instance | None = None) -> Workbench:
    made = bench(shop, declared or eu())
    buy_instance(made, Change(address.instance("eu"), Action.CREATE, "", billable=BILLABLE))
    return made


def test_a_bought_instance_is_awaited_and_known_to_the_steps_that_follow() -> None:
    pending, starting = there("PENDING"), there("STARTING")
    shop = Shop(comes_up=[[], [], [], [pending], [pending], [starting], [starting], [there()]])
    made = buy(shop)
    assert made.instances["eu"] == there()
    assert len(shop.orders) == 1
    assert shop.told == ["ordered -> listed", "PENDING -> RUNNING", "STARTING -> RUNNING"]


def test_what_somebody_else_bought_meanwhile_is_adopted() -> None:
    shop = Shop(comes_up=[[there()]])
    assert buy(shop).instances["eu"] == there()
    assert shop.orders == []


@pytest.mark.parametrize("error", [lost(), MalformedAnswer("cut off")])
def test_an_order_whose_answer_is_lost_is_not_sent_again(error: AcrError) -> None:
    shop = Shop(comes_up=[[], [], [], [there("PENDING")], [there()]], answer=error)
    assert buy(shop).instances["eu"] == there()
    assert len(shop.orders) == 1


def test_an_order_that_never_shows_is_told_and_the_next_run_sends_the_same_one() -> None:
    shop = Shop(comes_up=[[]], answer=lost())
    for _ in range(2):
        with pytest.raises(StepFailed, match="was placed, the instance is not listed yet") as failure:
            buy(shop)
        assert failure.value.retryable
    first, second = shop.orders
    assert first == second, "by its token the service knows the second order for the first one"


@pytest.mark.parametrize("error", [lost(sent=False), ApiError("Call", "PayFailed", "", request_id="", status=200)])
def test_an_order_that_was_certainly_not_placed_fails_at_once(error: AcrError) -> None:
    with pytest.raises(type(error)):
        buy(Shop(comes_up=[[]], answer=error))


def test_nothing_is_ordered_while_an_earlier_order_may_be_the_same() -> None:
    shop = Shop(comes_up=[[], [], [], [there("PENDING")], [there()]], under_way=["cri-eu"])
    assert buy(shop).instances["eu"] == there()
    assert shop.orders == []
    assert shop.told[0] == "an earlier order comes up"


def test_an_earlier_order_that_does_not_come_up_stops_the_purchase() -> None:
    shop = Shop(comes_up=[[]], under_way=["cri-eu"])
    with pytest.raises(StepFailed, match=r"under way \(cri-eu\), nothing more is bought"):
        buy(shop)
    assert shop.orders == []


def test_orders_differ_by_all_that_they_are_about() -> None:
    shop = Shop(comes_up=[[]], answer=lost())
    for declared in (eu(), eu(Edition.ADVANCED)):
        with pytest.raises(StepFailed):
            buy(shop, declared)
    assert len(set(shop.orders)) == 2
    assert all(len(token) <= 64 for _, token in shop.orders)


def test_an_instance_that_cannot_be_made_fails_in_the_words_of_the_service() -> None:
    shop = Shop(comes_up=[[], [], [there("INIT_ERROR", issue="OSS_TOO_MANY_BUCKETS")]])
    with pytest.raises(StepFailed, match=r"cannot make `acme-eu`.*OSS_TOO_MANY_BUCKETS"):
        buy(shop)


def test_a_wait_that_takes_too_long_names_status_and_issue() -> None:
    shop = Shop(comes_up=[[], [], [there("PENDING", issue="OSS_SERVICE_ROLE_UNAUTHORIZED")]])
    with pytest.raises(StepFailed, match="cri-eu is PENDING, the service says OSS_SERVICE_ROLE_UNAUTHORIZED"):
        buy(shop)
    assert len(shop.orders) == 1


def test_without_permission_nothing_is_bought() -> None:
    shop = Shop(comes_up=[[]])
    made = bench(shop, eu())
    closed = replace(made, bss=None)
    with pytest.raises(StepFailed, match="--allow-billable"):
        buy_instance(closed, Change(address.instance("eu"), Action.CREATE, "", billable=BILLABLE))
    assert shop.orders == []


def update(shop: Shop, declared: Instance, live: LiveInstance, *, billable: bool = False) -> Workbench:
    made = bench(shop, declared, [live])
    update_instance(made, Change(address.instance("eu"), Action.UPDATE, "", billable=BILLABLE if billable else None))
    return made


def test_tags_are_made_what_is_declared() -> None:
    shop = Shop(comes_up=[[there()]])
    update(shop, eu(team="platform", kept="1"), there(team="web", kept="1", gone="x"))
    assert shop.account.calls == ["tag cri-eu team=platform", "untag cri-eu gone"]
    assert shop.orders == []


def test_an_instance_that_comes_up_is_awaited_before_it_is_tagged() -> None:
    shop = Shop(comes_up=[[there("STARTING")], [there()]])
    made = update(shop, eu(team="platform"), there("STARTING"))
    assert (made.instances["eu"], shop.account.calls) == (there(), ["tag cri-eu team=platform"])


def test_an_upgrade_is_ordered_once_and_awaited() -> None:
    advanced = there(edition=Edition.ADVANCED)
    shop = Shop(comes_up=[[there()], [there()], [advanced]], answer=lost())
    made = update(shop, eu(Edition.ADVANCED), there(), billable=True)
    assert (made.instances["eu"], len(shop.orders)) == (advanced, 1)


def test_an_upgrade_that_has_happened_meanwhile_is_not_ordered() -> None:
    advanced = there(edition=Edition.ADVANCED)
    shop = Shop(comes_up=[[advanced]])
    update(shop, eu(Edition.ADVANCED), there(), billable=True)
    assert shop.orders == []
