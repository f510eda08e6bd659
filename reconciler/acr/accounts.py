"""Several accounts behind one client: each call goes out with the credential of the account that it concerns."""

from __future__ import annotations

import threading
from collections.abc import Mapping

from reconciler.acr.answer import Answer
from reconciler.acr.request import Request
from reconciler.acr.transport import Caller

DEFAULT = ""
"""The account of the default credentials, which has no name."""

_NAMES_INSTANCE = ("InstanceId", "ResourceId", "ResourceId.1")


class Owners:
    """Whose an instance is, by its id. Thread-safe."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._known: dict[str, str] = {}

    def own(self, instance_id: str, account: str) -> None:
        """Remember whose instance this is."""
        with self._lock:
            self._known[instance_id] = account

    def of(self, instance_id: str) -> str | None:
        with self._lock:
            return self._known.get(instance_id)


class Accounts:
    """A Caller over one of `transports`, by the name of the account. Thread-safe.

    The account of a call is the one that the request names, else the owner of the instance that it is about, else the
    one of all declared instances of its `regions`, else the default one.
    """

    def __init__(self, transports: Mapping[str, Caller], regions: Mapping[str, str], owners: Owners) -> None:
        self._transports = transports
        self._regions = regions
        self._owners = owners

    def call(self, request: Request) -> Answer:
        return self._transports[self._account(request)].call(request)

    def _account(self, request: Request) -> str:
        if request.account is not None:
            return request.account
        for name in _NAMES_INSTANCE:
            owner = self._owners.of(request.query.get(name, ""))
            if owner is not None:
                return owner
        return self._regions.get(request.region, DEFAULT)
