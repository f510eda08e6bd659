"""RAM, version 2015-05-01."""

from __future__ import annotations

from tests.contract.operations.official import RAM
from tests.contract.operations.stage import Fields, Operation, Stage

_SERVICE: Fields = {"ServiceName": "connect-customer-vpc.cr.aliyuncs.com"}


def _made(stage: Stage) -> Fields:
    made = stage.call(RAM, "CreateServiceLinkedRole", **_SERVICE)
    return {"RoleName": made["Role"]["RoleName"]}


OPERATIONS: tuple[Operation, ...] = (
    Operation(
        RAM,
        "GetRole",
        _made,
        omits=("Role.AllowConsoleLogin", "Role.LatestDeletionTask*", "Role.RolePrincipalName"),
    ),
    Operation(RAM, "CreateServiceLinkedRole", lambda _: _SERVICE),
)
