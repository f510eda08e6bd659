"""What a control step works on: the plan's desired state, the live state it was made from, and the service."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from reconciler.acr.bss import Bss
from reconciler.acr.cr import Cr
from reconciler.acr.errors import Conflict, MalformedAnswer, Unavailable, Unreachable
from reconciler.acr.surroundings import Surroundings
from reconciler.executor.events import RunEvent, RunListener
from reconciler.executor.waiting import Patience, StepFailed
from reconciler.model.live import Live, LiveInstance
from reconciler.model.plan import Change
from reconciler.model.spec import Desired


def _tell_nobody(_: RunEvent) -> None:
    pass


def own_nothing(_instance: str, _account: str) -> None:
    pass


@dataclass(frozen=True, slots=True)
class Workbench:
    """`instances` maps the keys of declared instances to live ones; those that are bought on the way join them. `bss`
    is None where nothing may be bought. `own` is told whose an instance is that was bought."""

    cr: Cr
    around: Surroundings
    desired: Desired
    live: Live
    instances: dict[str, LiveInstance]
    patience: Patience
    waiting: Callable[[Change, str], None]
    bss: Bss | None = None
    tell: RunListener = _tell_nobody
    own: Callable[[str, str], None] = own_nothing

    def instance(self, key: str) -> LiveInstance:
        if key not in self.instances:
            raise StepFailed(f"instance `{key}` is not there")
        return self.instances[key]


_CALLS = 3
_DOUBT = 10.0
"""How many times the first pause of waiting passes before an object counts as not created: 2 s, as what the service
accepted may show late. It doubles with each call."""


def settle(write: Callable[[], None], happened: Callable[[], bool], patience: Patience | None = None) -> None:
    """Make a writing call until it has happened. When its outcome is unknown, or says that the object is there already,
    look before anything is decided: a call is repeated only once the object is seen not to be there, because the
    service knows no idempotency token.

    Raises the last AcrError when the object is not there after three calls, or when the run is stopped.
    """
    patience = patience or Patience()
    pause = patience.first * _DOUBT
    for call in range(1, _CALLS + 1):
        try:
            write()
        except (Conflict, Unavailable, MalformedAnswer, Unreachable) as error:
            if isinstance(error, Unreachable) and not error.sent:
                raise
            if happened():
                return
            stopped = patience.stop.wait(pause)
            if happened():
                return
            if stopped or call == _CALLS or isinstance(error, Conflict):
                raise
            pause *= 2
        else:
            return
