"""Faults of calls: how often they come, that they can be repeated, and what a client sees of each."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import httpx
import pytest

from reconciler.acr.cr import Cr
from reconciler.acr.credentials import Credential, StaticCredential
from reconciler.acr.endpoint import Endpoint
from reconciler.acr.errors import ApiError, Throttled, Unavailable, Unreachable
from reconciler.acr.retry import Backoff
from reconciler.acr.transport import Transport, http_client
from reconciler.emulator.call_faults import CallFault, CallFaults, CallWeather
from reconciler.emulator.server import LocalCloud
from reconciler.model.spec import Visibility


def draws(faults: CallFaults, number: int = 10_000) -> list[CallFault | None]:
    weather = CallWeather(faults, lambda: 0.0)
    return [weather.draw() for _ in range(number)]


def test_faults_come_as_often_as_they_are_asked_for_and_can_be_repeated() -> None:
    faults = CallFaults(throttled=0.05, lost=0.02, failed=0.01, seed=3)
    met = Counter(draws(faults))
    assert 400 < met[CallFault.THROTTLED] < 600
    assert 140 < met[CallFault.LOST] < 260
    assert 25 < met[CallFault.FAILED] < 75
    assert 25 < met[CallFault.FAILED_AFTER] < 75
    assert draws(faults) == draws(faults)
    assert set(draws(CallFaults())) == {None}


def test_more_calls_than_a_second_takes_are_throttled() -> None:
    now = [0.0]
    weather = CallWeather(CallFaults(per_second=10), lambda: now[0])
    assert [weather.draw() for _ in range(12)] == [None] * 10 + [CallFault.THROTTLED] * 2
    now[0] = 0.5
    assert [weather.draw() for _ in range(6)] == [None] * 5 + [CallFault.THROTTLED]


@pytest.mark.parametrize(
    "make",
    [
        lambda: CallFaults(throttled=1.1),
        lambda: CallFaults(lost=-0.1),
        lambda: CallFaults(lost=0.6, failed=0.6),
        lambda: CallFaults(latency=-1.0),
        lambda: CallFaults(per_second=-1.0),
    ],
)
def test_shares_that_are_none(make: Callable[[], CallFaults]) -> None:
    with pytest.raises(ValueError, match=r"1 together at most|not below 0"):
        make()


@contextmanager
def impatient(cloud: LocalCloud) -> Iterator[Cr]:
    """A client that tries every call once."""
    endpoint = Endpoint(cloud.endpoint)
    with http_client(endpoint) as client:
        credential = StaticCredential(Credential(*cloud.access_key))
        yield Cr(Transport(client, credential, endpoint=endpoint, backoff=Backoff(tries=1, unreachable_tries=1)))


def first(wanted: CallFault, faults: Callable[[int], CallFaults]) -> CallFaults:
    """The faults of the first seed whose first draw is `wanted`."""
    return next(faults(seed) for seed in range(1000) if CallWeather(faults(seed)).draw() is wanted)


@pytest.mark.parametrize(
    ("fault", "error", "carried_out"),
    [
        (CallFault.THROTTLED, Throttled, False),
        (CallFault.LOST, Unreachable, True),
        (CallFault.FAILED, Unavailable, False),
        (CallFault.FAILED_AFTER, Unavailable, True),
    ],
)
def test_what_a_client_sees(
    cloud: LocalCloud, fault: CallFault, error: type[ApiError | Unreachable], carried_out: bool
) -> None:
    shares = {CallFault.THROTTLED: (1.0, 0.0, 0.0), CallFault.LOST: (0.0, 1.0, 0.0)}.get(fault, (0.0, 0.0, 1.0))
    hub = cloud.instance_id("hub")
    with impatient(cloud) as cr:
        cloud.spoil_calls(first(fault, lambda seed: CallFaults(*shares, seed=seed)))
        with pytest.raises(error) as met:
            cr.create_namespace("cn-hangzhou", hub, "spoilt", auto_create=True, visibility=Visibility.PRIVATE)
        cloud.spoil_calls(CallFaults())
        assert cr.has_namespace("cn-hangzhou", hub, "spoilt") is carried_out
    if isinstance(met.value, Unreachable):
        assert met.value.sent
    if isinstance(met.value, Throttled):
        assert met.value.retry_after == 0.2


def test_the_other_connections_are_left_alone(cloud: LocalCloud) -> None:
    with httpx.Client(base_url=cloud.endpoint, trust_env=False) as bystander, impatient(cloud) as cr:
        bystander.get("/emulator/faults")
        cloud.spoil_calls(CallFaults(lost=1.0))
        with pytest.raises(Unreachable):
            cr.list_instances("cn-hangzhou")
        assert bystander.get("/emulator/faults").json()["calls"]["lost"] == 1.0
