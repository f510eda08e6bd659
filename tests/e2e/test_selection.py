"""What an import selects, in which order it arrives, and what a second run asks: at real registries, by their logs."""

from __future__ import annotations

import re
from pathlib import Path

from reconciler.core.select import select
from reconciler.model.live import LiveTag
from reconciler.model.spec import ImageSelection
from tests.e2e.stage import HUB, PERSONAL, Stage, picture, staged
from tests.e2e.test_main_job import SPEC
from tests.unit.transfer.lab import RealRegistry, serve

ALONE = SPEC[: SPEC.index("replications:")]
PUSHED = ("v9", "v1", "dev", "v5", "v10", "v2")
"""Oldest first; their names are in another order."""


def spec(images: str) -> str:
    return re.sub(r"images: \{.*\}", f"images: {images}", ALONE)


def at_the_hub(stage: Stage) -> tuple[LiveTag, ...]:
    """What the instance lists in `apps/web`, with the times at which it says that they were pushed."""
    with stage.cr() as (cr, region, hub):
        found = [repository for repository in cr.list_repositories(region, hub) if repository.name == "apps/web"]
        return cr.list_tags(region, hub, found[0].id) if found else ()


def names(tags: tuple[LiveTag, ...]) -> list[str]:
    return [tag.name for tag in tags]


def about_blobs(registry: RealRegistry) -> list[str]:
    return [path for _, path, _ in registry.requests() if "/blobs/" in path]


def test_the_newest_stay_the_newest_and_a_second_run_asks_for_no_blob(tmp_path: Path) -> None:
    with (
        serve(tmp_path / "source") as source,
        serve(tmp_path / "target") as target,
        staged(
            tmp_path / "stage",
            spec=spec("{latest: 0}"),
            registries={PERSONAL: f"http://{source.host}", HUB: f"http://{target.host}"},
        ) as stage,
    ):
        for name in PUSHED:
            stage.push(PERSONAL, "apps/web", name, picture(name))
        before = about_blobs(source)

        stage.apply()
        with stage.cr() as (cr, region, hub):
            assert [repository.name for repository in cr.list_repositories(region, hub)] == ["apps/web"]
        assert at_the_hub(stage) == ()
        stage.settled()

        # The newest three are v5, v10 and v2; then the pattern. `v1` matches and is too old.
        stage.work.write("registry.yaml", spec("{latest: 3, tags: 'v1.*|v2'}"))
        assert about_blobs(source) == before
        assert about_blobs(target) == []
        stage.apply()
        assert sorted(names(at_the_hub(stage))) == ["v10", "v2"]

        stage.work.write("registry.yaml", spec("{latest: 1000}"))
        stage.apply()
        there = at_the_hub(stage)
        assert sorted(names(there)) == sorted(PUSHED)
        asked = (about_blobs(source), about_blobs(target))

        assert "nothing to do" in stage.apply()
        stage.settled()
        assert (about_blobs(source), about_blobs(target)) == asked


def test_images_arrive_in_the_order_in_which_they_were_pushed(tmp_path: Path) -> None:
    with staged(tmp_path, spec=spec("{latest: 1000}")) as stage:
        for name in PUSHED:
            stage.push(PERSONAL, "apps/web", name, picture(name))

        stage.apply("--workers", "16")

        there = at_the_hub(stage)
        assert names(tuple(sorted(there, key=lambda tag: tag.pushed))) == list(PUSHED)
        for latest in range(len(PUSHED) + 1):
            newest = PUSHED[len(PUSHED) - latest :]
            assert sorted(names(select(there, ImageSelection(latest=latest)))) == sorted(newest)
