from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.acr.pace import Pace
from reconciler.acr.retry import Backoff


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def sleep(self, seconds: float) -> None:
        self.now += seconds


def paced(per_second: float, burst: int) -> tuple[Pace, Clock]:
    clock = Clock()
    return Pace(per_second, burst, clock=lambda: clock.now, sleep=clock.sleep), clock


@given(
    rate=st.floats(1.0, 100.0),
    burst=st.integers(1, 20),
    thinking=st.lists(st.floats(0.0, 2.0), min_size=1, max_size=60),
)
def test_no_window_holds_more_than_its_share_and_the_burst(rate: float, burst: int, thinking: list[float]) -> None:
    pace, clock = paced(rate, burst)
    starts = []
    for seconds in thinking:
        clock.now += seconds
        pace.wait()
        starts.append(clock.now)
    for first in range(len(starts)):
        for last in range(first, len(starts)):
            assert last - first + 1 <= (starts[last] - starts[first]) * rate + burst + 1e-6


def test_a_burst_goes_out_at_once_and_the_rest_at_the_rate() -> None:
    pace, clock = paced(10.0, 3)
    starts = []
    for _ in range(6):
        pace.wait()
        starts.append(round(clock.now, 6))
    assert starts == [0.0, 0.0, 0.0, 0.1, 0.2, 0.3]


def test_a_hold_stops_everyone_and_ends_without_a_burst() -> None:
    pace, clock = paced(10.0, 5)
    pace.hold(2.0)
    starts = []
    for _ in range(3):
        pace.wait()
        starts.append(round(clock.now, 6))
    assert starts == [2.0, 2.1, 2.2]


def test_threads_share_the_limit() -> None:
    slept: list[float] = []
    pace = Pace(10.0, 1, clock=lambda: 0.0, sleep=slept.append)
    with ThreadPoolExecutor(8) as pool:
        for waiting in [pool.submit(pace.wait) for _ in range(40)]:
            waiting.result()
    assert sorted(round(seconds, 6) for seconds in slept) == [round(n / 10, 6) for n in range(1, 40)]


@pytest.mark.parametrize(("chance", "expected"), [(0.0, [1.0, 2.0, 4.0, 5.0]), (1.0, [0.5, 1.0, 2.0, 2.5])])
def test_delays_double_up_to_the_cap_and_vary_by_half(chance: float, expected: list[float]) -> None:
    backoff = Backoff(first=1.0, cap=5.0, chance=lambda: chance)
    assert [backoff.delay(failed) for failed in (1, 2, 3, 4)] == expected


def test_what_the_service_asks_for_is_the_least() -> None:
    assert Backoff(first=1.0, chance=lambda: 0.0).delay(1, wanted=7.5) == 7.5
