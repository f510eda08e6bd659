"""Instances that the YAML allows to buy: what would be ordered, at which price, and how a plan reckons with them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from reconciler.core.locate import find_instance
from reconciler.model.billing import Billable, Offer, Quote
from reconciler.model.diagnostic import Diagnostic, Severity
from reconciler.model.live import COMING_UP, RUNNING, Live, LiveInstance
from reconciler.model.rulebook import Rule
from reconciler.model.spec import Desired, Edition, Instance, Permission, Purchase

RULES = (
    Rule(
        "R-BILL-1",
        "the plan buys something",
        "A step of the plan orders an instance, or another edition of one, at the account's cost. `apply` takes no "
        "such step without `--allow-billable`. What was bought is never given back from here.",
        "Pass `--allow-billable` to `apply` when that is meant, or leave the step out with `--exclude`.",
    ),
    Rule(
        "R-BILL-2",
        "a purchase is not described well enough",
        "What is bought has to be said: the edition, and the name that the instance will have for good. An instance "
        "that is given by its `id` exists already, so none can be bought for it.",
        "Declare `edition`, and `name` in place of `id`; or remove `create` from `purchase.allow`.",
    ),
    Rule(
        "R-BILL-3",
        "images into an instance that does not run yet are planned later",
        "The registry of an instance has no address before it runs, so its images cannot be compared yet. Its settings "
        "can: a new instance holds nothing.",
        "Plan and apply once more when this plan is done.",
    ),
)

PRODUCT = "Container Registry Enterprise Edition"
_NEW = "NEW"

_RANK = (Edition.ECONOMY, Edition.BASIC, Edition.STANDARD, Edition.ADVANCED)


def offer_of(instance: Instance) -> Offer | None:
    """What would be ordered when the instance does not exist; None when nothing may be, or when too little is said."""
    purchase = instance.purchase
    if purchase is None or not instance.may(Permission.CREATE) or instance.id or instance.edition is None:
        return None
    months, renewal = purchase.period_months, purchase.renewal
    return Offer(instance.region, instance.name, instance.edition, months, renewal, instance.account)


def with_purchases(desired: Desired, live: Live) -> Live:
    """`live` as it will be when what may be bought is there, with nothing in it."""
    missing = [i for i in desired.instances if offer_of(i) is not None and find_instance(live, i) is None]
    new = [LiveInstance(f"new-{i.key}", i.name, i.region, i.edition, _NEW, account=i.account) for i in missing]
    return replace(live, instances=(*live.instances, *new)) if new else live


def is_new(instance: LiveInstance) -> bool:
    """Whether it is one of `with_purchases`, which nobody has bought yet."""
    return instance.status == _NEW


def is_arriving(declared: Instance, live: LiveInstance) -> bool:
    """Whether the instance is new, or was bought and does not run yet: it holds nothing."""
    return is_new(live) or (live.status in COMING_UP and declared.may(Permission.CREATE))


def is_upgrade(before: Edition, after: Edition) -> bool:
    return _RANK.index(after) > _RANK.index(before)


def purchase_of(offer: Offer, live: Live) -> Billable:
    quote = next((q for q in live.quotes if q.offer == offer), Quote(offer, None, "it was not asked for"))
    price = str(quote.price) if quote.price is not None else ""
    return Billable(PRODUCT, offer.edition, offer.period_months, offer.renewal, price, quote.unknown)


def upgrade_of(purchase: Purchase, edition: Edition) -> Billable:
    unknown = "it depends on the time that is left, and the service quotes no upgrade"
    return Billable(PRODUCT, edition, purchase.period_months, purchase.renewal, "", unknown)


def bought(instance: Instance, billable: Billable, what: str) -> Diagnostic:
    price = billable.price or f"unknown, {billable.unknown}"
    return Diagnostic(
        "R-BILL-1",
        Severity.WARNING,
        f"`{instance.key}` is {what}: {billable.product}, {billable.edition}; list price: {price}",
        hint="pass `--allow-billable` to `apply` when that is meant; what was bought is never given back from here",
        span=instance.places.at("purchase"),
        address=str(instance.address),
    )


def undescribed(desired: Desired) -> Iterator[Diagnostic]:
    """Purchases that could not be ordered as they are declared."""
    for instance in desired.instances:
        if not instance.may(Permission.CREATE):
            continue
        if instance.id:
            yield _undescribed(instance, "is given by its `id`", "give its `name`, or remove `create` from `allow`")
        elif instance.edition is None:
            yield _undescribed(instance, "has no `edition`", "declare the `edition` to buy")


def _undescribed(instance: Instance, what: str, hint: str) -> Diagnostic:
    return Diagnostic(
        "R-BILL-2",
        Severity.ERROR,
        f"`{instance.key}` may be bought and {what}",
        hint=hint,
        span=instance.places.at("purchase"),
        address=str(instance.address),
    )


def images_later(desired: Desired, instances: dict[str, LiveInstance]) -> Iterator[Diagnostic]:
    """One note for each instance whose images have to wait for it."""
    fed = {rule.target for rule in desired.imports} | {rule.target for rule in desired.replications}
    for instance in desired.instances:
        live = instances.get(instance.key)
        if live is not None and instance.key in fed and live.status != RUNNING and is_arriving(instance, live):
            yield Diagnostic(
                "R-BILL-3",
                Severity.WARNING,
                f"the images of `{instance.key}` are compared once it runs",
                hint="plan and apply once more when this plan is done",
                span=instance.places.span,
                address=str(instance.address),
            )
