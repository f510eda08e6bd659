"""Which zones of a region support image import over a VPC."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

BUILT_IN: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "ap-northeast-1": (),
        "ap-southeast-1": (),
        "ap-southeast-5": (),
        "cn-beijing": (),
        "cn-chengdu": (),
        "cn-hangzhou": (),
        "cn-heyuan": (),
        "cn-hongkong": (),
        "cn-shanghai": (),
        "cn-shenzhen": (),
        "cn-zhangjiakou": (),
        "eu-central-1": (),
        "eu-west-1": (),
        "us-east-1": (),
        "us-west-1": (),
    }
)
"""The regions of the table in the service's page on image import (step 1). The page that this was taken from names no
zone in any of its rows, so every zone of these regions is unknown until `settings.zones` names some."""


def zones_of(region: str, users: Mapping[str, tuple[str, ...]]) -> tuple[str, ...] | None:
    """The supported zones, as the user has them or as they are built in; None when nobody knows of the region."""
    return users[region] if region in users else BUILT_IN.get(region)
