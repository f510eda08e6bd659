"""Patterns keep their meaning: checked with RE2, whole tag against anywhere in it."""

from __future__ import annotations

import pytest
import re2

from reconciler.convert.patterns import any_of, exactly, found_in

TAGS = ("1.0", "1x0", "2.0", "v1.2.3", "v1.2.3-alpine", "alpine", "latest", "edge-slim", "")


@pytest.mark.parametrize(
    "pattern",
    [
        "alpine",
        "^v1",
        "3$",
        r"^1\.0$",
        r"^v[0-9]+\.[0-9]+\.[0-9]+$",
        "alpine|slim",
        "^(v1|edge)",
        "^alpine|slim$",
        r"\.",
        r"[.$]",
        r"0\$",
        "",
    ],
)
def test_anywhere_in_a_tag(pattern: str) -> None:
    whole = found_in(pattern)
    assert [tag for tag in TAGS if re2.fullmatch(whole, tag)] == [tag for tag in TAGS if re2.search(pattern, tag)]


def test_simple_anchors_are_taken_off() -> None:
    assert found_in(r"^1\.13\.[12]-alpine$") == r"1\.13\.[12]-alpine"


def test_exact_tags() -> None:
    assert [tag for tag in TAGS if re2.fullmatch(exactly(["1.0", "alpine"]), tag)] == ["1.0", "alpine"]


def test_alternatives_of_alternatives() -> None:
    assert [tag for tag in TAGS if re2.fullmatch(any_of([r"v1\..*", "edge|latest"]), tag)] == [
        "v1.2.3",
        "v1.2.3-alpine",
        "latest",
    ]
