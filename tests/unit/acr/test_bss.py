from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import httpx
import pytest

from reconciler.acr.accounts import Accounts, Owners
from reconciler.acr.bss import Bill, Bss
from reconciler.acr.errors import ApiError, MalformedAnswer, WriteRefused
from reconciler.acr.transport import ReadOnlyTransport, Transport
from reconciler.model.billing import Offer, Price
from reconciler.model.json_value import Json
from reconciler.model.spec import Edition, Renewal

Connect = Callable[[Callable[[httpx.Request], httpx.Response]], Transport]

OFFER = Offer("eu-central-1", "acme-eu", Edition.BASIC, 12, Renewal.AUTO)
PRODUCT = {"ProductCode": "acr", "ProductType": "acr_ee_public_cn", "SubscriptionType": "Subscription"}


def answer(data: Json) -> httpx.Response:
    return httpx.Response(200, json={"Code": "Success", "Success": True, "RequestId": "R", "Data": data})


def refused(code: str) -> httpx.Response:
    return httpx.Response(200, json={"Code": code, "Message": "no", "Success": False, "RequestId": "R"})


def test_an_order_says_exactly_what_is_bought(connect: Connect) -> None:
    seen: list[httpx.Request] = []

    def serve(request: httpx.Request) -> httpx.Response:
        seen.append(request)
        return answer({"InstanceId": "cri-1", "OrderId": "20"})

    assert Bss(connect(serve)).buy(OFFER, "token") == "cri-1"
    (request,) = seen
    assert (request.url.host, request.headers["x-acs-version"]) == (
        "business.ap-southeast-1.aliyuncs.com",
        "2017-12-14",
    )
    assert dict(request.url.params) == {
        **PRODUCT,
        "ClientToken": "token",
        "Period": "12",
        "RenewalStatus": "AutoRenewal",
        "RenewPeriod": "12",
        "Parameter.1.Code": "InstanceType",
        "Parameter.1.Value": "Basic",
        "Parameter.2.Code": "InstanceName",
        "Parameter.2.Value": "acme-eu",
        "Parameter.3.Code": "Region",
        "Parameter.3.Value": "eu-central-1",
        "Parameter.4.Code": "DefaultOssBucket",
        "Parameter.4.Value": "true",
    }


def test_an_account_of_the_other_site_is_served_there(connect: Connect) -> None:
    asked: list[tuple[str, str]] = []

    def serve(request: httpx.Request) -> httpx.Response:
        kind = request.url.params["ProductType"]
        asked.append((request.url.host, kind))
        return answer({"InstanceId": "cri-1"}) if kind == "acr_ee_public_intl" else refused("NotApplicable")

    hub = Offer("cn-hangzhou", "acme-hub", Edition.ADVANCED, 1, Renewal.MANUAL)
    assert Bss(connect(serve)).buy(hub, "token") == "cri-1"
    assert asked == [
        ("business.aliyuncs.com", "acr_ee_public_cn"),
        ("business.ap-southeast-1.aliyuncs.com", "acr_ee_public_intl"),
    ]


def test_a_refusal_is_told_by_success_and_not_by_the_status(connect: Connect) -> None:
    transport = connect(lambda _request: refused("PayFailed"))
    with pytest.raises(ApiError, match="PayFailed"):
        Bss(transport).buy(OFFER, "token")
    assert transport.calls == {"CreateInstance": 1}


def test_an_upgrade_changes_the_edition_alone(connect: Connect) -> None:
    seen: list[httpx.Request] = []

    def serve(request: httpx.Request) -> httpx.Response:
        seen.append(request)
        return answer({"OrderId": "20"})

    Bss(connect(serve)).upgrade("cn-hangzhou", "cri-1", Edition.ADVANCED, "token")
    assert dict(seen[0].url.params) == {
        **PRODUCT,
        "ClientToken": "token",
        "InstanceId": "cri-1",
        "ModifyType": "Upgrade",
        "Parameter.1.Code": "InstanceType",
        "Parameter.1.Value": "Advanced",
    }


def test_nothing_is_bought_through_a_read_only_transport(connect: Connect) -> None:
    transport = connect(lambda _request: answer({"OriginalPrice": 1356.5, "Currency": "USD"}))
    bss = Bss(ReadOnlyTransport(transport))
    assert bss.price(OFFER) == Price("1,356.50", "USD")
    for order in (lambda: bss.buy(OFFER, "token"), lambda: bss.upgrade("r", "i", Edition.ADVANCED, "token")):
        with pytest.raises(WriteRefused):
            order()
    assert transport.calls == {"GetSubscriptionPrice": 1}


@pytest.mark.parametrize("amount", [None, "much", True, "NaN"])
def test_a_price_that_is_none_is_not_taken_for_one(connect: Connect, amount: Json) -> None:
    with pytest.raises(MalformedAnswer, match="OriginalPrice"):
        Bss(connect(lambda _request: answer({"OriginalPrice": amount, "Currency": "USD"}))).price(OFFER)


def test_bills_are_read_to_the_end(connect: Connect) -> None:
    rows: list[Json] = [{"InstanceID": f"cri-{n:04}", "Region": "r", "Status": "Normal"} for n in range(301)]

    def serve(request: httpx.Request) -> httpx.Response:
        number, size = int(request.url.params["PageNum"]), int(request.url.params["PageSize"])
        return answer({"InstanceList": rows[(number - 1) * size : number * size], "TotalCount": len(rows)})

    found = Bss(connect(serve)).bills("r")
    assert (len(found), found[0]) == (301, Bill("cri-0000", "r", "Normal"))


def test_what_is_bought_is_paid_by_the_account_that_was_named(connect: Connect) -> None:
    asked: list[str] = []

    def of(name: str) -> Transport:
        def serve(_request: httpx.Request) -> httpx.Response:
            asked.append(name)
            return answer({"InstanceId": "cri-1", "OriginalPrice": 1, "Currency": "USD", "InstanceList": []})

        return connect(serve)

    everywhere = {"eu-central-1": "other", "ap-southeast-1": "other"}
    bss = Bss(Accounts({"": of("default"), "other": of("other")}, everywhere, Owners()))
    bss.buy(OFFER, "token")
    bss.price(replace(OFFER, account="other"))
    bss.buy(replace(OFFER, account="other"), "token")
    bss.bills("eu-central-1")
    bss.upgrade("eu-central-1", "cri-1", Edition.ADVANCED, "token", "other")
    assert asked == ["default", "other", "other", "default", "other"]
