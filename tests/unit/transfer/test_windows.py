from __future__ import annotations

from reconciler.transfer.lanes import Lane, Limits, Traffic
from reconciler.transfer.windows import Kind, Window

LANE = Lane("src", "dst", Kind.SMALL)


def fill(window: Window) -> int:
    begun = 0
    while window.is_open:
        window.begin()
        begun += 1
    return begun


def settle(window: Window, jobs: int) -> None:
    for _ in range(jobs):
        window.end(well=True)


def test_a_window_that_is_used_up_grows_fast_until_the_first_complaint_and_slowly_after_it() -> None:
    window = Window.of(Kind.SMALL, 1000)
    first = fill(window)
    settle(window, first)
    assert first < fill(window) <= 2 * first
    window.complain()
    after = window.size
    settle(window, window.running)
    for _ in range(5):
        settle(window, fill(window))
    assert after < window.size <= after + 6


def test_a_window_that_is_not_used_up_does_not_grow() -> None:
    window = Window.of(Kind.SMALL, 1000)
    for _ in range(50):
        window.begin()
        window.end(well=True)
    assert window.size == Window.of(Kind.SMALL, 1000).size


def test_complaints_of_jobs_that_ran_together_count_once() -> None:
    window = Window.of(Kind.SMALL, 8)
    assert fill(window) == 8
    for _ in range(8):
        window.complain()
    assert window.size == 4
    for _ in range(8):
        window.end(well=False)
    window.begin()
    window.complain()
    assert window.size == 2


def test_one_job_is_always_allowed() -> None:
    window = Window.of(Kind.BULK, 4)
    for _ in range(20):
        window.begin()
        window.complain()
        window.end(well=False)
    assert fill(window) == 1


def test_a_registry_that_wants_quiet_gets_it_and_the_others_go_on() -> None:
    traffic = Traffic(Limits(workers=8, bulk=4))
    traffic.hush("dst", 110.0)
    assert not traffic.may(LANE, 100.0)
    assert traffic.may(Lane("src", "other", Kind.SMALL), 100.0)
    assert traffic.next_change(100.0) == 10.0
    assert traffic.may(LANE, 110.0)
    assert traffic.next_change(110.0) is None


def test_a_source_that_complains_slows_all_that_is_read_there() -> None:
    traffic = Traffic(Limits(workers=8, bulk=4))
    for _ in range(4):
        traffic.begin(LANE)
    for _ in range(2):
        traffic.complain("src", Kind.SMALL)
    assert not traffic.may(Lane("src", "other", Kind.SMALL), 0.0)
    assert traffic.may(Lane("", "other", Kind.SMALL), 0.0)
    assert traffic.may_join(LANE, 0.0)


def test_the_limit_of_a_registry_holds_for_all_kinds_together() -> None:
    traffic = Traffic(Limits(workers=8, bulk=4, per_host=3))
    traffic.begin(Lane("src", "dst", Kind.BULK))
    traffic.begin(Lane("", "dst", Kind.SMALL))
    assert traffic.may(Lane("", "dst", Kind.SMALL), 0.0)
    traffic.begin(Lane("", "dst", Kind.SMALL))
    assert not traffic.may(Lane("", "dst", Kind.SMALL), 0.0)
    traffic.end(Lane("src", "dst", Kind.BULK), frozenset())
    assert traffic.may(Lane("", "dst", Kind.SMALL), 0.0)
