from __future__ import annotations

import inspect

import pytest
import typer

from reconciler.commands.apply import apply
from reconciler.commands.options import bytes_per_second
from reconciler.transfer.engine import WORKERS


def test_the_engine_and_the_command_mean_the_same_default() -> None:
    assert inspect.signature(apply).parameters["workers"].default == WORKERS


@pytest.mark.parametrize(
    ("text", "rate"), [(None, None), ("50MB/s", 50_000_000), ("1.5MiB/s", 1_572_864), ("800 KB", 800_000)]
)
def test_a_rate_is_a_size_per_second(text: str | None, rate: int | None) -> None:
    assert bytes_per_second(text) == rate


@pytest.mark.parametrize("text", ["", "fast", "0B/s", "50", "50MB/h", "-1MB/s"])
def test_anything_else_is_refused(text: str) -> None:
    with pytest.raises(typer.BadParameter, match="not a rate"):
        bytes_per_second(text)
