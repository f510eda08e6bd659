from __future__ import annotations

import pytest

from reconciler.oci.errors import RegistryBusy, RegistryRefused, RegistryUnreachable
from reconciler.oci.patience import Backoff, Patience


class Clock:
    def __init__(self) -> None:
        self.time = 100.0
        self.slept: list[float] = []

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.time += seconds

    def patience(self, attempts: int = 4) -> Patience:
        backoff = Backoff(attempts=attempts, first=1.0, longest=3.0)
        return Patience(backoff, sleep=self.sleep, clock=lambda: self.time, chance=lambda: 1.0)


def test_pauses_grow_to_a_limit() -> None:
    clock = Clock()

    def action() -> None:
        raise RegistryUnreachable("r", "gone")

    with pytest.raises(RegistryUnreachable) as caught:
        clock.patience().persist(action)
    assert clock.slept == [1.0, 2.0, 3.0]
    assert caught.value.spent


def test_an_error_that_was_given_up_on_inside_is_not_tried_again_outside() -> None:
    clock = Clock()
    patience = clock.patience(attempts=2)
    calls: list[int] = []

    def inner() -> None:
        calls.append(1)
        raise RegistryUnreachable("r", "gone")

    with pytest.raises(RegistryUnreachable):
        patience.persist(lambda: patience.persist(inner))
    assert len(calls) == 2


def test_a_refusal_is_final() -> None:
    clock = Clock()

    def action() -> None:
        raise RegistryRefused("r", "no")

    with pytest.raises(RegistryRefused):
        clock.patience().persist(action)
    assert clock.slept == []


def test_the_registrys_wish_to_be_left_alone_binds_every_thread() -> None:
    clock = Clock()
    held: list[float] = []
    errors = [RegistryBusy("r", "slow down", 20.0, throttled=True)]
    patience = clock.patience()

    def action() -> None:
        if errors:
            raise errors.pop()

    def observe(_: object) -> None:
        patience.hold()
        held.append(clock.time)

    with patience.observed(observe):
        patience.persist(action)
    assert held == [120.0]
