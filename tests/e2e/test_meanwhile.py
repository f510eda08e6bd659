"""What others do between a plan and its apply: only what they touched fails, and the next run puts it right."""

from __future__ import annotations

import time
from pathlib import Path

from reconciler.model.image import Digest
from tests.e2e.stage import HUB, PERSONAL, picture, staged
from tests.e2e.test_main_job import SEED
from tests.unit.transfer.lab import serve

SEED_WITH_APPS = SEED.replace("name: acme-hub}", "name: acme-hub, namespaces: {apps: {auto_create: true}}}")


def test_an_image_that_was_deleted_at_the_source(tmp_path: Path) -> None:
    with (
        serve(tmp_path / "source") as source,
        staged(tmp_path / "stage", registries={PERSONAL: f"http://{source.host}"}) as stage,
    ):
        lost, kept = picture("lost"), picture("kept")
        stage.push(PERSONAL, "apps/web", "v1", lost)
        there = stage.push(PERSONAL, "apps/web", "v2", kept)

        text = stage.apply_with_a_pause(source.stored(lost.blobs[-1][0].digest).unlink, expect=3)

        assert "failed v1: " in text
        assert "404" in text
        assert stage.digest(HUB, "apps/web", "v1") is None
        assert stage.digest(HUB, "apps/web", "v2") == there


def test_a_tag_that_somebody_pushed_to_the_target(tmp_path: Path) -> None:
    theirs: list[Digest] = []
    with staged(tmp_path, seed=SEED_WITH_APPS, images=3) as stage:
        stage.push(HUB, "apps/web", "other", picture("other"))

        text = stage.apply_with_a_pause(
            lambda: theirs.append(stage.push(HUB, "apps/web", "v1", picture("theirs"))), expect=3
        )

        assert f"another image under this tag meanwhile: {theirs[0]}; plan again" in text
        assert stage.digest(HUB, "apps/web", "v1") == theirs[0]
        stage.apply()
        stage.settled()
        assert stage.digest(HUB, "apps/web", "v1") == picture("image 1").root.descriptor.digest


def test_a_tag_that_somebody_moved_at_the_target(tmp_path: Path) -> None:
    theirs: list[Digest] = []
    with staged(tmp_path, seed=SEED_WITH_APPS, images=3) as stage:
        stage.push(HUB, "apps/web", "v1", picture("old"))

        text = stage.apply_with_a_pause(
            lambda: theirs.append(stage.push(HUB, "apps/web", "v1", picture("theirs"))), expect=3
        )

        assert f"another image under this tag meanwhile: {theirs[0]}; plan again (another run may succeed)" in text
        assert stage.digest(HUB, "apps/web", "v1") == theirs[0]
        assert "1 imported" in stage.run("records", "--retry", "--auto-approve", expect=0)
        assert stage.digest(HUB, "apps/web", "v1") == picture("image 1").root.descriptor.digest


def test_a_tag_that_somebody_moved_at_the_source(tmp_path: Path) -> None:
    """What was planned is copied, by its digest; the next plan finds what the tag is now."""
    with staged(tmp_path, seed=SEED_WITH_APPS, images=3) as stage:
        stage.apply_with_a_pause(lambda: stage.push(PERSONAL, "apps/web", "v1", picture("new")), expect=0)
        assert stage.digest(HUB, "apps/web", "v1") == picture("image 1").root.descriptor.digest
        stage.apply()
        assert stage.digest(HUB, "apps/web", "v1") == picture("new").root.descriptor.digest
        stage.settled()


def test_a_repository_that_somebody_made_immutable(tmp_path: Path) -> None:
    with staged(tmp_path, seed=SEED_WITH_APPS, images=3) as stage:
        old = stage.push(HUB, "apps/web", "v1", picture("old"))

        def fix() -> None:
            with stage.cr() as (cr, region, hub):
                web = next(found for found in cr.list_repositories(region, hub) if found.name == "apps/web")
                cr.update_repository(
                    region, hub, web.id, visibility=web.visibility, summary=web.summary or "web", tag_immutability=True
                )

        text = stage.apply_with_a_pause(fix, expect=3)

        assert "failed v1: " in text
        assert "cannot be overwritten" in text
        assert stage.digest(HUB, "apps/web", "v1") == old
        assert stage.digest(HUB, "apps/web", "v3") == picture("image 3").root.descriptor.digest
        again = stage.apply(expect=3)
        assert "has immutable tags" in again
        assert "failed v1: " in again


def test_a_namespace_that_somebody_deleted(tmp_path: Path) -> None:
    with staged(tmp_path, seed=SEED_WITH_APPS, images=2) as stage:

        def delete() -> None:
            with stage.cr() as (cr, region, hub):
                cr.delete_namespace(region, hub, "apps")
                while cr.has_namespace(region, hub, "apps"):
                    time.sleep(0.01)

        text = stage.apply_with_a_pause(delete, expect=3)

        assert "NAMESPACE_NOT_EXIST" in text
        stage.apply()
        stage.settled()


def test_a_saved_plan_whose_images_have_changed_is_refused(tmp_path: Path) -> None:
    with staged(tmp_path, images=2) as stage:
        stage.run("plan", "registry.yaml", "--out", "plan.json", expect=0)
        stage.push(PERSONAL, "apps/web", "v1", picture("newer"))

        text = stage.run("apply", "plan.json", "--auto-approve", expect=1)

        assert "`plan.json` is stale: the live state has changed" in text
        assert "hint: plan again: `reconciler plan registry.yaml --out plan.json`" in text
        assert stage.digest(HUB, "apps/web", "v1") is None
