"""The whole way between two real registries."""

from __future__ import annotations

import threading
from dataclasses import replace

import pytest

from reconciler.model.json_value import Json
from reconciler.model.report import ImageResult
from reconciler.oci.client import Registry
from reconciler.transfer.engine import run
from reconciler.transfer.events import BlobDone, BlobMounted, BlobProgress, Event, ImageDone, TransferStarted
from reconciler.transfer.journal import Journal
from tests.unit.transfer.lab import IMAGES, Painter, RealRegistry, carry_out, content, holdings, order


def test_everything_arrives_byte_for_byte(source: RealRegistry, target: RealRegistry) -> None:
    ordered = order(source, target)

    done = carry_out(ordered.plan)

    assert [outcome.reason for outcome in done.result.outcomes] == [""] * len(IMAGES)
    assert {outcome.result for outcome in done.result.outcomes} == {ImageResult.IMPORTED}
    seen = holdings(target, ordered.transfers)
    assert {key.split("@")[1] for key in seen if "@" in key} >= set(ordered.contents)


def test_bytes_are_those_of_the_plan(source: RealRegistry, target: RealRegistry) -> None:
    ordered = order(source, target)

    done = carry_out(ordered.plan)

    assert done.result.bytes_moved == ordered.plan.bytes
    assert [o.bytes_moved for o in done.result.outcomes] == [t.bytes for t in ordered.plan.images]
    sent = sum(event.sent for event in done.events if isinstance(event, BlobProgress))
    assert sent == sum(event.blob.size for event in done.events if isinstance(event, BlobDone))
    assert done.result.bytes_mounted > 0


def test_requests_are_those_of_the_plan(source: RealRegistry, target: RealRegistry) -> None:
    images = [image for image in IMAGES if image != ("tools/cli", "signed")]
    ordered = order(source, target, images)

    done = carry_out(ordered.plan)

    assert done.result.requests == ordered.plan.requests
    assert done.result.retries == 0


def test_each_blob_is_sent_once_and_mounted_elsewhere(source: RealRegistry, target: RealRegistry) -> None:
    ordered = order(source, target)

    done = carry_out(ordered.plan)

    assert set(target.blob_puts().values()) == {1}
    assert len(target.blob_puts()) == ordered.plan.blobs
    mounted = [event for event in done.events if isinstance(event, BlobMounted)]
    assert len(mounted) == ordered.plan.mounts > 0


def test_signatures_follow_their_image(source: RealRegistry, target: RealRegistry) -> None:
    ordered = order(source, target, [("tools/cli", "signed")])

    carry_out(ordered.plan)

    client = target.client()
    root = ordered.transfers[0].digest
    (signature,) = client.referrers("prod/tools/cli", root)
    (expected,) = ordered.contents[root].referrers
    assert signature == expected
    client.close()


def test_a_referrer_joins_those_that_the_target_lists(source: RealRegistry, target: RealRegistry) -> None:
    ordered = order(source, target, [("tools/cli", "signed")])
    carry_out(order(source, target, [("tools/cli", "signed")]).plan)
    client, sender = target.client(), source.client()
    root = ordered.transfers[0].digest
    subject = sender.head_manifest("tools/cli", root)
    assert subject is not None
    image: dict[str, Json] = {"mediaType": subject.media_type, "digest": subject.digest, "size": subject.size}
    theirs = Painter(sender, "tools/cli").signature(image, b"another signature")

    done = carry_out(order(source, target, [("tools/cli", "signed")], over=True).plan)

    assert [outcome.reason for outcome in done.result.outcomes] == [""]
    assert {r.digest for r in client.referrers("prod/tools/cli", root)} == {
        theirs,
        ordered.contents[root].referrers[0].digest,
    }
    client.close()
    sender.close()


def test_within_one_registry_blobs_are_mounted(source: RealRegistry) -> None:
    ordered = order(source, source, [("apps/web", "v1"), ("apps/api", "multi")])
    before = source.blob_puts()

    done = carry_out(ordered.plan)

    assert [outcome.reason for outcome in done.result.outcomes] == ["", ""]
    assert source.blob_puts() == before
    assert ordered.plan.blobs == 0
    assert holdings(source, ordered.transfers)


def test_a_second_run_sends_no_blob(source: RealRegistry, target: RealRegistry) -> None:
    ordered = order(source, target)
    carry_out(ordered.plan)
    before = target.blob_puts()

    again = carry_out(order(source, target, known_empty=False).plan)

    assert {outcome.result for outcome in again.result.outcomes} == {ImageResult.SKIPPED}
    assert target.blob_puts() == before


def test_a_tag_that_someone_else_wrote_meanwhile_is_left_alone(source: RealRegistry, target: RealRegistry) -> None:
    ordered = order(source, target, [("apps/web", "v1"), ("apps/web", "v2")])
    client = target.client()
    theirs = Painter(client, "prod/apps/web").image([b"theirs"], tag="v1")

    done = carry_out(ordered.plan)

    first, second = done.result.outcomes
    assert first.result is ImageResult.FAILED
    assert first.reason == f"the target got another image under this tag meanwhile: {theirs['digest']}; plan again"
    assert second.result is ImageResult.IMPORTED
    assert client.manifest("prod/apps/web", "v1").digest == theirs["digest"]
    client.close()


