"""Instances: bought, awaited, upgraded, tagged. What costs money is ordered once, whatever gets lost on the way."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import replace

from reconciler.acr.bss import Bss
from reconciler.acr.errors import MalformedAnswer, Unavailable, Unreachable
from reconciler.core.purchases import offer_of
from reconciler.executor.target import Workbench
from reconciler.executor.waiting import Patience, StepFailed
from reconciler.model.address import Address
from reconciler.model.billing import Offer
from reconciler.model.live import RUNNING, LiveInstance
from reconciler.model.plan import Change
from reconciler.model.spec import Instance

_DEADLINE = 1800.0
"""Seconds. The service takes about six minutes to make an instance."""

_FAILED = "INIT_ERROR"
_UNDER_WAY = "Creating"
"""What the billing API calls an instance that was sold and is not there yet. Its models do not list its words, so this
one is from its pages; the token of an order does not depend on it."""


def buy_instance(bench: Workbench, change: Change) -> None:
    """Order the instance unless it is there already, wait until it runs, and give it its tags.

    An order whose answer was lost is not sent again: the instance is looked for, by this run and by the next one. A
    repeated order carries the same token, so that the service itself knows it for the same.
    """
    instance = _declared(bench, change.address)
    offer = offer_of(instance)
    if offer is None:
        raise StepFailed("the YAML does not say what to buy; plan again")
    patience = _patience(bench)
    if _listed(bench, instance) is None:
        _await_other_orders(bench, _shop(bench), change, offer, patience)
    if _listed(bench, instance) is None:
        _order(lambda: _shop(bench).buy(offer, _token("create", offer)))
        bench.waiting(change, "ordered -> listed")
        patience.until(
            lambda: _listed(bench, instance) is not None,
            f"the order of `{offer.name}` was placed, the instance is not listed yet",
        )
    live = _await_running(bench, change, instance, patience)
    _settle_settings(bench, instance, live)


def update_instance(bench: Workbench, change: Change) -> None:
    """Wait for an instance that comes up, order the edition that is declared, and set tags and resource group."""
    instance = _declared(bench, change.address)
    live = bench.instance(instance.key)
    patience = _patience(bench)
    if live.status != RUNNING:
        live = _await_running(bench, change, instance, patience)
    if change.billable is not None:
        live = _upgrade(bench, change, instance, live, patience)
    _settle_settings(bench, instance, live)


def _upgrade(
    bench: Workbench, change: Change, instance: Instance, live: LiveInstance, patience: Patience
) -> LiveInstance:
    edition = instance.edition
    if edition is None:
        raise StepFailed("the YAML does not say which edition to buy; plan again")
    now = bench.cr.get_instance(live.region, live.id)
    if now.edition is not edition:
        token = _token("upgrade", live.id, now.edition or "", edition)
        _order(lambda: _shop(bench).upgrade(live.region, live.id, edition, token, instance.account))
        bench.waiting(change, f"{now.edition} -> {edition}")
        patience.until(
            lambda: bench.cr.get_instance(live.region, live.id).edition is edition,
            f"the upgrade of `{live.name}` to {edition} was ordered",
        )
    return _await_running(bench, change, instance, patience)


def _order(place: Callable[[], object]) -> None:
    """Place an order. When nobody knows what became of it, the caller looks for what it would have brought."""
    try:
        place()
    except (Unavailable, MalformedAnswer):
        return
    except Unreachable as error:
        if not error.sent:
            raise


def _await_other_orders(bench: Workbench, bss: Bss, change: Change, offer: Offer, patience: Patience) -> None:
    """What the billing side has sold in this region and nobody can see yet may be this very instance."""
    hidden = {bill.instance_id for bill in bss.bills(offer.region, offer.account) if bill.status == _UNDER_WAY}
    if hidden:
        bench.waiting(change, "an earlier order comes up")
        patience.until(
            lambda: hidden <= {live.id for live in bench.cr.list_instances(offer.region, offer.account)},
            f"an earlier order of this account is under way ({', '.join(sorted(hidden))}), nothing more is bought",
        )


def _await_running(bench: Workbench, change: Change, instance: Instance, patience: Patience) -> LiveInstance:
    """The instance when it runs. Raises StepFailed with the service's own words when it cannot."""
    told = ""
    seen: list[LiveInstance] = []

    def runs() -> bool:
        nonlocal told
        live = _listed(bench, instance)
        if live is None:
            return False
        seen[:] = [live]
        bench.own(live.id, instance.account)
        issue = f": {live.issue}" if live.issue else ""
        if live.status == _FAILED:
            raise StepFailed(f"the service cannot make `{live.name}` ({live.id}){issue}")
        if live.status != RUNNING and f"{live.status}{issue}" != told:
            told = f"{live.status}{issue}"
            bench.waiting(change, f"{told} -> {RUNNING}")
        return live.status == RUNNING

    try:
        patience.until(runs, f"`{instance.name}` running")
    except StepFailed as failure:
        if not (seen and failure.retryable):
            raise
        issue = f", the service says {seen[0].issue}" if seen[0].issue else ""
        raise StepFailed(f"{failure} ({seen[0].id} is {seen[0].status}{issue})", retryable=True) from failure
    bench.instances[instance.key] = seen[0]
    return seen[0]


def _settle_settings(bench: Workbench, instance: Instance, live: LiveInstance) -> None:
    if instance.tags is not None:
        missing = {key: value for key, value in instance.tags.items() if live.tags.get(key) != value}
        extra = live.tags.keys() - instance.tags.keys()
        if missing:
            bench.cr.add_tags(live.region, live.id, missing)
        if extra:
            bench.cr.remove_tags(live.region, live.id, extra)
    group = instance.resource_group
    if group is not None and group != live.resource_group:
        bench.cr.set_resource_group(live.region, live.id, group)


def _listed(bench: Workbench, instance: Instance) -> LiveInstance | None:
    found = bench.cr.list_instances(instance.region, instance.account)
    return next((i for i in found if (i.id == instance.id if instance.id else i.name == instance.name)), None)


def _shop(bench: Workbench) -> Bss:
    if bench.bss is None:
        raise StepFailed("nothing may be bought in this run; pass `--allow-billable`")
    return bench.bss


def _token(*about: object) -> str:
    """The same order always has the same token, in every run; the service takes up to 64 characters."""
    text = "\0".join(str(part) for part in about)
    return "acr-reconciler-" + hashlib.sha256(text.encode()).hexdigest()[:40]


def _declared(bench: Workbench, address: Address) -> Instance:
    return next(i for i in bench.desired.instances if i.address == address)


def _patience(bench: Workbench) -> Patience:
    return replace(bench.patience, deadline=_DEADLINE)
