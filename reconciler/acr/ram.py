"""The API `ram`, version 2015-05-01: the roles that services act through. It is one for all regions."""

from __future__ import annotations

from reconciler.acr.errors import NotFound
from reconciler.acr.request import Version
from reconciler.acr.rpc import RpcProduct


class Ram(RpcProduct):
    """Every method raises AcrError. `region` only says whose network the call comes from."""

    version = Version.RAM

    def has_role(self, region: str, name: str) -> bool:
        try:
            self._call(region, "GetRole", {"RoleName": name})
        except NotFound:
            return False
        return True

    def create_service_linked_role(self, region: str, service: str) -> None:
        """`service` names the service that the role is for; the service gives the role its name and its policy."""
        self._call(region, "CreateServiceLinkedRole", {"ServiceName": service})
