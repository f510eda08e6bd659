"""Runs of plans against an account in memory."""

from __future__ import annotations

import threading
from collections.abc import Iterable
from dataclasses import dataclass, field
from itertools import count

from reconciler.acr.surroundings import Surroundings
from reconciler.core.locate import find_instances
from reconciler.executor.events import RunEvent
from reconciler.executor.run import Tools, carry_out
from reconciler.executor.target import Workbench
from reconciler.executor.waiting import Patience
from reconciler.model.address import Address
from reconciler.model.image import Digest
from reconciler.model.live import Live
from reconciler.model.plan import Action, Change, FieldChange, Plan, Summary, Transfer
from reconciler.model.report import Report
from reconciler.model.spec import Desired
from reconciler.oci.client import Registry
from reconciler.oci.errors import RegistryDenied
from reconciler.transfer.journal import Journal
from tests.unit.core.scene import instance, live_instance
from tests.unit.executor.account import Account
from tests.unit.executor.neighbourhood import neighbourhood

LIVE = Live((live_instance("eu"), live_instance("hub")))
INSTANCES = (instance("eu"), instance("hub"))


def closed(host: str) -> Registry:
    raise RegistryDenied(host, "nobody may in")


def impatient(limit: float = 50.0, stop: threading.Event | None = None) -> Patience:
    """Asks without a pause, `limit` times at most."""
    ticks = count()
    return Patience(0.0, 0.0, limit, stop or threading.Event(), lambda: float(next(ticks)))


def change(
    address: Address, action: Action = Action.CREATE, *needs: Address, live_id: str = "", **known: str
) -> Change:
    fields = tuple(FieldChange(path, value, None) for path, value in known.items())
    return Change(address, action, "because", fields, needs, live_id)


def plan_of(desired: Desired, changes: Iterable[Change], transfers: Iterable[Transfer] = ()) -> Plan:
    nothing = Digest("sha256:" + "0" * 64)
    return Plan(tuple(changes), tuple(transfers), (), Summary(), nothing, nothing, complete=True, desired=desired)


@dataclass
class Workshop:
    account: Account = field(default_factory=Account)
    live: Live = LIVE
    events: list[RunEvent] = field(default_factory=list)
    stop: threading.Event = field(default_factory=threading.Event)
    limit: float = 50.0
    around: Surroundings = field(default_factory=neighbourhood)

    def run(
        self, desired: Desired, *changes: Change, transfers: Iterable[Transfer] = (), parallelism: int = 4
    ) -> Report:
        return self.carry(plan_of(desired, changes, transfers), parallelism)

    def carry(self, plan: Plan, parallelism: int = 4) -> Report:
        tools = Tools(
            self.account,
            self.around,
            closed,
            Journal(),
            self.events.append,
            parallelism,
            workers=2,
            stop=self.stop,
            patience=impatient(self.limit, self.stop),
        )
        return carry_out(plan, self.live, tools)

    def bench(self, desired: Desired) -> Workbench:
        return Workbench(
            self.account,
            self.around,
            desired,
            self.live,
            dict(find_instances(desired, self.live)),
            impatient(self.limit, self.stop),
            lambda *_: None,
        )


def results(report: Report) -> dict[str, str]:
    return {str(outcome.address): str(outcome.result) for outcome in report.steps}


def reasons(report: Report) -> dict[str, str]:
    return {str(outcome.address): outcome.reason for outcome in report.steps}
