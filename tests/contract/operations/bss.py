"""Billing, version 2017-12-14."""

from __future__ import annotations

from tests.contract.operations.official import BSS
from tests.contract.operations.stage import Fields, Operation, Stage

_SOLD: Fields = {
    "ProductCode": "acr",
    "ProductType": "acr_ee_public_cn",
    "SubscriptionType": "Subscription",
}


def _order(_: Stage) -> Fields:
    modules = {"InstanceType": "Basic", "InstanceName": "acme-new", "Region": "cn-hangzhou"}
    parameters = [{"Code": code, "Value": value} for code, value in modules.items()]
    return {**_SOLD, "Period": 12, "RenewalStatus": "ManualRenewal", "ClientToken": "token", "Parameter": parameters}


def _upgrade(stage: Stage) -> Fields:
    modules = [{"Code": "InstanceType", "Value": "Advanced"}]
    return {**_SOLD, "InstanceId": stage.eu, "ModifyType": "Upgrade", "Parameter": modules}


def _question(_: Stage) -> Fields:
    return {
        **_SOLD,
        "OrderType": "NewOrder",
        "Region": "cn-hangzhou",
        "ServicePeriodQuantity": 12,
        "ServicePeriodUnit": "Month",
        "ModuleList": [{"ModuleCode": "InstanceType", "Config": "InstanceType:Basic,Region:cn-hangzhou"}],
    }


_WITHOUT_TERM = (
    "EndTime",
    "ExpectedReleaseTime",
    "OwnerId",
    "ReleaseTime",
    "RenewalDuration",
    "RenewalDurationUnit",
    "Seller",
    "SellerId",
    "StopTime",
    "SubStatus",
)
"""An instance of the local cloud never ends, and nobody sold it."""

OPERATIONS: tuple[Operation, ...] = (
    Operation(BSS, "CreateInstance", _order),
    Operation(BSS, "ModifyInstance", _upgrade, omits=("Data.HostId",)),
    Operation(
        BSS,
        "QueryAvailableInstances",
        lambda _: {"ProductCode": "acr", "Region": "cn-hangzhou"},
        omits=tuple(f"Data.InstanceList.{name}" for name in _WITHOUT_TERM),
    ),
    Operation(
        BSS,
        "GetSubscriptionPrice",
        _question,
        # Nothing is on sale here, and nothing is paid by instalments.
        omits=(
            "Data.PaymentScheme",
            "Data.PromotionDetails",
            "Data.ModuleDetails.ModuleDetail.InvoiceDiscount",
            "Data.ModuleDetails.ModuleDetail.UnitPrice",
        ),
    ),
)
