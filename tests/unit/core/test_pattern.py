from __future__ import annotations

import pytest

from reconciler.core.pattern import matcher


@pytest.mark.parametrize(
    ("pattern", "tag", "expected"),
    [
        ("release-v.*", "release-v1", True),
        ("release-v.*", "pre-release-v1", False),
        ("v1", "v10", False),
        ("v1|v2", "v2", True),
        ("v1|v2", "v2x", False),
        ("(?i)V1", "v1", True),
        (".*", "anything", True),
        ("", "anything", True),
        (r"1\.10", "1x10", False),
    ],
)
def test_a_pattern_matches_the_whole_tag(pattern: str, tag: str, expected: bool) -> None:
    assert matcher(pattern)(tag) is expected


@pytest.mark.parametrize("pattern", ["(", "a**", r"(a)\1", "(?=a)"])
def test_what_re2_does_not_know_is_refused(pattern: str) -> None:
    with pytest.raises(ValueError, match="not a regular expression"):
        matcher(pattern)
