"""How an instance is reached: the internet endpoint with its access list, and the VPCs that are linked to it."""

from __future__ import annotations

from dataclasses import dataclass

from reconciler.acr.answer import Answer
from reconciler.acr.cr.product import Product
from reconciler.model.live import LiveEndpoint, LiveVpcLink
from reconciler.model.spec import AclEntry

_SYSTEM_ENTRY = "127.0.0.1/32"
"""The service adds it when the endpoint is switched on; without any entry the endpoint would be open to everyone."""


@dataclass(frozen=True, slots=True)
class InternetAccess:
    """`domains` are host names, the service's own before those of the user."""

    endpoint: LiveEndpoint
    domains: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class VpcAccess:
    enabled: bool
    links: tuple[LiveVpcLink, ...]
    domains: tuple[str, ...]


class Endpoints(Product):
    """`module` is `registry` or `chart`."""

    def internet_endpoint(self, region: str, instance_id: str) -> InternetAccess:
        answer = self._call(region, "GetInstanceEndpoint", _internet(instance_id))
        entries = (
            AclEntry(entry.text("Entry"), entry.text("Comment", ""))
            for entry in answer.parts("AclEntries")
            if entry.text("Entry") != _SYSTEM_ENTRY
        )
        domains = sorted(answer.parts("Domains"), key=lambda domain: domain.text("Type", "SYSTEM") != "SYSTEM")
        return InternetAccess(
            # A disabled endpoint has no status at all.
            LiveEndpoint(answer.flag("Enable"), answer.text("Status", ""), tuple(sorted(entries))),
            tuple(domain.text("Domain") for domain in domains),
        )

    def set_internet_endpoint(self, region: str, instance_id: str, *, enabled: bool) -> None:
        """Takes effect later: entries that are added before the endpoint is RUNNING are lost."""
        self._call(region, "UpdateInstanceEndpointStatus", {**_internet(instance_id), "Enable": enabled})

    def add_acl_entry(self, region: str, instance_id: str, entry: AclEntry) -> None:
        parameters = {**_internet(instance_id), "Entry": entry.cidr, "Comment": entry.comment or None}
        self._call(region, "CreateInstanceEndpointAclPolicy", parameters)

    def remove_acl_entry(self, region: str, instance_id: str, cidr: str) -> None:
        self._call(region, "DeleteInstanceEndpointAclPolicy", {**_internet(instance_id), "Entry": cidr})

    def vpc_endpoint(self, region: str, instance_id: str, module: str = "registry") -> VpcAccess:
        parameters = {"InstanceId": instance_id, "ModuleName": _module(module)}
        answer = self._call(region, "GetInstanceVpcEndpoint", parameters)
        links = sorted((_link(item, module) for item in answer.parts("LinkedVpcs")), key=lambda k: (k.vpc, k.vswitch))
        return VpcAccess(answer.flag("Enable"), tuple(links), answer.texts("Domains"))

    def create_linked_vpc(
        self,
        region: str,
        instance_id: str,
        vpc: str,
        vswitch: str,
        module: str = "registry",
        *,
        dns: bool | None = None,
    ) -> None:
        """Takes effect later, when the link's status becomes RUNNING. With `dns` the service puts a record into the
        VPC's private zone, which it never tells again."""
        parameters = {**_linked(instance_id, vpc, vswitch, module), "EnableCreateDNSRecordInPvzt": dns}
        self._call(region, "CreateInstanceVpcEndpointLinkedVpc", parameters)

    def delete_linked_vpc(
        self, region: str, instance_id: str, vpc: str, vswitch: str, module: str = "registry"
    ) -> None:
        """Raises NotFound when the link is gone already."""
        self._call(region, "DeleteInstanceVpcEndpointLinkedVpc", _linked(instance_id, vpc, vswitch, module))


def _internet(instance_id: str) -> dict[str, str]:
    return {"InstanceId": instance_id, "EndpointType": "internet", "ModuleName": "Registry"}


def _linked(instance_id: str, vpc: str, vswitch: str, module: str) -> dict[str, str]:
    return {"InstanceId": instance_id, "VpcId": vpc, "VswitchId": vswitch, "ModuleName": _module(module)}


def _link(item: Answer, module: str) -> LiveVpcLink:
    return LiveVpcLink(
        vpc=item.text("VpcId"),
        vswitch=item.text("VswitchId"),
        module=module,
        status=item.text("Status", ""),
        issue=item.text("Issue", ""),
    )


def _module(module: str) -> str:
    return module.capitalize()
