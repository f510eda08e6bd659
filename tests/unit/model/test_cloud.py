from __future__ import annotations

import pytest

from reconciler.model.cloud import CloudClass, cloud_class


@pytest.mark.parametrize(
    ("region", "expected"),
    [
        ("cn-hangzhou", CloudClass.PUBLIC),
        ("cn-heyuan-acdr-1", CloudClass.PUBLIC),
        ("us-east-1", CloudClass.PUBLIC),
        ("cn-hangzhou-finance", CloudClass.FINANCE),
        ("cn-shanghai-finance-1", CloudClass.FINANCE),
        ("cn-north-2-gov-1", CloudClass.GOV),
    ],
)
def test_a_region_says_which_cloud_it_is_in(region: str, expected: CloudClass) -> None:
    assert cloud_class(region) is expected
