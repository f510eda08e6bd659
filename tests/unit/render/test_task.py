"""Replication tasks on the screen."""

from __future__ import annotations

from dataclasses import replace

import pytest

from reconciler.model.record import Records, TaskRecord
from reconciler.model.single_image import Outcome, SingleImage, Stage
from reconciler.model.spec import Trigger
from reconciler.model.sync_task import SyncImage, SyncLayer, SyncTask, TaskStatus
from reconciler.render import records_human, task_human
from reconciler.render.style import PLAIN, Style, cells
from tests.unit.core.scene import digest

HUB, EU = SyncImage("cn-hangzhou", "cri-1", "apps/web", "v1"), SyncImage("eu-central-1", "cri-2", "apps/web", "v1")
LAYERS = (SyncLayer("sha256:" + "a" * 64, 1024, 1024, "SUCCESS"), SyncLayer("sha256:" + "b" * 64, 3072, 512, ""))
MOVING = SyncTask("rst-1", TaskStatus.SYNCHRONIZING, Trigger.PUSH, HUB, EU, synced=1536, layers=LAYERS, created=5000)
FAILED = SyncTask(
    "rst-2",
    TaskStatus.ERROR,
    Trigger.MANUAL,
    HUB,
    SyncImage("eu-central-1", "cri-2", "shop/front", "v1"),
    "NETWORK_ERROR",
    created=5000,
    modified=6000,
)


def test_a_task_in_one_line() -> None:
    assert task_human.line(MOVING) == "rst-1 SYNCHRONIZING: 1/2 layers, 1.5 KiB of 4.0 KiB"
    assert task_human.line(FAILED) == "rst-2 ERROR, NETWORK_ERROR"


def test_a_bar_for_each_layer() -> None:
    assert task_human.frame(MOVING, Style(unicode=False)).splitlines() == [
        "rst-1 SYNCHRONIZING: 1/2 layers, 1.5 KiB of 4.0 KiB",
        "  aaaaaaaaaaaa  ########################  1.0 KiB of 1.0 KiB",
        "  bbbbbbbbbbbb  ####....................  512 B of 3.0 KiB",
    ]


def test_many_layers_fit_the_terminal() -> None:
    task = SyncTask("rst-1", TaskStatus.PENDING, Trigger.PUSH, HUB, EU, layers=LAYERS * 20)
    lines = task_human.frame(task, Style(width=70)).splitlines()
    assert lines[-1] == "  and 28 more layers"
    assert max(map(cells, lines)) <= 70


def test_a_table_of_tasks() -> None:
    records = Records(tasks=(TaskRecord(MOVING, "apps", "hub", "eu"), TaskRecord(FAILED, "", "hub", "eu")))
    assert records_human.render(records, PLAIN, now=9000).splitlines() == [
        "task   status         trigger  rule  image            to                        copied  took  issue",
        "rst-1  SYNCHRONIZING  push     apps  hub:apps/web:v1  eu                37% of 4.0 KiB  4.0s",
        "rst-2  ERROR          manual   -     hub:apps/web:v1  eu:shop/front:v1               -  1.0s  NETWORK_ERROR",
    ]
    assert records_human.render(Records(tasks=()), PLAIN) == "no tasks\n"


def test_a_service_cannot_drive_the_terminal() -> None:
    hostile = SyncTask("rst\x1b[2J", TaskStatus.ERROR, Trigger.PUSH, HUB, EU, "\x1b[31mred")
    shown = records_human.render(Records(tasks=(TaskRecord(hostile, "\x07", "hub", "eu"),)), PLAIN)
    assert shown.replace("\n", "").isprintable()
    assert task_human.line(hostile).isprintable()


@pytest.mark.parametrize(
    ("stage", "task", "told"),
    [
        (Stage.CREATED, MOVING, "task rst-1 was made"),
        (Stage.RUNNING, MOVING, "is bringing it already"),
        (Stage.REPLICATED, MOVING, f"replicated: {digest('v1')}"),
        (Stage.UNCHANGED, None, "nothing to do: the target has"),
        (Stage.FAILED, FAILED, "failed: because"),
    ],
)
def test_what_became_of_one_image(stage: Stage, task: SyncTask | None, told: str) -> None:
    found = Outcome(SingleImage(HUB, EU), stage, digest("v1"), task, "because")
    assert told in task_human.outcome(found, PLAIN)


def test_a_frame_fits_the_terminal() -> None:
    tasks = [TaskRecord(replace(FAILED, id=f"rst-old{n}"), "apps", "hub", "eu") for n in range(20)]
    tasks += [TaskRecord(replace(MOVING, id=f"rst-now{n}"), "apps", "hub", "eu") for n in range(4)]
    for columns, rows in ((80, 24), (40, 10), (20, 5), (5, 2)):
        shown = records_human.frame(tasks, Style(width=columns), rows, 0)
        lines = shown.splitlines()
        assert len(lines) < max(rows, 4)
        assert max(map(cells, lines)) <= columns
    shown = records_human.frame(tasks, Style(width=80), 10, 0)
    assert [name in shown for name in ("rst-now0", "rst-now3", "rst-old19", "rst-old0 ")] == [True, True, True, False]
    assert shown.endswith("and 17 more, 17 ended\n")


def test_a_frame_of_layers_keeps_to_the_width() -> None:
    for columns in (80, 40, 20, 5):
        assert max(map(cells, task_human.frame(MOVING, Style(width=columns)).splitlines())) <= columns
