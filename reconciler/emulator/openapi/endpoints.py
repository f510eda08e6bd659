"""Network access of an instance: the internet endpoint with its allow list, and links to VPCs."""

from __future__ import annotations

from collections.abc import Mapping
from ipaddress import ip_network

from reconciler.emulator.account import SYSTEM_ENTRY, AllowEntry, Endpoint, Instance, LinkStatus, VpcLink
from reconciler.emulator.openapi.call import Call, Operation, Payload, invalid
from reconciler.emulator.openapi.instances import find
from reconciler.emulator.policy import DELAYS
from reconciler.emulator.refusal import Refused

_MODULES = ("Registry", "Chart")


def get_instance_endpoint(call: Call) -> Payload:
    instance = find(call)
    _only_internet(call)
    return _internet(call, instance)


def list_instance_endpoint(call: Call) -> Payload:
    instance = find(call)
    internet = {**_internet(call, instance), "EndpointType": "internet"}
    vpc: Payload = {
        "EndpointType": "vpc",
        "Enable": bool(instance.vpc_links),
        "AclEnable": False,
        "Domains": [{"Domain": call.cloud.addresses[instance.label], "Type": "SYSTEM"}],
        "LinkedVpcs": [{"VpcId": link.vpc} for link in instance.vpc_links],
    }
    if instance.vpc_links:
        vpc["Status"] = "RUNNING"
    return {"Endpoints": [internet, vpc]}


def update_instance_endpoint_status(call: Call) -> Payload:
    instance = find(call)
    _only_internet(call)
    enable = call.parameters.flag("Enable")
    if enable is None:
        call.parameters.required("Enable")
    endpoint = instance.internet
    if enable and not endpoint.enabled:
        endpoint.enabled, endpoint.status = True, LinkStatus.CREATING

        async def settle() -> None:
            if endpoint.status is LinkStatus.CREATING:
                endpoint.status = LinkStatus.RUNNING
                endpoint.entries.insert(0, SYSTEM_ENTRY)
                call.cloud.changed()

        call.cloud.later(DELAYS.endpoint, settle)
    elif not enable:
        endpoint.enabled, endpoint.status = False, None
        endpoint.entries.clear()
    return {}


def create_acl_policy(call: Call) -> Payload:
    """Entries that come while the endpoint is being made are lost without a word, as at the real service."""
    endpoint, entries = _acl(call)
    for entry in entries if endpoint.status is LinkStatus.RUNNING else []:
        endpoint.entries = [known for known in endpoint.entries if known.cidr != entry.cidr]
        endpoint.entries.append(entry)
    return {}


def delete_acl_policy(call: Call) -> Payload:
    endpoint, entries = _acl(call)
    gone = {entry.cidr for entry in entries}
    endpoint.entries = [known for known in endpoint.entries if known.cidr not in gone]
    return {}


def get_instance_vpc_endpoint(call: Call) -> Payload:
    instance, module = find(call), _module(call)
    links = [link for link in instance.vpc_links if link.module == module]
    return {
        "Enable": bool(links),
        "ModuleName": module,
        "Domains": [call.cloud.addresses[instance.label]] if module == "Registry" else [],
        "LinkedVpcs": [
            {
                "VpcId": link.vpc,
                "VswitchId": link.vswitch,
                "Ip": link.ip,
                "Status": link.status.value,
                "DefaultAccess": index == 0,
                "Issue": link.issue,
            }
            for index, link in enumerate(links)
        ],
    }


