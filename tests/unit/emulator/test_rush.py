"""A registry of the local cloud that is asked for too much at once says so, once, and then goes on."""

from __future__ import annotations

import time

import pytest

from reconciler.emulator.rush import Rush, Rushes
from reconciler.emulator.server import LocalCloud
from reconciler.model.spec import Desired, Edition, Instance, Namespace, Visibility
from reconciler.oci.client import Registry
from reconciler.oci.login import Login
from reconciler.oci.patience import Retry

HUB = Instance("hub", "cn-hangzhou", "acme-hub", Edition.ADVANCED)
SEED = Desired(instances=(HUB,), namespaces=(Namespace("hub", "prod", True, Visibility.PRIVATE),))


def test_quiet_once_for_each_registry() -> None:
    now = [100.0]
    rushes = Rushes(lambda: now[0])
    assert rushes.wait("hub", begins_upload=True) == 0.0
    rushes.set(Rush(after=2, seconds=1.5))
    assert [rushes.wait("hub", begins_upload=True) for _ in range(3)] == [0.0, 0.0, 1.5]
    assert rushes.wait("eu", begins_upload=True) == 0.0
    now[0] += 1.0
    assert rushes.wait("hub", begins_upload=False) == 0.5
    now[0] += 1.0
    assert [rushes.wait("hub", begins_upload=True) for _ in range(9)] == [0.0] * 9
    rushes.set(None)
    assert rushes.wait("eu", begins_upload=True) == 0.0


@pytest.mark.parametrize(("after", "seconds"), [(0, 1.0), (1, -1.0)])
def test_a_rush_that_is_none(after: int, seconds: float) -> None:
    with pytest.raises(ValueError, match="a rush is after 1 upload"):
        Rush(after, seconds)


def test_a_client_is_told_how_long_to_wait() -> None:
    with LocalCloud.start(SEED) as cloud:
        login = Login(*cloud.access_key)
        heard: list[Retry] = []
        client = Registry(cloud.registries["instances.hub"], lambda _: login, sleep=lambda _: time.sleep(0.06))
        cloud.rush(Rush(after=1, seconds=0.05))
        with client.observed(heard.append):
            client.put_blob_bytes("prod/web", b"one")
            client.put_blob_bytes("prod/web", b"two")
        client.close()
        assert heard
        assert all(retry.throttled and retry.asked and retry.delay >= 1.0 for retry in heard)
