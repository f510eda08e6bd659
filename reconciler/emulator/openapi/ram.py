"""The product RAM (version 2015-05-01): roles, as far as services need them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from types import MappingProxyType

from reconciler.emulator.account import Role
from reconciler.emulator.identifiers import resource_id
from reconciler.emulator.openapi.call import Call, Operation, Payload
from reconciler.emulator.refusal import Refused

SERVICE_ROLES: Mapping[str, str] = MappingProxyType(
    {
        "connect-customer-vpc.cr.aliyuncs.com": "AliyunServiceRoleForContainerRegistryConnectCustomerVPC",
    }
)
"""Service names to the roles that are made for them (service documentation, roles for VPC access)."""


def get_role(call: Call) -> Payload:
    name = call.parameters.required("RoleName")
    found = call.cloud.account.roles.get(name)
    if found is None:
        raise Refused("EntityNotExist.Role", f"The role not exists: {name}", 404)
    role = _shown(call, found)
    return {"Role": {**role, "MaxSessionDuration": 3600, "UpdateDate": found.created}}


def create_service_linked_role(call: Call) -> Payload:
    service = call.parameters.required("ServiceName")
    name = SERVICE_ROLES.get(service)
    if name is None:
        raise Refused("InvalidServiceName", f"The specified service name is not valid: {service}", 400)
    if name in call.cloud.account.roles:
        raise Refused("EntityAlreadyExists.Role", f"The role already exists: {name}", 409)
    now = datetime.fromtimestamp(call.cloud.clock.now() / 1000, UTC)
    made = Role(name, service, now.strftime("%Y-%m-%dT%H:%M:%SZ"))
    call.cloud.account.roles[name] = made
    return {"Role": _shown(call, made)}


def _shown(call: Call, role: Role) -> Payload:
    statement = {"Action": "sts:AssumeRole", "Effect": "Allow", "Principal": {"Service": [role.service]}}
    return {
        "RoleId": resource_id("role", role.name).removeprefix("role-"),
        "RoleName": role.name,
        "Arn": f"acs:ram::{call.cloud.account.user_id}:role/{role.name.lower()}",
        "Description": "",
        "AssumeRolePolicyDocument": json.dumps({"Statement": [statement], "Version": "1"}),
        "CreateDate": role.created,
        "IsServiceLinkedRole": bool(role.service),
    }


OPERATIONS: dict[str, Operation] = {
    "GetRole": get_role,
    "CreateServiceLinkedRole": create_service_linked_role,
}
