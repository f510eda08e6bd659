from __future__ import annotations

import re

import pytest

from reconciler.core.safety import check_thresholds
from reconciler.model.plan import Summary
from reconciler.model.spec import Safety, Settings


def _refused(safety: Safety, summary: Summary, managed: int = 100) -> list[str]:
    return [d.rule for d in check_thresholds(Settings(safety=safety), summary, managed)]


@pytest.mark.parametrize(
    ("limit", "managed", "allowed"),
    [(0, 100, 0), (3, 100, 3), (0.1, 100, 10), (0.1, 15, 2), (0.07, 100, 7), (0.1, 0, 0)],
)
def test_deletions_are_limited_by_a_count_or_by_a_share_that_is_rounded_up(
    limit: float, managed: int, allowed: int
) -> None:
    safety = Safety(max_deletes=limit)
    assert _refused(safety, Summary(delete=allowed), managed) == []
    assert _refused(safety, Summary(delete=allowed + 1), managed) == ["R-SAFE-1"]


def test_images_and_bytes_are_limited() -> None:
    safety = Safety(max_images=2, max_bytes=1000)
    assert _refused(safety, Summary(images=2, bytes=1000)) == []
    assert _refused(safety, Summary(images=3, bytes=1001)) == ["R-SAFE-2", "R-SAFE-3"]


def test_the_error_has_both_numbers_and_names_the_setting() -> None:
    (error,) = check_thresholds(Settings(safety=Safety(max_images=2)), Summary(images=3), 0)
    assert set(re.findall(r"\d+", error.summary)) == {"2", "3"}
    assert "settings.safety.max_images" in error.hint
