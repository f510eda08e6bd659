from __future__ import annotations

import pytest

from reconciler.oci.challenge import Challenge, parse


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        ('Basic realm="a b"', [Challenge("basic", {"realm": "a b"})]),
        (
            'Bearer realm="https://a/t",service="s",scope="repository:a/b:pull,push"',
            [Challenge("bearer", {"realm": "https://a/t", "service": "s", "scope": "repository:a/b:pull,push"})],
        ),
        (
            'BEARER Realm="https://a/t" , error=invalid_token, Basic realm="x\\"y"',
            [
                Challenge("bearer", {"realm": "https://a/t", "error": "invalid_token"}),
                Challenge("basic", {"realm": 'x"y'}),
            ],
        ),
        ("Negotiate", [Challenge("negotiate", {})]),
        ("", []),
    ],
)
def test_challenges(header: str, expected: list[Challenge]) -> None:
    assert list(parse(header)) == expected
