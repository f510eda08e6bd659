"""Runs that are cut short: by signals, by kill -9 at any moment, by a full disk, by a second run at the same time."""

from __future__ import annotations

import resource
import signal
import socket
import subprocess
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from random import Random

import pytest

from tests.e2e.conftest import PROGRAM
from tests.e2e.stage import EU, HUB, Stage, staged

APPLY = ("apply", "registry.yaml", "--auto-approve")


def _requests(stage: Stage) -> int:
    return sum(number for kinds in stage.local.request_counts().values() for number in kinds.values())


def _more_requests_than(number: int, stage: Stage) -> bool:
    return _requests(stage) > number


def _tags_at_the_hub(stage: Stage) -> int:
    return stage.local.request_counts().get(HUB, {}).get("PUT manifest", 0)


def _wait(reached: Callable[[], bool], process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + 60
    while not reached() and process.poll() is None and time.monotonic() < deadline:
        time.sleep(0.001)


def _settled_with(stage: Stage) -> object:
    """What there is once the plan is empty, every kind of thing that could be made twice, without what differs from
    one cloud to the next."""
    told = stage.run("plan", "registry.yaml", "--record", "live.json", "--detailed-exitcode", expect=0)
    assert "nothing to do" in told
    live = stage.report("live.json")
    instances = live["instances"]
    assert isinstance(instances, list)
    return [
        (
            instance["name"],
            [namespace["name"] for namespace in instance["namespaces"]],
            [
                (repository["name"], sorted((tag["name"], tag["digest"]) for tag in repository["tags"] or ()))
                for repository in instance["repositories"]
            ],
            [(link["vpc"], link["vswitch"], link["status"]) for link in instance["vpc_links"]],
            [(rule["name"], rule["namespace"], rule["tags"]) for rule in instance["sync_rules"]],
        )
        for instance in sorted(instances, key=lambda instance: str(instance["name"]))
    ]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_the_run_with_a_true_report(number: signal.Signals, tmp_path: Path) -> None:
    with staged(tmp_path, images=40) as stage:
        process = stage.work.start(*APPLY, "--workers", "1", "--report", "report.json")
        _wait(lambda: _tags_at_the_hub(stage) > 2, process)
        process.send_signal(number)
        assert process.wait(timeout=60) == 3

        images = stage.report("report.json")["images"]
        assert isinstance(images, list)
        done = [image for image in images if image["result"] == "imported"]
        assert 0 < len(done) < 40
        for image in images:
            repository, _, tag = image["target"].partition("/")[2].rpartition(":")
            holder = HUB if image["target"].startswith(stage.local.registries[HUB]) else EU
            there = stage.digest(holder, repository, tag)
            assert (there == image["digest"]) or image["result"] == "failed"

        stage.apply()
        stage.settled()


@pytest.mark.parametrize("seed", [1, 2])
def test_kill_9_at_any_moment_is_healed_by_the_next_run(seed: int, tmp_path: Path) -> None:
    with staged(tmp_path / "whole", images=4) as stage:
        before = _requests(stage)
        stage.apply()
        total = _requests(stage) - before
        wanted = _settled_with(stage)
    chance = Random(seed)
    for moment in range(5):
        with staged(tmp_path / f"killed-{moment}", images=4) as stage:
            end = _requests(stage) + chance.randrange(total * moment // 5, total * (moment + 1) // 5)
            process = stage.work.start(*APPLY)
            _wait(partial(_more_requests_than, end, stage), process)
            process.send_signal(signal.SIGKILL)
            process.wait()

            stage.apply()
            assert _settled_with(stage) == wanted


def test_two_runs_at_once_end_right(tmp_path: Path) -> None:
    with staged(tmp_path, images=6) as stage:
        both = [stage.work.start(*APPLY), stage.work.start(*APPLY)]
        assert [process.wait(timeout=60) for process in both] == [0, 0]
        stage.settled()


def test_a_journal_that_cannot_be_written_refuses_the_run(tmp_path: Path) -> None:
    with staged(tmp_path, images=1) as stage:
        stage.work.write("taken", "a file")
        (stage.work.folder / "odd" / "journal.jsonl").mkdir(parents=True)
        for folder in ("taken", "odd"):
            text = stage.apply("--journal", folder, expect=1)
            assert f"error: cannot write to `{folder}`: " in text
            assert "nothing was applied" in text
            assert "--journal" in text
        assert stage.digest(HUB, "apps/web", "v1") is None
        stage.apply()


def test_a_disk_that_fills_up_stops_the_run_and_loses_nothing(tmp_path: Path) -> None:
    with staged(tmp_path, images=20) as stage:
        result = subprocess.run(
            [*PROGRAM, *APPLY, "--workers", "1"],
            cwd=stage.work.folder,
            env=stage.work.cloud.environment(),
            capture_output=True,
            text=True,
            timeout=60,
            preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (4000, 4000)),
        )
        stage.outputs.append(result.stdout + result.stderr)
        assert result.returncode == 3, stage.outputs[-1]
        assert "stopped, the journal cannot be written: " in result.stdout
        assert (stage.work.folder / ".reconciler" / "journal.jsonl").stat().st_size <= 4000

        stage.apply()
        stage.settled()


SILENT = """version: 1
instances: {hub: {region: cn-hangzhou, edition: basic, name: acme-hub}}
imports: {old: {target: hub, source: {type: registry, url: 'http://%s', repositories: ['apps/*']}}}
"""


@pytest.mark.parametrize("verb", [("plan",), ("drift",), ("apply", "--auto-approve")])
def test_one_interruption_ends_a_reading_that_nobody_answers(verb: tuple[str, ...], tmp_path: Path) -> None:
    with staged(tmp_path) as stage, socket.create_server(("127.0.0.1", 0)) as silent:
        host = f"127.0.0.1:{silent.getsockname()[1]}"
        (stage.work.folder / "silent.yaml").write_text(SILENT % host, encoding="utf-8")
        silent.settimeout(60)
        with subprocess.Popen(
            [*PROGRAM, *verb, "silent.yaml"],
            cwd=stage.work.folder,
            env=stage.work.cloud.environment(),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        ) as process:
            asked, _ = silent.accept()
            process.send_signal(signal.SIGINT)
            out, err = process.communicate(timeout=10)
        asked.close()
    assert (process.returncode, out) == (130, b"")
    assert err.decode().splitlines() == [
        "error: interrupted",
        "hint: run the same again to go on: nothing is done twice",
    ]


def test_a_registry_that_is_tried_again_is_told_while_it_is_read(tmp_path: Path) -> None:
    with staged(tmp_path) as stage, socket.create_server(("127.0.0.1", 0)) as gone:
        host = f"127.0.0.1:{gone.getsockname()[1]}"
        gone.close()
        (stage.work.folder / "gone.yaml").write_text(SILENT % host, encoding="utf-8")
        told = stage.run("plan", "gone.yaml", expect=1)
    first, *_, failed, _hint = told.splitlines()
    assert first.startswith(f"{host}: list of repositories: ")
    assert " again in " in first
    assert failed.startswith(f"error: the registry `{host}` could not be read: ")
