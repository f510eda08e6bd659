"""Buying: the API BssOpenApi, version 2017-12-14. What it does costs money, and nothing here undoes it.

The parameters of CreateInstance are those of the product's page (`createinstance-1`) and of the Terraform provider.
No source shows an upgrade through ModifyInstance or the pricing modules of GetSubscriptionPrice for this product: they
follow the general description of these calls.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from reconciler.acr.answer import Answer
from reconciler.acr.errors import ApiError
from reconciler.acr.request import Request, Version
from reconciler.acr.transport import Caller
from reconciler.model.billing import Offer, Price
from reconciler.model.spec import Edition, Renewal

PRODUCT = "acr"
_INTERNATIONAL_REGION = "ap-southeast-1"
_PAGE = 300
"""The documented maximum."""


class Site(StrEnum):
    """The product type, which depends on where the account was opened and not on the instance's region."""

    CHINA = "acr_ee_public_cn"
    INTERNATIONAL = "acr_ee_public_intl"


@dataclass(frozen=True, slots=True)
class Bill:
    """An instance as the billing side knows it; `status` is in its own words, such as `Normal` or `Creating`."""

    instance_id: str
    region: str
    status: str


class Bss:
    """Reads parse at the door; every method raises AcrError."""

    def __init__(self, transport: Caller) -> None:
        self._transport = transport

    def price(self, offer: Offer) -> Price:
        """The list price of a new instance for the whole period."""
        parameters = {
            "OrderType": "NewOrder",
            "Quantity": "1",
            "Region": offer.region,
            "ServicePeriodQuantity": str(offer.period_months),
            "ServicePeriodUnit": "Month",
            "ModuleList.1.ModuleCode": "InstanceType",
            "ModuleList.1.Config": f"InstanceType:{_written(offer.edition)},Region:{offer.region}",
        }
        data = self._call(offer.region, "GetSubscriptionPrice", parameters, offer.account).part("Data")
        return Price(f"{data.amount('OriginalPrice'):,.2f}", data.text("Currency"))

    def buy(self, offer: Offer, token: str) -> str:
        """Order the instance that `offer` describes; the id that it will have, empty when the answer does not say.

        The service answers a `token` that it has seen with the result of the first call.
        """
        parameters = {
            "ClientToken": token,
            "Period": str(offer.period_months),
            **_renewal(offer),
            **_modules(
                InstanceType=_written(offer.edition),
                InstanceName=offer.name,
                Region=offer.region,
                DefaultOssBucket="true",
            ),
        }
        return self._call(offer.region, "CreateInstance", parameters, offer.account).part("Data").text("InstanceId", "")

    def upgrade(self, region: str, instance_id: str, edition: Edition, token: str, account: str = "") -> None:
        """Order another edition for an instance of `account`."""
        parameters = {
            "ClientToken": token,
            "InstanceId": instance_id,
            "ModifyType": "Upgrade",
            **_modules(InstanceType=_written(edition)),
        }
        self._call(region, "ModifyInstance", parameters, account)

    def bills(self, region: str, account: str = "") -> tuple[Bill, ...]:
        """What `account` pays for in `region`, in id order."""
        found: list[Bill] = []
        number = 1
        while True:
            parameters = {"Region": region, "PageNum": str(number), "PageSize": str(_PAGE)}
            data = self._call(region, "QueryAvailableInstances", parameters, account).part("Data")
            page = data.parts("InstanceList")
            found += [Bill(i.text("InstanceID"), i.text("Region", region), i.text("Status", "")) for i in page]
            if not page or len(found) >= data.number("TotalCount", len(found)):
                return tuple(sorted(found, key=lambda bill: bill.instance_id))
            number += 1

    def _call(self, region: str, action: str, parameters: Mapping[str, str], account: str) -> Answer:
        """Always for a named account, since a region does not tell who pays.

        As a customer of the China site, and as one of the international site when the service says that it is one:
        `NotApplicable` is a refusal, after which nothing was bought.
        """
        try:
            return self._at(Site.CHINA, region, action, parameters, account)
        except ApiError as error:
            if error.code != "NotApplicable":
                raise
            return self._at(Site.INTERNATIONAL, _INTERNATIONAL_REGION, action, parameters, account)

    def _at(self, site: Site, region: str, action: str, parameters: Mapping[str, str], account: str) -> Answer:
        product = {"ProductCode": PRODUCT, "ProductType": site.value, "SubscriptionType": "Subscription"}
        query = {**product, **parameters}
        return self._transport.call(Request(Version.BILLING, action, region, query, account=account))


def _renewal(offer: Offer) -> dict[str, str]:
    if offer.renewal is Renewal.AUTO:
        return {"RenewalStatus": "AutoRenewal", "RenewPeriod": str(offer.period_months)}
    return {"RenewalStatus": "ManualRenewal"}


def _modules(**values: str) -> dict[str, str]:
    numbered = enumerate(values.items(), 1)
    return {
        key: text
        for number, (code, value) in numbered
        for key, text in ((f"Parameter.{number}.Code", code), (f"Parameter.{number}.Value", value))
    }


def _written(edition: Edition) -> str:
    return edition.value.capitalize()
