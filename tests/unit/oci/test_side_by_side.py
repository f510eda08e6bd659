"""Answers come in order, and a failure ends the asking."""

from __future__ import annotations

import threading
import time

import pytest

from reconciler.oci.side_by_side import side_by_side


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
    """One question at a time is answered: with eight under way each takes eight times as long."""
    names: set[str] = set()
    served = threading.Lock()

    def ask(_: int) -> None:
        names.add(threading.current_thread().name)
        with served:
            time.sleep(0.002)

    side_by_side(ask, range(100), 64, "near")
    assert len(names) < 32


@pytest.mark.parametrize("workers", [1, 4])
def test_the_first_failure_is_raised_and_nothing_is_begun_after_it(workers: int) -> None:
    begun: list[int] = []

    def ask(number: int) -> None:
        begun.append(number)
        raise LookupError(number)

    with pytest.raises(LookupError):
        side_by_side(ask, range(1000), workers, "failing")
    assert len(begun) <= workers
