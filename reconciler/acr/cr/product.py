"""How the Enterprise Edition API lists: numbered pages."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from reconciler.acr.answer import Answer
from reconciler.acr.request import Version
from reconciler.acr.rpc import Parameter, RpcProduct

PAGE = 50
"""No list documents a maximum except tags and repositories; 50 is what the Terraform provider asks the others for."""

LONG_PAGE = 100
"""The documented maximum of ListRepository and ListRepoTag."""


class Product(RpcProduct):
    version = Version.ENTERPRISE

    def _list(
        self,
        region: str,
        action: str,
        key: str,
        parameters: Mapping[str, Parameter],
        *,
        page: int = PAGE,
        account: str | None = None,
    ) -> Iterator[Answer]:
        """The objects below `key` of every page, as they come."""
        seen = 0
        number = 1
        while True:
            answer = self._call(region, action, {**parameters, "PageNo": number, "PageSize": page}, account)
            found = answer.parts(key)
            yield from found
            seen += len(found)
            if not found or seen >= answer.number("TotalCount", seen if len(found) < page else seen + 1):
                return
            number += 1
