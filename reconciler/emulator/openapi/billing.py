"""The billing API (BssOpenApi 2017-12-14), as far as buying instances goes. Nobody is charged for anything."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from itertools import chain, count

from reconciler.emulator.account import Endpoint, Instance, InstanceStatus, Order
from reconciler.emulator.catalogue import enterprise_catalogue
from reconciler.emulator.cloud import DEFAULT_REGION
from reconciler.emulator.openapi.call import Call, Operation, Parameters, Payload, invalid
from reconciler.emulator.policy import DELAYS
from reconciler.emulator.refusal import Refused
from reconciler.model.spec import Edition

_PRODUCT = "acr"
_CHINA, _INTERNATIONAL = "acr_ee_public_cn", "acr_ee_public_intl"
_NAME = re.compile(r"[a-z0-9][a-z0-9-]{1,28}[a-z0-9]")

# Dollars a month, from an old snapshot of the page on billing (China); Standard and Economy are made up.
_MONTHLY: Mapping[Edition, int] = {
    Edition.ECONOMY: 57,
    Edition.BASIC: 113,
    Edition.STANDARD: 226,
    Edition.ADVANCED: 428,
}


async def create_instance(call: Call) -> Payload:
    """A token that was seen before is answered with what was bought then."""
    account, parameters = call.cloud.account, call.parameters
    _check_product(call)
    token = parameters.text("ClientToken")
    if token in account.orders:
        return _receipt(account.orders[token])
    period = parameters.integer("Period", 0, low=1, high=60)
    if not period:
        parameters.required("Period")
    parameters.choice_of("RenewalStatus", ("AutoRenewal", "ManualRenewal"))
    if parameters.text("RenewalStatus") == "AutoRenewal":
        parameters.required("RenewPeriod")
    modules = _modules(parameters)
    name, region = modules.get("InstanceName", ""), modules.get("Region") or call.region or DEFAULT_REGION
    if not _NAME.fullmatch(name):
        raise Refused("INSTANCE_NAME_INVALID", f"instance name is invalid: {name}")
    if any((i.name, i.region) == (name, region) for i in account.instances.values()):
        raise Refused("INSTANCE_ALREADY_EXIST", f"instance already exists: {name}")
    quota = call.cloud.policy.quotas[_edition(modules)]
    instance = Instance(
        key=_key(name, account.instances.values()),
        id=account.new_id("cri", region, name),
        name=name,
        region=region,
        edition=_edition(modules),
        created=call.cloud.clock.now(),
        catalogue=enterprise_catalogue(quota),
        internet=Endpoint(enabled=False, status=None),
        vpc_quota=quota.vpcs + int(modules.get("vpc_num", "0")),
        status=InstanceStatus.PENDING,
        listed=False,
    )
    order = Order(str(200000000000000 + account.next_serial()), instance.id)
    account.instances[instance.id] = instance
    if token:
        account.orders[token] = order
    _grow_up(call, instance)
    await call.cloud.open_registry(instance)
    return _receipt(order)


def modify_instance(call: Call) -> Payload:
    """An upgrade; the instance stays up meanwhile."""
    account, parameters = call.cloud.account, call.parameters
    _check_product(call)
    token = parameters.text("ClientToken")
    if token in account.orders:
        return {"Data": {"OrderId": account.orders[token].id}}
    parameters.choice_of("ModifyType", ("Upgrade", "Downgrade"))
    instance = account.instance(parameters.required("InstanceId"))
    instance.edition = _edition(_modules(parameters))
    quota = call.cloud.policy.quotas[instance.edition]
    instance.catalogue.namespace_quota = quota.namespaces
    instance.catalogue.repository_quota = quota.repositories
    order = Order(str(200000000000000 + account.next_serial()), instance.id)
    if token:
        account.orders[token] = order
    return {"Data": {"OrderId": order.id}}


def query_available_instances(call: Call) -> Payload:
    parameters = call.parameters
    number, size = parameters.integer("PageNum", 1), parameters.integer("PageSize", 20, high=300)
    region, wanted = parameters.text("Region"), parameters.text("InstanceIDs")
    found = [
        instance
        for instance in call.cloud.account.instances.values()
        if region in ("", instance.region) and (not wanted or instance.id in wanted.split(","))
    ]
    rows: list[Payload] = [
        {
            "InstanceID": instance.id,
            "ProductCode": _PRODUCT,
            "ProductType": _sold_as(call),
            "Region": instance.region,
            "CreateTime": datetime.fromtimestamp(instance.created / 1000, UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
            "Status": "Normal" if instance.status is InstanceStatus.RUNNING else "Creating",
            "SubscriptionType": "Subscription",
            "RenewStatus": "ManualRenewal",
        }
        for instance in found[(number - 1) * size : number * size]
    ]
    return {"Data": {"InstanceList": rows, "PageNum": number, "PageSize": size, "TotalCount": len(found)}}


def get_subscription_price(call: Call) -> Payload:
    parameters = call.parameters
    _check_product(call)
    parameters.choice_of("OrderType", ("NewOrder", "Renewal", "Upgrade"))
    months = parameters.integer("ServicePeriodQuantity", 1)
    if parameters.text("ServicePeriodUnit") == "Year":
        months *= 12
    parameters.required("ModuleList.1.ModuleCode")
    config = dict(pair.partition(":")[::2] for pair in parameters.required("ModuleList.1.Config").split(","))
    price = float(_MONTHLY[_edition(config)] * months)
    detail: Payload = {"ModuleCode": "InstanceType", "OriginalCost": price, "CostAfterDiscount": price}
    return {
        "Data": {
            "Currency": "USD",
            "OriginalPrice": price,
            "TradePrice": price,
            "DiscountPrice": 0.0,
            "Quantity": parameters.integer("Quantity", 1),
            "ModuleDetails": {"ModuleDetail": [detail]},
        }
    }


def _grow_up(call: Call, instance: Instance) -> None:
    async def show() -> None:
        instance.listed = True
        call.cloud.changed()

    async def start() -> None:
        instance.status = InstanceStatus.STARTING
        call.cloud.changed()

    async def run() -> None:
        instance.status = InstanceStatus.RUNNING
        call.cloud.changed()

    call.cloud.later(DELAYS.instance_listed, show)
    call.cloud.later(DELAYS.instance_starting, start)
    call.cloud.later(DELAYS.instance_running, run)


def _key(name: str, known: Iterable[Instance]) -> str:
    """The name, or with a number when an instance of another region has it."""
    taken = {instance.key for instance in known}
    return next(key for key in chain((name,), (f"{name}-{number}" for number in count(2))) if key not in taken)


def _receipt(order: Order) -> Payload:
    return {"Data": {"InstanceId": order.instance_id, "OrderId": order.id}}


def _check_product(call: Call) -> None:
    if call.parameters.required("ProductCode") != _PRODUCT:
        raise invalid("ProductCode", call.parameters.text("ProductCode"))
    call.parameters.choice_of("SubscriptionType", ("Subscription",))
    if call.parameters.choice_of("ProductType", (_CHINA, _INTERNATIONAL)) != _sold_as(call):
        raise Refused("NotApplicable", "This API is not applicable for caller.")


def _sold_as(call: Call) -> str:
    return _INTERNATIONAL if call.cloud.policy.international else _CHINA


def _modules(parameters: Parameters) -> dict[str, str]:
    """`Parameter.N.Code` to `Parameter.N.Value`."""
    found: dict[str, str] = {}
    number = 1
    while code := parameters.text(f"Parameter.{number}.Code"):
        found[code] = parameters.text(f"Parameter.{number}.Value")
        number += 1
    return found


def _edition(modules: Mapping[str, str]) -> Edition:
    word = modules.get("InstanceType", "")
    if word not in {edition.capitalize() for edition in Edition}:
        raise invalid("InstanceType", word)
    return Edition(word.lower())


OPERATIONS: dict[str, Operation] = {
    "CreateInstance": create_instance,
    "GetSubscriptionPrice": get_subscription_price,
    "ModifyInstance": modify_instance,
    "QueryAvailableInstances": query_available_instances,
}
