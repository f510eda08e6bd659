"""What costs money: an instance on offer, its price, and the mark that a step of the plan carries."""

from __future__ import annotations

from dataclasses import dataclass

from reconciler.model.spec import Edition, Renewal


@dataclass(frozen=True, slots=True, order=True)
class Offer:
    """A new instance as it would be ordered, and the account that pays: its key in the YAML, empty for the default."""

    region: str
    name: str
    edition: Edition
    period_months: int
    renewal: Renewal
    account: str = ""


@dataclass(frozen=True, slots=True)
class Price:
    """The list price of the whole period, before anything that the account is granted; `amount` is decimal text."""

    amount: str
    currency: str

    def __str__(self) -> str:
        return f"{self.amount} {self.currency}"


@dataclass(frozen=True, slots=True)
class Quote:
    """What is known of the price of `offer`: `price`, or in words why there is none (`unknown`)."""

    offer: Offer
    price: Price | None
    unknown: str = ""


@dataclass(frozen=True, slots=True)
class Billable:
    """The mark of a step that costs money. `price` is empty when it is `unknown`, which says why."""

    product: str
    edition: Edition
    period_months: int
    renewal: Renewal
    price: str = ""
    unknown: str = ""
