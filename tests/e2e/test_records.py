"""What is kept of past runs, and running again what failed in one."""

from __future__ import annotations

import json
from pathlib import Path

from jsonschema import Draft202012Validator

from reconciler.spec.schema import schema_text
from tests.e2e.stage import HUB, PERSONAL, picture, staged
from tests.unit.transfer.lab import serve


def test_a_retry_moves_what_failed_and_nothing_else(tmp_path: Path) -> None:
    with (
        serve(tmp_path / "source") as source,
        staged(tmp_path / "stage", registries={PERSONAL: f"http://{source.host}"}) as stage,
    ):
        assert stage.run("records", expect=0) == "no records\n"
        lost = picture("lost")
        there = stage.push(PERSONAL, "apps/web", "v1", lost)
        stage.push(PERSONAL, "apps/api", "v2", picture("kept"))
        stored = source.stored(lost.blobs[-1][0].digest)
        content = stored.read_bytes()

        told = stage.apply_with_a_pause(stored.unlink, expect=3)
        assert "`reconciler records --retry` tries again what failed" in told
        assert "partly" in stage.run("records", expect=0)
        shown = stage.run("records", "last", "--failed", expect=0)
        assert "failed v1: " in shown
        assert "apps/api" not in shown

        stored.write_bytes(content)
        later = stage.push(PERSONAL, "apps/web", "v9", picture("pushed meanwhile"))
        assert "nobody can be asked" in stage.run("records", "--retry", expect=1)
        told = stage.run("records", "--retry", "--auto-approve", "--log-file", "calls.jsonl", expect=0)
        assert '"action":"ListInstance"' in (stage.work.folder / "calls.jsonl").read_text().replace(": ", ":")
        assert "1 imported" in told
        assert stage.digest(HUB, "apps/web", "v1") == there
        assert stage.digest(HUB, "apps/web", "v9") is None
        assert "no image failed" in stage.run("records", "--retry", "--auto-approve", expect=0)

        first, second = json.loads(stage.run("records", "--format", "json", expect=0))["runs"]
        assert (first["verdict"], first["failed"], second["verdict"], second["imported"]) == (
            "partly",
            2,
            "done",
            2,
        )  # at the hub and at its replica
        assert [run["id"] for run in _records(stage.run("records", "--failed", "--format", "json", expect=0))] == [
            first["id"]
        ]
        assert json.loads(stage.run("records", second["id"], "--format", "json", expect=0))["paths"] == [
            "registry.yaml"
        ]
        stage.apply()
        assert stage.digest(HUB, "apps/web", "v9") == later


def _records(text: str) -> list[dict[str, object]]:
    document = json.loads(text)
    Draft202012Validator(json.loads(schema_text("records.v1"))).validate(document)
    found: list[dict[str, object]] = document["runs"]
    return found
