"""VPC, ECS and RAM: read and written against the local cloud, and against answers that it does not give."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import httpx
import pytest

from reconciler.acr.credentials import Credential, StaticCredential
from reconciler.acr.endpoint import Endpoint
from reconciler.acr.errors import Conflict, MalformedAnswer, WriteRefused
from reconciler.acr.surroundings import Surroundings
from reconciler.acr.transport import ReadOnlyTransport, Transport, open_transport
from reconciler.emulator.server import LocalCloud
from reconciler.model.json_value import Json
from reconciler.model.network import Home, Ingress, Network, SecurityGroup, Vpc, Vswitch
from reconciler.model.spec import Desired

R = Home("cn-hangzhou")
ROLE, SERVICE = "AliyunServiceRoleForContainerRegistryConnectCustomerVPC", "connect-customer-vpc.cr.aliyuncs.com"
CLOSED = Ingress("all", 1, 65535, "192.168.0.0/16", accepts=False, priority=2)
SEED = Desired(
    networks=(
        Network(
            R.region,
            (Vpc("vpc-1", ("10.0.0.0/8", "172.16.0.0/12")),),
            (Vswitch("vsw-1", "vpc-1", "cn-hangzhou-h"),),
            (SecurityGroup("sg-1", "vpc-1", (CLOSED,)),),
        ),
    )
)

Connect = Callable[[Callable[[httpx.Request], httpx.Response]], Transport]


@pytest.fixture
def around() -> Iterator[Surroundings]:
    with LocalCloud.start(SEED) as cloud:
        transport = open_transport(Endpoint(cloud.endpoint), StaticCredential(Credential(*cloud.access_key)))
        yield Surroundings.over(transport)
        transport.close()


def test_what_is_in_the_region_is_found_with_all_its_blocks(around: Surroundings) -> None:
    assert around.vpc.get_vpc(R, "vpc-1") == Vpc("vpc-1", ("10.0.0.0/8", "172.16.0.0/12"))
    assert around.vpc.get_vswitch(R, "vpc-1", "vsw-1") == Vswitch("vsw-1", "vpc-1", "cn-hangzhou-h")
    assert around.ecs.get_security_group(R, "sg-1") == SecurityGroup("sg-1", "vpc-1", (CLOSED,))


def test_what_is_not_in_the_region_is_not_found(around: Surroundings) -> None:
    assert around.vpc.get_vpc(Home("cn-beijing"), "vpc-1") is None
    assert around.vpc.get_vpc(R, "vpc-2") is None
    assert around.vpc.get_vswitch(R, "vpc-2", "vsw-1") is None
    assert around.ecs.get_security_group(Home("cn-beijing"), "sg-1") is None


def test_a_rule_that_lets_in_is_read_back_and_stays_one_when_it_is_made_twice(around: Surroundings) -> None:
    rule = Ingress("tcp", 443, 443, "10.0.0.0/8")
    around.ecs.let_in(R, "sg-1", rule, "image import")
    around.ecs.let_in(R, "sg-1", rule, "image import")
    assert around.ecs.get_security_group(R, "sg-1") == SecurityGroup("sg-1", "vpc-1", (CLOSED, rule))


def test_the_role_of_a_service_is_made_once(around: Surroundings) -> None:
    assert not around.ram.has_role(R, ROLE)
    around.ram.create_service_linked_role(R, SERVICE)
    assert around.ram.has_role(R, ROLE)
    with pytest.raises(Conflict):
        around.ram.create_service_linked_role(R, SERVICE)


def test_networks_that_nobody_described_are_there_as_they_are_asked_for() -> None:
    with LocalCloud.start() as cloud:
        transport = open_transport(Endpoint(cloud.endpoint), StaticCredential(Credential(*cloud.access_key)))
        around = Surroundings.over(transport)
        assert around.vpc.get_vpc(R, "vpc-9") == Vpc("vpc-9", ("10.0.0.0/8",))
        assert around.vpc.get_vswitch(R, "vpc-9", "vsw-9") == Vswitch("vsw-9", "vpc-9", "cn-hangzhou-h")
        assert around.vpc.get_vswitch(R, "vpc-8", "vsw-9") is None
        assert around.vpc.get_vpc(Home("cn-beijing"), "vpc-9") is None
        transport.close()


def test_many_rules_come_in_pages_and_only_blocks_of_addresses_count(connect: Connect) -> None:
    def serve(request: httpx.Request) -> httpx.Response:
        token = request.url.params.get("NextToken")
        rows: list[dict[str, Json]] = [
            {"IpProtocol": "TCP", "PortRange": "443/443", "SourceCidrIp": "10.0.0.0/8", "Policy": "Accept"},
            {"IpProtocol": "TCP", "PortRange": "443/443", "SourceGroupId": "sg-2", "SourceCidrIp": ""},
        ]
        if token:
            rows = [{"IpProtocol": "ALL", "PortRange": "-1/-1", "SourceCidrIp": "0.0.0.0/0", "Priority": "100"}]
        return httpx.Response(
            200, json={"VpcId": "vpc-1", "NextToken": "" if token else "t", "Permissions": {"Permission": rows}}
        )

    group = Surroundings.over(ReadOnlyTransport(connect(serve))).ecs.get_security_group(R, "sg-1")
    assert group == SecurityGroup(
        "sg-1", "vpc-1", (Ingress("tcp", 443, 443, "10.0.0.0/8"), Ingress("all", 1, 65535, "0.0.0.0/0", priority=100))
    )


def test_ports_that_are_none_are_an_answer_that_cannot_be_read(connect: Connect) -> None:
    row: Json = {"IpProtocol": "TCP", "PortRange": "https", "SourceCidrIp": "10.0.0.0/8"}
    answer = httpx.Response(200, json={"Permissions": {"Permission": [row]}})
    with pytest.raises(MalformedAnswer, match="PortRange"):
        Surroundings.over(connect(lambda _: answer)).ecs.get_security_group(R, "sg-1")


def test_a_run_that_only_reads_neither_opens_a_group_nor_makes_a_role(connect: Connect) -> None:
    transport = connect(lambda _: httpx.Response(200, json={}))
    reading = Surroundings.over(ReadOnlyTransport(transport))
    with pytest.raises(WriteRefused, match="AuthorizeSecurityGroup"):
        reading.ecs.let_in(R, "sg-1", Ingress("tcp", 443, 443, "10.0.0.0/8"), "")
    with pytest.raises(WriteRefused, match="CreateServiceLinkedRole"):
        reading.ram.create_service_linked_role(R, SERVICE)
    assert transport.calls == {}