def create_linked_vpc(call: Call) -> Payload:
    instance, module = find(call), _module(call)
    vpc, vswitch = call.parameters.required("VpcId"), call.parameters.required("VswitchId")
    call.parameters.flag("EnableCreateDNSRecordInPvzt")  # write-only at the service, too
    if any((known.vpc, known.module) == (vpc, module) for known in instance.vpc_links):
        raise Refused("INSTANCE_ACCESS_ALREADY_EXIST", f"vpc is linked already: {vpc}")
    if len({known.vpc for known in instance.vpc_links} | {vpc}) > instance.vpc_quota:
        raise Refused("INSTANCE_ACCESS_QUOTA_EXCEEDED", f"vpc quota is used up: {instance.vpc_quota}")
    ip = f"192.168.0.{len(instance.vpc_links) + 10}"
    link = VpcLink(vpc, vswitch, module, ip, LinkStatus.CREATING)
    instance.vpc_links.append(link)

    async def settle() -> None:
        if link.status is LinkStatus.CREATING:
            link.issue = call.cloud.policy.vpc_issues.get(vpc, "")
            link.status = LinkStatus.CREATING if link.issue else LinkStatus.RUNNING
            call.cloud.changed()

    call.cloud.later(DELAYS.vpc_link, settle)
    return {}


def delete_linked_vpc(call: Call) -> Payload:
    instance, module = find(call), _module(call)
    vpc, vswitch = call.parameters.required("VpcId"), call.parameters.required("VswitchId")
    for link in instance.vpc_links:
        if (link.vpc, link.vswitch, link.module) == (vpc, vswitch, module):
            break
    else:
        raise Refused("INSTANCE_ACCESS_NOT_EXIST", f"vpc is not linked: {vpc}")
    link.status = LinkStatus.DELETING

    async def drop() -> None:
        instance.vpc_links[:] = [known for known in instance.vpc_links if known is not link]
        call.cloud.changed()

    call.cloud.later(DELAYS.deletion, drop)
    return {}


def _internet(call: Call, instance: Instance) -> Payload:
    endpoint = instance.internet
    answer: Payload = {
        "Enable": endpoint.enabled,
        "AclEnable": bool(endpoint.entries),
        "AclEntries": [{"Entry": entry.cidr, "Comment": entry.comment} for entry in endpoint.entries],
        "Domains": [],
    }
    if endpoint.status is not None:
        answer["Status"] = endpoint.status.value
        answer["Domains"] = [{"Domain": call.cloud.addresses[instance.label], "Type": "SYSTEM"}]
    return answer


def _acl(call: Call) -> tuple[Endpoint, list[AllowEntry]]:
    instance = find(call)
    _only_internet(call)
    batch = call.parameters.structure("Entries")
    entries: list[AllowEntry] = []
    if isinstance(batch, list):
        for item in batch:
            if not isinstance(item, Mapping) or not isinstance(item.get("Entry"), str):
                raise invalid("Entries", item)
            entries.append(AllowEntry(str(item["Entry"]), str(item.get("Comment") or "")))
    else:
        entries.append(AllowEntry(call.parameters.required("Entry"), call.parameters.text("Comment")))
    for entry in entries:
        try:
            ip_network(entry.cidr, strict=False)
        except ValueError:
            raise invalid("Entry", entry.cidr) from None
    return instance.internet, entries


def _only_internet(call: Call) -> None:
    if call.parameters.required("EndpointType").lower() != "internet":
        raise invalid("EndpointType", call.parameters.text("EndpointType"))


def _module(call: Call) -> str:
    module = call.parameters.text("ModuleName") or _MODULES[0]
    if module not in _MODULES:
        raise invalid("ModuleName", module)
    return module


OPERATIONS: dict[str, Operation] = {
    "GetInstanceEndpoint": get_instance_endpoint,
    "ListInstanceEndpoint": list_instance_endpoint,
    "UpdateInstanceEndpointStatus": update_instance_endpoint_status,
    "CreateInstanceEndpointAclPolicy": create_acl_policy,
    "DeleteInstanceEndpointAclPolicy": delete_acl_policy,
    "GetInstanceVpcEndpoint": get_instance_vpc_endpoint,
    "CreateInstanceVpcEndpointLinkedVpc": create_linked_vpc,
    "DeleteInstanceVpcEndpointLinkedVpc": delete_linked_vpc,
}
