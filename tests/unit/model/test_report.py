from __future__ import annotations

import pytest

from reconciler.model.address import import_rule
from reconciler.model.image import Digest, ImageName
from reconciler.model.plan import Action
from reconciler.model.report import ImageOutcome, ImageResult, Report, StepOutcome, StepResult


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
