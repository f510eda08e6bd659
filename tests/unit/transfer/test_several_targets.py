"""One source and several targets: read once, written everywhere, each target on its own."""

from __future__ import annotations

import socket
from collections import Counter
from pathlib import Path

import pytest

from reconciler.core.blobs import account
from reconciler.model.image import Digest, RepositoryName
from reconciler.model.report import ImageResult
from reconciler.oci.client import Registry
from reconciler.oci.connection import Timeouts
from reconciler.oci.patience import Backoff
from reconciler.transfer.engine import run
from reconciler.transfer.journal import Journal
from reconciler.transfer.plan import SendBlob, build
from tests.unit.transfer.lab import IMAGES, Order, Painter, RealRegistry, carry_out, content, holdings, order, serve


def together(*orders: Order) -> Order:
    """All of them as one transfer."""
    transfers = tuple(transfer for one in orders for transfer in one.transfers)
    contents = orders[0].contents
    empty = {RepositoryName(t.target.registry, t.target.repository): frozenset[Digest]() for t in transfers}
    return Order(transfers, contents, build(account(transfers, contents, empty), contents, empty))


def blob_reads(registry: RealRegistry) -> Counter[str]:
    """How often each blob was read from its beginning."""
    return Counter(
        path for method, path, status in registry.requests() if (method, status) == ("GET", 200) and "/blobs/" in path
    )


@pytest.mark.parametrize("workers", [1, 8])
def test_each_blob_is_read_once_for_all_targets(source: RealRegistry, tmp_path: Path, workers: int) -> None:
    client = source.client()
    Painter(client, "apps/web").image([content("large", 3_000_000)], tag="v1")
    client.close()
    with serve(tmp_path / "eu") as eu, serve(tmp_path / "sg") as sg, serve(tmp_path / "us") as us:
        targets = (eu, sg, us)
        ordered = together(*(order(source, target) for target in targets))

        done = carry_out(ordered.plan, workers=workers)

        assert {outcome.reason for outcome in done.result.outcomes} == {""}
        for target in targets:
            assert holdings(target, [t for t in ordered.transfers if t.target.registry == target.host])
        assert set(blob_reads(source).values()) == {1}


def test_a_target_that_is_down_does_not_fail_the_others(source: RealRegistry, target: RealRegistry) -> None:
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        down = RealRegistry(f"127.0.0.1:{nobody.getsockname()[1]}", target.log, target.root)
        ordered = together(order(source, down), order(source, target))

        done = carry_out(ordered.plan)

    outcomes = {(o.target.registry, o.target.tag): o for o in done.result.outcomes}
    assert all(outcomes[target.host, tag].result is ImageResult.IMPORTED for _, tag in IMAGES)
    assert all(outcomes[down.host, tag].retryable for _, tag in IMAGES)
    assert holdings(target, [t for t in ordered.transfers if t.target.registry == target.host])


def test_a_target_that_does_not_answer_holds_the_others_up_for_a_moment_only(
    source: RealRegistry, target: RealRegistry
) -> None:
    """It takes connections and bytes and says nothing, as a firewall does that drops packets."""
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        mute = RealRegistry(f"127.0.0.1:{silent.getsockname()[1]}", target.log, target.root)
        ordered = together(order(source, mute), order(source, target))
        clients = {
            host: Registry(
                host, lambda _: None, backoff=Backoff(attempts=1), timeouts=Timeouts(connect=3, exchange=3, commit=3)
            )
            for host in (source.host, target.host, mute.host)
        }
        result = run(ordered.plan, registries=clients.__getitem__, journal=Journal(), listener=lambda _: None)
        for client in clients.values():
            client.close()

    ended = {o.target.registry: o.result for o in result.outcomes}
    assert ended == {target.host: ImageResult.IMPORTED, mute.host: ImageResult.FAILED}


def test_the_plan_says_what_one_reading_serves(source: RealRegistry, target: RealRegistry) -> None:
    elsewhere = RealRegistry("127.0.0.1:1", target.log, target.root)
    plan = together(order(source, target), order(source, elsewhere)).plan
    sent = [number for number, step in enumerate(plan.steps) if isinstance(step.job, SendBlob)]
    assert sorted(number for fan in plan.fans for number in fan) == sent
    for fan in plan.fans:
        jobs = [plan.steps[number].job for number in fan]
        assert {job.blob.digest for job in jobs if isinstance(job, SendBlob)} and len(jobs) == 2
        assert {job.target.registry for job in jobs} == {target.host, elsewhere.host}


def test_a_plan_for_one_target_has_nothing_to_share(source: RealRegistry, target: RealRegistry) -> None:
    assert order(source, target).plan.fans == ()


def test_blobs_leave_no_faster_than_they_may(source: RealRegistry, target: RealRegistry) -> None:
    ordered = order(source, target, [("apps/web", "v1")])
    clients = {host: Registry(host, lambda _: None) for host in (source.host, target.host)}
    limit = 640_000
    result = run(
        ordered.plan,
        registries=clients.__getitem__,
        journal=Journal(),
        listener=lambda _: None,
        workers=4,
        per_host=2,
        max_rate=limit,
    )
    for client in clients.values():
        client.close()
    blobs = sum(step.job.blob.size for step in ordered.plan.steps if isinstance(step.job, SendBlob))
    assert result.seconds >= blobs / limit
    assert [outcome.reason for outcome in result.outcomes] == [""]
