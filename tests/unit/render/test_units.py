from __future__ import annotations

import pytest

from reconciler.render import units


@pytest.mark.parametrize(
    ("amount", "text"),
    [
        (0, "0 B"),
        (1023, "1023 B"),
        (1024, "1.0 KiB"),
        (12_897_485, "12.3 MiB"),
        (1024**2 - 1, "1.0 MiB"),
        (3 * 1024**4, "3.0 TiB"),
        (5000 * 1024**5, "5,000.0 PiB"),
    ],
)
def test_sizes_are_in_binary_units(amount: int, text: str) -> None:
    assert units.size(amount) == text


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0, "0.0s"), (9.94, "9.9s"), (9.95, "10s"), (59.6, "1m 00s"), (62, "1m 02s"), (7384, "2h 03m")],
)
def test_durations(seconds: float, text: str) -> None:
    assert units.duration(seconds) == text


def test_rates_are_in_decimal_units_and_say_when_nobody_measured() -> None:
    assert units.rate(41_000_000, 10) == "4.1 MB/s"
    assert units.rate(41_000_000, 0) == "-"
    assert units.megabytes_per_second(1, 0) is None


def test_counts_take_the_right_number_of_the_noun() -> None:
    assert units.count(1, "retry", "retries") == "1 retry"
    assert units.count(0, "retry", "retries") == "0 retries"
    assert units.count(12_345, "image") == "12,345 images"
    assert units.count(12_345) == "12,345"
