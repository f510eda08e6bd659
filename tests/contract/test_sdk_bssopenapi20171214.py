"""The official Python SDK for billing, unmodified, against the local cloud."""

from __future__ import annotations

import time
from collections.abc import Callable

import pytest
from alibabacloud_bssopenapi20171214 import models
from alibabacloud_bssopenapi20171214.client import Client
from alibabacloud_cr20181201 import models as cr_models
from alibabacloud_tea_openapi.models import Config

from reconciler.emulator.policy import Policy
from reconciler.emulator.server import LocalCloud
from reconciler.model.spec import Desired
from tests.contract.test_sdk_cr20181201 import client as cr_client

pytestmark = pytest.mark.usefixtures("no_proxy")


def client(cloud: LocalCloud) -> Client:
    key, secret = cloud.access_key
    return Client(
        Config(
            access_key_id=key,
            access_key_secret=secret,
            region_id="cn-hangzhou",
            endpoint=cloud.endpoint.removeprefix("http://"),
            protocol="HTTP",
        )
    )


@pytest.fixture
def sdk(cloud: LocalCloud) -> Client:
    return client(cloud)


def order(token: str = "token-1", **modules: str) -> models.CreateInstanceRequest:
    chosen = {"InstanceType": "Basic", "InstanceName": "acme-new", "Region": "cn-hangzhou", **modules}
    return models.CreateInstanceRequest(
        product_code="acr",
        product_type="acr_ee_public_cn",
        subscription_type="Subscription",
        period=12,
        renewal_status="AutoRenewal",
        renew_period=12,
        client_token=token,
        parameter=[models.CreateInstanceRequestParameter(code=code, value=value) for code, value in chosen.items()],
    )


def until(reached: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 20
    while not reached():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def test_what_is_bought_comes_up_and_runs(cloud: LocalCloud, sdk: Client) -> None:
    body = sdk.create_instance(order()).body
    assert (body.success, body.code, body.data.instance_id[:4]) == (True, "Success", "cri-")
    assert body.data.order_id
    cr = cr_client(cloud)
    seen: list[str] = []

    def running() -> bool:
        listed = cr.list_instance(cr_models.ListInstanceRequest(instance_name="acme-new")).body.instances
        seen.extend(row.instance_status for row in listed)
        return "RUNNING" in seen

    until(running)
    rank = ["PENDING", "STARTING", "RUNNING"]
    assert [rank.index(status) for status in seen] == sorted(rank.index(status) for status in seen)
    found = cr.get_instance(cr_models.GetInstanceRequest(instance_id=body.data.instance_id)).body
    assert (found.instance_name, found.instance_specification) == ("acme-new", "Enterprise_Basic")
    endpoint = cr_models.GetInstanceEndpointRequest(instance_id=body.data.instance_id, endpoint_type="Internet")
    assert cr.get_instance_endpoint(endpoint).body.enable is False


def test_a_token_buys_once(sdk: Client) -> None:
    first, second, third = (sdk.create_instance(order(token)).body for token in ("t1", "t1", "t2"))
    assert (first.data.instance_id, first.data.order_id) == (second.data.instance_id, second.data.order_id)
    assert (third.success, third.code) == (False, "INSTANCE_ALREADY_EXIST")
    query = models.QueryAvailableInstancesRequest(product_code="acr", region="cn-hangzhou")
    bills = sdk.query_available_instances(query).body.data
    assert [bill.instance_id for bill in bills.instance_list].count(first.data.instance_id) == 1
    assert {bill.status for bill in bills.instance_list} <= {"Creating", "Normal"}
    assert bills.total_count == len(bills.instance_list) == 2


def test_an_upgrade_keeps_the_instance(cloud: LocalCloud, sdk: Client) -> None:
    identity = cloud.instance_id("eu")
    request = models.ModifyInstanceRequest(
        product_code="acr",
        product_type="acr_ee_public_cn",
        subscription_type="Subscription",
        instance_id=identity,
        modify_type="Upgrade",
        client_token="up",
        parameter=[models.ModifyInstanceRequestParameter(code="InstanceType", value="Advanced")],
    )
    assert sdk.modify_instance(request).body.data.order_id == sdk.modify_instance(request).body.data.order_id
    found = cr_client(cloud, region="eu-central-1").get_instance(cr_models.GetInstanceRequest(instance_id=identity))
    assert found.body.instance_specification == "Enterprise_Advanced"


def test_prices_are_quoted_for_the_whole_period(sdk: Client) -> None:
    request = models.GetSubscriptionPriceRequest(
        product_code="acr",
        product_type="acr_ee_public_cn",
        subscription_type="Subscription",
        order_type="NewOrder",
        region="cn-hangzhou",
        service_period_quantity=1,
        service_period_unit="Year",
        quantity=1,
        module_list=[
            models.GetSubscriptionPriceRequestModuleList(module_code="InstanceType", config="InstanceType:Basic")
        ],
    )
    body = sdk.get_subscription_price(request).body
    assert (body.data.original_price, body.data.currency, body.data.quantity) == (1356, "USD", 1)
    assert [detail.module_code for detail in body.data.module_details.module_detail] == ["InstanceType"]


def test_accounts_of_the_other_site_are_told_so(seed: Desired) -> None:
    with LocalCloud.start(seed, speed=200, policy=Policy(international=True)) as cloud:
        body = client(cloud).create_instance(order()).body
    assert (body.success, body.code) == (False, "NotApplicable")
