from __future__ import annotations

from dataclasses import replace

import pytest
from syrupy.assertion import SnapshotAssertion

from reconciler.model import address
from reconciler.model.image import Descriptor, Digest, RepositoryName
from reconciler.model.json_value import digest_of
from reconciler.model.plan import Action, Plan
from reconciler.model.report import ImageOutcome, ImageResult, Report, StepOutcome, StepResult
from reconciler.render.progress import Progress
from reconciler.render.progress_bar import frame, line
from reconciler.render.style import PLAIN, Style, cells
from reconciler.transfer.events import (
    BlobDone,
    BlobMounted,
    BlobProgress,
    ImageDone,
    ManifestDone,
    Retried,
    Throttled,
    TransferStarted,
)

MIB = 1024 * 1024
WEB = RepositoryName("hub.cn-hangzhou.cr.aliyuncs.com", "apps-prod/web")
API = RepositoryName("hub.cn-hangzhou.cr.aliyuncs.com", "apps-prod/api")


def blob(name: str, size: int) -> Descriptor:
    return Descriptor(digest_of(name), size)


@pytest.fixture
def progress(plan: Plan) -> Progress:
    return Progress.planned(plan.transfers, steps=8)


@pytest.fixture
def done(report: Report) -> ImageOutcome:
    return report.images[0]


def test_only_images_of_ours_count(progress: Progress) -> None:
    assert (progress.images, progress.bytes) == (12, 32 * MIB)
    assert list(progress.repositories) == [WEB]


def test_a_busy_moment(progress: Progress, done: ImageOutcome, snapshot: SnapshotAssertion) -> None:
    progress.step_started(address.namespace("hub", "apps-prod"), 99.0)
    progress.step_ended(StepOutcome(address.namespace("hub", "apps-prod"), Action.CREATE, StepResult.DONE))
    progress.step_started(done.address, 100.0)
    progress.observe(TransferStarted(12, 12, 32 * MIB), 100.0)
    progress.observe(BlobProgress(WEB, digest_of("a"), 4 * MIB), 101.0)
    progress.observe(BlobDone(WEB, blob("a", 8 * MIB), True), 102.0)
    progress.observe(BlobMounted(WEB, blob("b", 3 * MIB), API), 102.0)
    progress.observe(ManifestDone(WEB, blob("m", 1024)), 102.0)
    progress.observe(ImageDone(done), 102.0)
    progress.observe(Retried("hub", "cut", 0.5), 102.0)
    progress.observe(Throttled("hub", 3.0), 102.0)
    assert frame(progress, 104.0, PLAIN) == snapshot(name="frame")
    assert frame(progress, 104.0, Style(width=60, unicode=False)) == snapshot(name="narrow")
    assert line(progress, 104.0) == snapshot(name="line")


@pytest.mark.parametrize("width", [1, 20, 40, 60, 80, 100, 200])
def test_no_line_is_wider_than_the_terminal(progress: Progress, width: int) -> None:
    progress.observe(TransferStarted(12, 12, 32 * MIB), 0.0)
    progress.observe(Throttled("hub", 30.0), 1.0)
    progress.step_started(address.namespace("hub", "n" * 200), 0.0)
    for number in range(20):
        progress.observe(BlobProgress(RepositoryName("h", f"倉庫/{number}"), digest_of("a"), MIB), 1.0)
    lines = frame(progress, 2.0, Style(width=width)).splitlines()
    assert len(lines) == 13
    assert all(cells(text) <= width for text in lines)


def test_the_present_rate_forgets_and_the_average_does_not(progress: Progress) -> None:
    progress.observe(TransferStarted(1, 1, 1), 0.0)
    for second in range(1, 11):
        progress.observe(BlobProgress(WEB, digest_of("a"), 1_000_000), float(second))
    assert progress.rate_now(10.0) == pytest.approx(1_200_000)
    assert progress.rate_average(10.0) == pytest.approx(1_000_000)
    assert progress.rate_now(20.0) == 0
    assert progress.rate_average(20.0) == pytest.approx(500_000)


def test_a_blob_that_is_sent_twice_is_done_once(progress: Progress) -> None:
    progress.observe(BlobProgress(WEB, digest_of("a"), 30 * MIB), 1.0)
    progress.observe(BlobProgress(WEB, digest_of("a"), 30 * MIB), 2.0)
    assert progress.done_bytes == 32 * MIB
    progress.observe(BlobDone(WEB, blob("a", 30 * MIB), True), 3.0)
    assert progress.done_bytes == 30 * MIB
    assert progress.sent == 60 * MIB


def test_a_blob_that_was_there_already_needs_no_sending(progress: Progress) -> None:
    progress.observe(BlobDone(WEB, blob("a", 30 * MIB), False), 1.0)
    assert (progress.done_bytes, progress.sent) == (30 * MIB, 0)


def test_failures_are_counted(progress: Progress, done: ImageOutcome) -> None:
    progress.observe(ImageDone(replace(done, result=ImageResult.FAILED)), 1.0)
    progress.step_ended(StepOutcome(done.address, Action.TRANSFER, StepResult.FAILED))
    assert "1/12 images (1 failed)" in line(progress, 2.0)
    assert "1/8 steps (1 failed)" in line(progress, 2.0)


def test_memory_does_not_grow_with_time(progress: Progress) -> None:
    for tick in range(10_000):
        progress.observe(BlobProgress(WEB, Digest("d"), 1), tick / 10)
    assert len(progress._samples) < 60


def test_before_anything_happened() -> None:
    assert frame(Progress(), 5.0, PLAIN) == ""
    assert line(Progress(), 5.0) == ""
    waiting = Progress(steps=2)
    assert line(waiting, 5.0) == "0/2 steps"
    assert waiting.seconds_left(5.0) is None
