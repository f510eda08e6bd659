"""Sources that break off, runs that are killed, journals that say what may have arrived."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from reconciler.model.image import Descriptor
from reconciler.model.report import ImageResult
from reconciler.oci.errors import RegistryRefused, RegistryUnreachable
from reconciler.oci.manifest import digest_bytes
from reconciler.transfer.journal import Journal
from reconciler.transfer.relay import relay
from tests.unit.oci.scripted import Asked, Reply, Server, scripted
from tests.unit.transfer.lab import Painter, RealRegistry, carry_out, content, holdings, order

DATA = content("relay", 1_000_000)
BLOB = Descriptor(digest_bytes(DATA), len(DATA))


def copy(source: Server, target: RealRegistry) -> None:
    sender, receiver = source.registry(), target.client()
    try:
        relay(
            BLOB,
            (sender, "a/b"),
            (receiver, "c/d"),
            buffer=memoryview(bytearray(65536)),
            session=None,
            moved=lambda _: None,
            progress=lambda _: None,
        )
    finally:
        sender.close()
        receiver.close()


def test_a_source_that_breaks_off_is_read_on_from_there(target: RealRegistry) -> None:
    ranges: list[str] = []

    def script(asked: Asked) -> Reply:
        ranges.append(asked.headers.get("range", ""))
        if len(ranges) == 1:
            return Reply(200, {}, DATA, cut=300_000)
        start = int(ranges[-1].removeprefix("bytes=").rstrip("-"))
        cut = 200_000 if len(ranges) == 2 else None
        return Reply(206, {"Content-Range": f"bytes {start}-{len(DATA) - 1}/{len(DATA)}"}, DATA[start:], cut=cut)

    with scripted(script) as source:
        copy(source, target)
    assert ranges == ["", "bytes=300000-", "bytes=500000-"]
    assert list(target.blob_puts().values()) == [1]


def test_a_source_that_always_breaks_off_is_given_up(target: RealRegistry) -> None:
    with scripted(lambda _: Reply(200, {}, DATA, cut=0)) as source:
        with pytest.raises(RegistryUnreachable, match="ended after 0 of 1000000 bytes"):
            copy(source, target)
        assert len(source.asked) == 3
    assert target.blob_puts() == {}


def test_a_damaged_source_is_read_twice_at_most(target: RealRegistry) -> None:
    with scripted(lambda _: Reply(200, {}, DATA[:-1] + b"x")) as source:
        with pytest.raises(RegistryRefused, match="is damaged"):
            copy(source, target)
        assert len(source.asked) == 2
    assert target.blob_puts() == {}


_COPY = """
import sys
from pathlib import Path
from reconciler.transfer.journal import Journal
from tests.unit.transfer.lab import RealRegistry, carry_out, order
source, target, journal = sys.argv[1:]
none = Path("none")
plan = order(RealRegistry(source, none, none), RealRegistry(target, none, none), [("big/image", "v1")]).plan
print("ready", flush=True)
with Journal.open(Path(journal)) as kept:
    carry_out(plan, kept, workers=2)
"""


def test_after_a_kill_no_finished_blob_is_sent_again(
    source: RealRegistry, target: RealRegistry, tmp_path: Path
) -> None:
    client = source.client()
    Painter(client, "big/image").image([content(f"layer {n}", 4_000_000) for n in range(12)], tag="v1")
    client.close()
    root = Path(__file__).parents[3]
    process = subprocess.Popen(
        [sys.executable, "-c", _COPY, source.host, target.host, str(tmp_path / "journal")],
        cwd=root,
        env={**os.environ, "PYTHONPATH": str(root)},
        stdout=subprocess.PIPE,
    )
    assert process.stdout is not None
    assert process.stdout.readline() == b"ready\n"
    while process.poll() is None and len(target.blob_puts()) < 3:
        time.sleep(0.005)
    with contextlib.suppress(ProcessLookupError):
        process.send_signal(signal.SIGKILL)
    process.wait()
    process.stdout.close()

    # The same plan as before the kill, which believes that the target is empty: the journal knows better.
    ordered = order(source, target, [("big/image", "v1")])
    with Journal.open(tmp_path / "journal") as journal:
        done = carry_out(ordered.plan, journal, workers=2)

    assert [outcome.reason for outcome in done.result.outcomes] == [""]
    assert set(target.blob_puts().values()) == {1}
    assert len(target.blob_puts()) == ordered.plan.blobs
    assert holdings(target, ordered.transfers)


def test_without_a_journal_the_registry_is_asked(source: RealRegistry, target: RealRegistry) -> None:
    first = order(source, target, [("apps/web", "v1")])
    carry_out(first.plan)
    both = order(source, target, [("apps/web", "v1"), ("apps/web", "v2")], known_empty=False)

    done = carry_out(both.plan)

    assert [o.result for o in done.result.outcomes] == [ImageResult.SKIPPED, ImageResult.IMPORTED]
    assert set(target.blob_puts().values()) == {1}
