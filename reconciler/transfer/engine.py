"""Carries a transfer plan out with a bounded number of threads; one image's failure is that image's alone."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass

from reconciler.model.report import ImageOutcome
from reconciler.oci.client import Registry
from reconciler.oci.source import Sources
from reconciler.transfer.clients import Clients
from reconciler.transfer.crew import Crew
from reconciler.transfer.events import Listener
from reconciler.transfer.journal import Journal
from reconciler.transfer.lanes import Limits
from reconciler.transfer.plan import TransferPlan
from reconciler.transfer.rate import Rate

WORKERS = 64
"""Jobs under way at once: most of them wait for an answer."""

BULK = 8
"""Large blobs under way at one registry: more share the same line, and each costs a buffer."""


@dataclass(frozen=True, slots=True)
class TransferResult:
    """`outcomes` are in plan order, one per image. `requests` and `retries` are of this run, over all registries.

    `stopped`: not everything was tried, because the run was asked to end.
    """

    outcomes: tuple[ImageOutcome, ...]
    bytes_moved: int
    bytes_mounted: int
    requests: int
    retries: int
    seconds: float
    stopped: bool = False


def run(
    plan: TransferPlan,
    *,
    registries: Callable[[str], Registry],
    sources: Sources | None = None,
    journal: Journal,
    listener: Listener,
    workers: int = WORKERS,
    per_host: int | None = None,
    max_rate: int | None = None,
    stop: threading.Event | None = None,
    break_off: threading.Event | None = None,
) -> TransferResult:
    """Copy every image of `plan`. `registries` gives the registry of a host, `sources` what images are read from where
    that is not always a registry; both give the same one each time.

    At most `workers` jobs are under way at once, and `per_host` of them at one registry; fewer where a registry asks to
    be spared. Blobs leave at no more than `max_rate` bytes per second in all.

    Once `stop` is set, or after Ctrl-C, what runs is finished and nothing new begins; once `break_off` is set as well,
    or after a second Ctrl-C, blobs that are on their way are dropped. A journal that cannot be written stops the run.
    """
    clients = Clients.of(plan, sources or registries, registries)
    known = tuple(clients.each())
    before = [(client.requests.total(), client.retries) for client in known]
    started = time.monotonic()
    crew = Crew(
        plan,
        clients,
        journal,
        listener,
        stop or threading.Event(),
        break_off or threading.Event(),
        Limits(workers, BULK, per_host),
        None if max_rate is None else Rate(max_rate),
    )
    with ExitStack() as watching:
        for client in known:
            watching.enter_context(client.observed(crew.retried))
        outcomes = crew.work()
    after = [(client.requests.total(), client.retries) for client in known]
    return TransferResult(
        outcomes=outcomes,
        bytes_moved=sum(outcome.bytes_moved for outcome in outcomes),
        bytes_mounted=sum(outcome.bytes_mounted for outcome in outcomes),
        requests=sum(now[0] - then[0] for now, then in zip(after, before, strict=True)),
        retries=sum(now[1] - then[1] for now, then in zip(after, before, strict=True)),
        seconds=time.monotonic() - started,
        stopped=crew.stopped,
    )