def test_a_different_tag_is_overwritten(source: RealRegistry, target: RealRegistry) -> None:
    client = target.client()
    Painter(client, "prod/apps/web").image([b"old"], tag="v1")
    ordered = order(source, target, [("apps/web", "v1")], over=True)

    done = carry_out(ordered.plan)

    assert done.result.outcomes[0].result is ImageResult.IMPORTED
    assert client.manifest("prod/apps/web", "v1").digest == ordered.transfers[0].digest
    client.close()


def test_a_tag_that_someone_else_moved_meanwhile_is_left_alone(source: RealRegistry, target: RealRegistry) -> None:
    client = target.client()
    painter = Painter(client, "prod/apps/web")
    painter.image([b"old"], tag="v1")
    gone = painter.image([b"old too"], tag="v2")
    ordered = order(source, target, [("apps/web", "v1"), ("apps/web", "v2")], over=True)
    target.stored(str(gone["digest"])).unlink()
    theirs = painter.image([b"theirs"], tag="v1")

    done = carry_out(ordered.plan)

    first, second = done.result.outcomes
    assert (first.result, first.retryable) == (ImageResult.FAILED, True)
    assert first.reason == f"the target got another image under this tag meanwhile: {theirs['digest']}; plan again"
    assert client.manifest("prod/apps/web", "v1").digest == theirs["digest"]
    assert second.result is ImageResult.IMPORTED
    client.close()


def test_one_damaged_image_does_not_stop_the_others(source: RealRegistry, target: RealRegistry) -> None:
    ordered = order(source, target)
    damaged = next(b for b in ordered.contents[ordered.transfers[1].digest].blobs if b.size == 700_000)
    stored = source.root / "docker/registry/v2/blobs/sha256" / damaged.digest[7:9] / damaged.digest[7:] / "data"
    stored.write_bytes(content("something else", 700_000))

    done = carry_out(ordered.plan)

    outcomes = {(o.target.repository, o.target.tag): o for o in done.result.outcomes}
    failed = outcomes.pop(("prod/apps/web", "v2"))
    assert failed.result is ImageResult.FAILED
    assert "is damaged: its bytes have the digest sha256:" in failed.reason
    assert {o.result for o in outcomes.values()} == {ImageResult.IMPORTED}
    client = target.client()
    assert client.head_manifest("prod/apps/web", "v2") is None
    assert client.head_blob("prod/apps/web", damaged.digest) is None
    client.close()


def test_what_the_target_turns_out_to_lack_is_sent(source: RealRegistry, target: RealRegistry) -> None:
    """The plan believes that everything but the tag is there, as after a clean-up at the target."""
    ordered = order(source, target, [("apps/api", "multi")])
    steps = ordered.plan.steps[-1:]
    bare = replace(ordered.plan, steps=(replace(steps[0], needs=(), follows=()),))

    done = carry_out(bare)

    assert [outcome.reason for outcome in done.result.outcomes] == [""]
    assert holdings(target, ordered.transfers)


def test_the_oldest_push_is_written_first(source: RealRegistry, target: RealRegistry) -> None:
    client = source.client()
    painter = Painter(client, "apps/many")
    tags = [f"t{number}" for number in range(8)]
    for number, tag in enumerate(tags):
        painter.image([content(tag, 1000 * (number + 1))], tag=tag)
    client.close()
    ordered = order(source, target, [("apps/many", tag) for tag in tags])

    done = carry_out(ordered.plan)

    finished = [event.outcome.target.tag for event in done.events if isinstance(event, ImageDone)]
    written = [p.rsplit("/", 1)[1] for m, p, _ in target.requests() if m == "PUT" and "/manifests/" in p]
    assert sorted(finished) == tags
    assert written == tags[::-1]


def test_a_set_stop_ends_the_run_and_says_so(source: RealRegistry, target: RealRegistry) -> None:
    ordered = order(source, target)
    stop = threading.Event()
    registries = {host: Registry(host, lambda _: None) for host in (source.host, target.host)}

    def listen(event: Event) -> None:
        if isinstance(event, BlobDone):
            stop.set()

    result = run(
        ordered.plan, registries=registries.__getitem__, journal=Journal(), listener=listen, workers=2, stop=stop
    )

    assert result.stopped
    unfinished = [o for o in result.outcomes if o.result is ImageResult.FAILED]
    assert unfinished
    assert all(o.retryable and o.reason.startswith("stopped") for o in unfinished)
    assert carry_out(order(source, target, known_empty=False).plan).result.stopped is False
    for registry in registries.values():
        registry.close()


def test_nothing_to_do_is_done_at_once(source: RealRegistry, target: RealRegistry) -> None:
    done = carry_out(order(source, target, []).plan)

    assert done.result.outcomes == ()
    assert done.events == (TransferStarted(0, 0, 0),)


def test_an_error_in_the_listener_ends_the_run(source: RealRegistry, target: RealRegistry) -> None:
    registries = {host: Registry(host, lambda _: None) for host in (source.host, target.host)}

    def listen(event: Event) -> None:
        if isinstance(event, BlobDone):
            raise OSError("disk full")

    with pytest.raises(OSError, match="disk full"):
        run(order(source, target).plan, registries=registries.__getitem__, journal=Journal(), listener=listen)
    for registry in registries.values():
        registry.close()
