"""The API `ram`, version 2015-05-01: the roles that services act through. It is one for all regions."""

from __future__ import annotations

from reconciler.acr.errors import NotFound
from reconciler.acr.request import Version
from reconciler.acr.rpc import RpcProduct
from reconciler.model.network import Home


class Ram(RpcProduct):
    """Every method raises AcrError. The region of a home only says where the call comes from."""

    version = Version.RAM

    def has_role(self, home: Home, name: str) -> bool:
        try:
            self._call(home.region, "GetRole", {"RoleName": name}, home.account)
        except NotFound:
            return False
        return True

    def create_service_linked_role(self, home: Home, service: str) -> None:
        """`service` names the service that the role is for; the service gives the role its name and its policy."""
        self._call(home.region, "CreateServiceLinkedRole", {"ServiceName": service}, home.account)
