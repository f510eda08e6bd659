"""What a control step works on: the plan's desired state, the live state it was made from, and the service."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from reconciler.acr.cr import Cr
from reconciler.acr.errors import AcrError, Conflict, MalformedAnswer, Unavailable, Unreachable
from reconciler.executor.waiting import Patience, StepFailed
from reconciler.model.live import Live, LiveInstance
from reconciler.model.plan import Change
from reconciler.model.spec import Desired


@dataclass(frozen=True, slots=True)
class Workbench:
    """`instances` maps the keys of declared instances to live ones."""

    cr: Cr
    desired: Desired
    live: Live
    instances: Mapping[str, LiveInstance]
    patience: Patience
    waiting: Callable[[Change, str], None]

    def instance(self, key: str) -> LiveInstance:
        if key not in self.instances:
            raise StepFailed(f"instance `{key}` is not there")
        return self.instances[key]


def settle(write: Callable[[], None], happened: Callable[[], bool]) -> None:
    """Make a writing call once. When its outcome is unknown, or says that the object is there already, look before
    anything is decided: a call is never repeated blindly, because the service knows no idempotency token."""
    try:
        write()
    except (Conflict, Unavailable, MalformedAnswer) as error:
        _look(happened, error)
    except Unreachable as error:
        if not error.sent:
            raise
        _look(happened, error)


def _look(happened: Callable[[], bool], error: AcrError) -> None:
    if not happened():
        raise error
