# ruff: noqa: ARG002 - the signatures are those of `Bss` and `Cr`.
"""A place to buy instances in memory: what was ordered, and how it comes up in the account, reading by reading."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from reconciler.acr.answer import Answer
from reconciler.acr.bss import Bill, Bss
from reconciler.acr.errors import AcrError
from reconciler.acr.request import Request
from reconciler.model.billing import Offer
from reconciler.model.live import LiveInstance
from reconciler.model.spec import Edition
from tests.unit.executor.account import Account


class _NoService:
    def call(self, request: Request) -> Answer:
        raise AssertionError(f"the service was called: {request.action}")


class Listing(Account):
    """`readings` are the instances of the account, one reading after the other; the last one stays."""

    def __init__(self, readings: Sequence[Sequence[LiveInstance]]) -> None:
        super().__init__()
        self.readings = list(readings)

    def list_instances(self, region: str, account: str | None = None) -> tuple[LiveInstance, ...]:
        return tuple(self.readings.pop(0) if len(self.readings) > 1 else self.readings[0])

    def get_instance(self, region: str, instance_id: str) -> LiveInstance:
        return next(i for i in self.list_instances(region) if i.id == instance_id)

    def add_tags(self, region: str, instance_id: str, tags: Mapping[str, str]) -> None:
        self.calls.append(f"tag {instance_id} " + " ".join(f"{key}={value}" for key, value in tags.items()))

    def remove_tags(self, region: str, instance_id: str, keys: Iterable[str]) -> None:
        self.calls.append(f"untag {instance_id} {' '.join(sorted(keys))}")

    def set_resource_group(self, region: str, instance_id: str, resource_group: str) -> None:
        self.calls.append(f"move {instance_id} {resource_group}")


class Shop(Bss):
    """`orders` are what was ordered with its token; `answer` is what the service says to every one, if not yes."""

    def __init__(
        self,
        comes_up: Sequence[Sequence[LiveInstance]],
        answer: AcrError | None = None,
        under_way: Iterable[str] = (),
    ) -> None:
        super().__init__(_NoService())
        self.account = Listing(comes_up)
        self.answer = answer
        self.under_way = tuple(under_way)
        self.orders: list[tuple[object, str]] = []
        self.told: list[str] = []

    def bills(self, region: str, account: str = "") -> tuple[Bill, ...]:
        return tuple(Bill(identity, region, "Creating") for identity in self.under_way)

    def buy(self, offer: Offer, token: str) -> str:
        self._order(offer, token)
        return "cri-eu"

    def upgrade(self, region: str, instance_id: str, edition: Edition, token: str, account: str = "") -> None:
        self._order((instance_id, edition), token)

    def _order(self, what: object, token: str) -> None:
        self.orders.append((what, token))
        if self.answer is not None:
            raise self.answer
