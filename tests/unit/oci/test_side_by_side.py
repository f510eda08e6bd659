"""Answers come in order, and a failure ends the asking."""

from __future__ import annotations

import threading
import time

import pytest

from reconciler.oci.side_by_side import Distance, side_by_side


@pytest.mark.parametrize("workers", [1, 3, 100])
def test_answers_are_in_the_order_of_the_questions(workers: int) -> None:
    assert side_by_side(lambda n: n * n, range(50), workers, "square") == [n * n for n in range(50)]


def test_no_questions() -> None:
    assert side_by_side(lambda n: n, [], 4, "nothing") == []


def test_as_many_at_once_as_allowed() -> None:
    together = threading.Barrier(4, timeout=10)
    side_by_side(lambda _: together.wait(), range(8), 4, "together")


def test_more_at_once_where_answers_come_from_afar() -> None:
    names: set[str] = set()

    def ask(_: int) -> None:
        names.add(threading.current_thread().name)
        time.sleep(0.02)

    side_by_side(ask, range(400), 24, "far")
    assert 8 < len(names) <= 24


def test_no_more_where_they_only_wait_for_each_other() -> None:
    """One question at a time is answered: with eight under way each takes up to eight times as long."""
    distance = Distance()
    assert [distance.told(0.002 * waiting) for waiting in range(1, 9)] == [True, *[False] * 7]


def test_more_as_long_as_the_answers_do_not_slow_down() -> None:
    distance = Distance()
    assert all(distance.told(seconds) for seconds in (0.040, 0.041, 0.038, 0.060, 0.039))


def test_a_faster_answer_is_the_new_measure() -> None:
    distance = Distance()
    assert [distance.told(seconds) for seconds in (0.040, 0.010, 0.030)] == [True, True, False]


@pytest.mark.parametrize("workers", [1, 4])
def test_the_first_failure_is_raised_and_nothing_is_begun_after_it(workers: int) -> None:
    begun: list[int] = []

    def ask(number: int) -> None:
        begun.append(number)
        raise LookupError(number)

    with pytest.raises(LookupError):
        side_by_side(ask, range(1000), workers, "failing")
    assert len(begun) <= workers
