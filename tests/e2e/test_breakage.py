"""Places that cannot be written, plans that are big, repositories that may not be pushed to, and secrets."""

from __future__ import annotations

from pathlib import Path

import pytest

from reconciler.emulator.scene.images import push
from tests.e2e.stage import HUB, KEY, PERSONAL, picture, staged
from tests.e2e.test_main_job import SEED, SPEC


@pytest.mark.parametrize("option", ["--out", "--record"])
def test_a_place_for_the_plan_that_is_not_there(option: str, tmp_path: Path) -> None:
    with staged(tmp_path) as stage:
        text = stage.run("plan", "registry.yaml", option, "missing/plan.json", expect=1)
        assert "error: cannot write `missing/plan.json`: there is no folder `missing`\nhint: " in text


def test_a_report_that_could_not_be_written_refuses_the_run_before_it_begins(tmp_path: Path) -> None:
    with staged(tmp_path, images=1) as stage:
        (stage.work.folder / "folder").mkdir()
        for file in ("missing/report.json", "folder"):
            text = stage.apply("--report", file, expect=1)
            assert f"error: cannot write `{file}`: " in text
        assert stage.digest(HUB, "apps/web", "v1") is None


def test_a_plan_of_500_images_fits_a_screen(tmp_path: Path) -> None:
    with staged(tmp_path) as stage:
        made = picture("one")
        with stage.registry(PERSONAL) as registry:
            for repository in range(5):
                push(registry, f"apps/r{repository}", made)
                for tag in range(100):
                    registry.put_manifest(f"apps/r{repository}", f"v{tag}", made.root.raw, made.root.media_type)
        stage.work.write("registry.yaml", SPEC.replace("latest: 10", "latest: 1000"))

        text = stage.run("plan", "registry.yaml", expect=0)

        assert "1,000 images" in text
        assert len(text.splitlines()) < 100
        assert max(len(line) for line in text.splitlines()) < 200
        every = stage.run("plan", "registry.yaml", "--verbose", expect=0)
        assert len(every.splitlines()) > 1000


def test_a_push_that_is_denied_fails_its_images_alone(tmp_path: Path) -> None:
    """The namespace creates no repositories, and only one of the two is there."""
    seed = SEED.replace(
        "name: acme-hub}", "name: acme-hub, repositories: {apps/api: {}}, namespaces: {apps: {auto_create: false}}}"
    )
    spec = SPEC.replace("    images: {latest: 10", "    include: []\n    images: {latest: 10")
    with staged(tmp_path, seed=seed, spec=spec, images=2) as stage:
        text = stage.apply("--report", "report.json", expect=3)

        assert "failed v1: " in text
        assert stage.digest(HUB, "apps/api", "v2") == picture("image 2").root.descriptor.digest
        images = stage.report("report.json")["images"]
        assert isinstance(images, list)
        assert sorted((image["target"].partition("/")[2], image["result"]) for image in images) == [
            ("apps/api:v2", "imported"),
            ("apps/api:v2", "imported"),
            ("apps/web:v1", "failed"),
            ("apps/web:v1", "failed"),
        ]


def test_no_file_and_no_output_holds_a_secret(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither the access key's, nor a registry's from docker's configuration, nor a token that was given out."""
    docker = tmp_path / "docker"
    docker.mkdir()
    monkeypatch.setenv("DOCKER_CONFIG", str(docker))
    with staged(tmp_path / "stage", images=2) as stage:
        login = "bG9naW46Y2FuYXJ5LXBhc3N3b3Jk"  # login:canary-password
        hosts = ", ".join(f'"{host}": {{"auth": "{login}"}}' for host in stage.local.registries.values())
        (docker / "config.json").write_text(f'{{"auths": {{{hosts}}}}}')
        stage.run("plan", "registry.yaml", "--out", "plan.json", "--record", "live.json", expect=0)
        stage.run("apply", "plan.json", "--auto-approve", "--report", "report.json", expect=0)
        for verb in ("plan", "drift"):
            for output in ("human", "json"):
                stage.run(verb, "registry.yaml", "--format", output, expect=0)
        stage.run("show", "report.json", expect=0)

        files = [path for path in stage.work.folder.rglob("*") if path.is_file()]
        assert {path.name for path in files} >= {"plan.json", "report.json", "live.json", "journal.jsonl"}
        texts = [*stage.outputs, *(path.read_text() for path in files)]
        for text in texts:
            for secret in (KEY[1], "canary-password", login, "Bearer ", "authorizationToken"):
                assert secret not in text
