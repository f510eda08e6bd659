from __future__ import annotations

import pytest

from reconciler.transfer.rate import Rate


class Time:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.now += seconds


def test_what_was_sent_never_exceeds_the_limit() -> None:
    time = Time()
    rate = Rate(1000, clock=time, sleep=time.sleep)
    for sent in range(500, 5500, 500):
        rate.spend(500, lambda: None)
        assert sent <= 1000 * (time.now - 100.0) + 1e-6


def test_time_that_nobody_used_is_not_made_up_for() -> None:
    time = Time()
    rate = Rate(1000, clock=time, sleep=time.sleep)
    time.now += 60
    rate.spend(2000, lambda: None)
    assert time.now == pytest.approx(162.0)


def test_a_wait_ends_when_the_run_is_broken_off() -> None:
    class Ended(Exception):
        pass

    def check() -> None:
        if time.now > 101:
            raise Ended

    time = Time()
    rate = Rate(1, clock=time, sleep=time.sleep)
    with pytest.raises(Ended):
        rate.spend(10_000, check)
    assert time.now < 102
