"""Waiting for images that the service replicates itself, because a push of this run met a replication rule."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

from reconciler.executor.listing import listed_digests
from reconciler.executor.moving import Mover
from reconciler.executor.target import Workbench
from reconciler.executor.waiting import StepFailed
from reconciler.model.plan import Transfer, Via
from reconciler.model.report import ImageResult


def await_arrivals(bench: Workbench, carrier: Mover, transfers: Sequence[Transfer]) -> None:
    """Returns when every image has arrived or no more of them did for as long as patience lasts; each gets an outcome.

    What does not arrive is not copied on top: the next plan finds it missing and moves it.
    """
    pending: list[Transfer] = []
    for transfer in transfers:
        if transfer.via is not Via.RULE:
            continue
        if carrier.reached_source(transfer):
            pending.append(transfer)
        else:
            carrier.record(transfer, ImageResult.FAILED, "the image did not reach the source instance", retryable=True)
    while pending:
        arrived: list[Transfer] = []

        def some_arrived(waiting: list[Transfer] = pending, arrived: list[Transfer] = arrived) -> bool:
            arrived += _arrived(bench, waiting)
            return bool(arrived)

        try:
            bench.patience.until(some_arrived, f"replication of {len(pending)} images by the service")
        except StepFailed as failure:
            for transfer in pending:
                carrier.record(transfer, ImageResult.FAILED, str(failure), retryable=failure.retryable)
            return
        for transfer in arrived:
            carrier.record(transfer, ImageResult.IMPORTED)
        pending = [transfer for transfer in pending if transfer not in arrived]


def _arrived(bench: Workbench, pending: Sequence[Transfer]) -> list[Transfer]:
    by_instance: dict[str, list[Transfer]] = defaultdict(list)
    for transfer in pending:
        by_instance[transfer.address.parts[1]].append(transfer)
    found: list[Transfer] = []
    for key, transfers in by_instance.items():
        repositories = {transfer.target.repository for transfer in transfers}
        there = listed_digests(bench.cr, bench.instance(key), repositories)
        found += [t for t in transfers if there.get((t.target.repository, t.target.tag)) == t.digest]
    return found
