"""A transport whose service is a function of the test."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime

import httpx
import pytest

from reconciler.acr.credentials import Credential, StaticCredential
from reconciler.acr.events import CallEvent
from reconciler.acr.pace import Pace
from reconciler.acr.retry import Backoff
from reconciler.acr.transport import Transport

KEY = Credential("LTAI5tExampleAccessKeyId", "ExampleAccessKeySecret0123456789", "CAIS+example/token==")


@pytest.fixture
def slept() -> list[float]:
    """Every pause that was asked for, in seconds."""
    return []


@pytest.fixture
def told() -> list[CallEvent]:
    return []


@pytest.fixture
def connect(
    slept: list[float], told: list[CallEvent]
) -> Iterator[Callable[[Callable[[httpx.Request], httpx.Response]], Transport]]:
    """From what the service answers to the transport that asks it; pauses pass at once on a clock of their own."""
    clients: list[httpx.Client] = []
    clock = [1000.0]

    def sleep(seconds: float) -> None:
        slept.append(seconds)
        clock[0] += seconds

    def build(service: Callable[[httpx.Request], httpx.Response]) -> Transport:
        client = httpx.Client(transport=httpx.MockTransport(service))
        clients.append(client)
        return Transport(
            client,
            StaticCredential(KEY),
            pace=Pace(1000.0, 1000, clock=lambda: clock[0], sleep=sleep),
            backoff=Backoff(first=1.0, cap=8.0, tries=4, chance=lambda: 0.0),
            listener=told.append,
            clock=lambda: datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC),
            new_nonce=lambda: "1" * 32,
        )

    yield build
    for client in clients:
        client.close()
