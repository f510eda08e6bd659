from __future__ import annotations

import pytest

from reconciler.core.schedule import Schedule


def _drain(schedule: Schedule[str]) -> list[str]:
    taken = []
    while (node := schedule.take()) is not None:
        taken.append(node)
    return taken


def test_what_needs_nothing_starts_in_the_given_order() -> None:
    assert _drain(Schedule("cab", {})) == ["c", "a", "b"]


def test_a_node_waits_for_all_that_it_needs() -> None:
    schedule = Schedule("abc", {"c": ("a", "b")})
    assert _drain(schedule) == ["a", "b"]
    schedule.succeed("b")
    assert schedule.take() is None
    schedule.succeed("a")
    assert schedule.take() == "c"
    assert (schedule.running, schedule.finished) == (1, False)
    schedule.succeed("c")
    assert (schedule.running, schedule.finished) == (0, True)


def test_a_failure_blocks_what_depends_on_it_once_and_in_order() -> None:
    schedule = Schedule("abcde", {"b": "a", "c": "b", "d": "ac", "e": ()})
    assert _drain(schedule) == ["a", "e"]
    assert schedule.fail("a") == ("b", "c", "d")
    schedule.succeed("e")
    assert schedule.finished


def test_a_second_failure_does_not_block_twice() -> None:
    schedule = Schedule("abc", {"c": "ab"})
    _drain(schedule)
    assert schedule.fail("a") == ("c",)
    assert schedule.fail("b") == ()
    assert schedule.finished


def test_a_blocked_node_does_not_start_when_its_other_needs_are_met() -> None:
    schedule = Schedule("abc", {"c": "ab"})
    _drain(schedule)
    schedule.fail("a")
    schedule.succeed("b")
    assert schedule.take() is None


def test_what_is_not_scheduled_counts_as_done() -> None:
    assert Schedule("a", {"a": "z"}).take() == "a"


@pytest.mark.parametrize("needs", [{"a": "a"}, {"a": "b", "b": "a"}, {"b": "a", "c": "b", "a": "c"}])
def test_a_circle_is_refused(needs: dict[str, str]) -> None:
    with pytest.raises(ValueError, match="circle"):
        Schedule("abc", needs)


def test_an_empty_schedule_is_finished() -> None:
    assert Schedule("", {}).finished
