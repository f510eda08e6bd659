"""What a region id says about the cloud that it belongs to."""

from __future__ import annotations

from enum import StrEnum


class CloudClass(StrEnum):
    PUBLIC = "public"
    FINANCE = "finance"
    GOV = "gov"


def cloud_class(region: str) -> CloudClass:
    """By the markers that Alibaba Cloud puts in region ids (`cn-shanghai-finance-1`, `cn-north-2-gov-1`)."""
    if "-finance" in region:
        return CloudClass.FINANCE
    if "-gov-" in region:
        return CloudClass.GOV
    return CloudClass.PUBLIC
