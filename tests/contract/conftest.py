"""A local cloud for programs that are not ours: the official SDKs, skopeo, docker-registry."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest

from reconciler.emulator.server import LocalCloud
from reconciler.model.build import BuildRule, SourceCode
from reconciler.model.network import Network, SecurityGroup, Vpc, Vswitch
from reconciler.model.spec import (
    Desired,
    Edition,
    Instance,
    Namespace,
    PersonalNamespace,
    PersonalRepository,
    Repository,
    Visibility,
)

CODE = SourceCode("gitlab", "acme/legacy", auto_build=True)


@pytest.fixture
def seed() -> Desired:
    return Desired(
        instances=(
            Instance("hub", "cn-hangzhou", "acme-hub", Edition.ADVANCED, tags={"team": "platform"}),
            Instance("eu", "eu-central-1", "acme-eu", Edition.BASIC),
            Instance("us", "us-east-1", "acme-us", Edition.STANDARD),
        ),
        namespaces=(
            Namespace("hub", "apps", True, Visibility.PRIVATE),
            Namespace("eu", "apps", True, Visibility.PRIVATE),
        ),
        repositories=(Repository("hub", "apps/web", Visibility.PRIVATE, "storefront"),),
        personal_namespaces=(PersonalNamespace("cn-hangzhou", "legacy"),),
        personal_repositories=(
            PersonalRepository(
                "cn-hangzhou", "legacy/web", Visibility.PUBLIC, "old storefront", CODE, (BuildRule("latest", "main"),)
            ),
        ),
        networks=(
            Network(
                "cn-hangzhou",
                (Vpc("vpc-1", ("10.0.0.0/8", "172.16.0.0/12")),),
                (Vswitch("vsw-1", "vpc-1", "cn-hangzhou-h"),),
                (SecurityGroup("sg-1", "vpc-1"),),
            ),
        ),
    )


@pytest.fixture
def cloud(seed: Desired) -> Iterator[LocalCloud]:
    with LocalCloud.start(seed, speed=200) as running:
        yield running


@pytest.fixture
def no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    """The SDKs ask a proxy of the environment even for loopback addresses, whatever NO_PROXY says."""
    for name in list(os.environ):
        if name.lower() in ("http_proxy", "https_proxy", "all_proxy"):
            monkeypatch.delenv(name)
