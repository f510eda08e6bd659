from __future__ import annotations

from dataclasses import replace

import pytest

from reconciler.model.address import import_rule
from reconciler.model.image import Digest, ImageName
from reconciler.model.plan import Action
from reconciler.model.report import ImageOutcome, ImageResult, Report, StepOutcome, StepResult, Verdict


def _report(step: StepResult, image: ImageResult) -> Report:
    name = ImageName("hub.example", "apps/web", "v1")
    outcome = ImageOutcome(import_rule("i"), name, name, Digest("sha256:0"), image)
    return Report((StepOutcome(import_rule("i"), Action.TRANSFER, step),), (outcome,), (), 1.0)


@pytest.mark.parametrize(
    ("step", "image", "failed", "anything_done"),
    [
        (StepResult.DONE, ImageResult.IMPORTED, False, True),
        (StepResult.DONE, ImageResult.SKIPPED, False, True),
        (StepResult.FAILED, ImageResult.IMPORTED, True, True),
        (StepResult.FAILED, ImageResult.FAILED, True, False),
        (StepResult.BLOCKED, ImageResult.FAILED, True, False),
        (StepResult.MANUAL, ImageResult.SKIPPED, False, False),
    ],
)
def test_a_run_in_two_words(step: StepResult, image: ImageResult, failed: bool, anything_done: bool) -> None:
    report = _report(step, image)
    assert (report.failed, report.anything_done) == (failed, anything_done)


@pytest.mark.parametrize(
    ("step", "image", "verdict"),
    [
        (StepResult.DONE, ImageResult.IMPORTED, Verdict.DONE),
        (StepResult.DONE, ImageResult.SKIPPED, Verdict.DONE),
        (StepResult.FAILED, ImageResult.IMPORTED, Verdict.PARTLY),
        (StepResult.FAILED, ImageResult.FAILED, Verdict.FAILED),
        (StepResult.MANUAL, ImageResult.SKIPPED, Verdict.FAILED),
        (StepResult.DONE, ImageResult.FAILED, Verdict.PARTLY),
    ],
)
def test_the_verdict(step: StepResult, image: ImageResult, verdict: Verdict) -> None:
    assert _report(step, image).verdict is verdict


def test_a_run_that_could_not_read_everything_is_not_done() -> None:
    report = _report(StepResult.DONE, ImageResult.IMPORTED)
    assert replace(report, complete=False).verdict is Verdict.PARTLY
    nothing_to_do = Report((), report.images, (), 1.0)
    assert nothing_to_do.verdict is Verdict.DONE
    left = replace(nothing_to_do, images=(replace(report.images[0], result=ImageResult.FAILED),))
    assert left.verdict is Verdict.PARTLY
    assert left.only_failed().images == left.images
    assert nothing_to_do.only_failed().images == ()
