"""The API `ecs`, version 2014-05-26: what security groups let in."""

from __future__ import annotations

from collections.abc import Iterator

from reconciler.acr.answer import Answer
from reconciler.acr.errors import MalformedAnswer, NotFound
from reconciler.acr.request import Version
from reconciler.acr.rpc import Parameter, RpcProduct, listed
from reconciler.model.network import Home, Ingress, SecurityGroup

_PAGE = 1000
"""The documented maximum of DescribeSecurityGroupAttribute's MaxResults."""

_EVERY_PORT = (1, 65535)


class Ecs(RpcProduct):
    """Every method raises AcrError."""

    version = Version.ECS

    def get_security_group(self, home: Home, group: str) -> SecurityGroup | None:
        """With its inbound rules; None when it is not there."""
        found: list[Ingress] = []
        token: str | None = None
        while True:
            parameters: dict[str, Parameter] = {
                "RegionId": home.region,
                "SecurityGroupId": group,
                "Direction": "ingress",
                "NicType": "intranet",
                "MaxResults": _PAGE,
                "NextToken": token,
            }
            try:
                answer = self._call(home.region, "DescribeSecurityGroupAttribute", parameters, home.account)
            except NotFound:
                return None
            found += _ingress(answer)
            token = answer.text("NextToken", "") or None
            if token is None:
                return SecurityGroup(group, answer.text("VpcId", ""), tuple(found))

    def let_in(self, home: Home, group: str, rule: Ingress, description: str) -> None:
        permission: dict[str, Parameter] = {
            "IpProtocol": rule.protocol.upper(),
            "PortRange": f"{rule.first_port}/{rule.last_port}",
            "SourceCidrIp": rule.source,
            "Policy": "accept" if rule.accepts else "drop",
            "Priority": rule.priority,
            "NicType": "intranet",
            "Description": description,
        }
        parameters = {"RegionId": home.region, "SecurityGroupId": group, **listed("Permissions", permission)}
        self._call(home.region, "AuthorizeSecurityGroup", parameters, home.account)


def _ingress(answer: Answer) -> Iterator[Ingress]:
    for item in answer.part("Permissions").parts("Permission"):
        source = item.text("SourceCidrIp", "")
        if not source or item.text("Direction", "ingress").lower() != "ingress":
            continue
        first, last = _ports(item)
        accepts = item.text("Policy", "Accept").lower() == "accept"
        yield Ingress(item.text("IpProtocol").lower(), first, last, source, accepts, item.number("Priority", 1))


def _ports(item: Answer) -> tuple[int, int]:
    """`443/443`, or `-1/-1` for every port."""
    written = item.text("PortRange")
    if written == "-1/-1":
        return _EVERY_PORT
    first, _, last = written.partition("/")
    if not (first.isdecimal() and last.isdecimal()):
        raise MalformedAnswer(f"`{item.action}` answered with a `PortRange` that is not two ports: {written}")
    return int(first), int(last)
