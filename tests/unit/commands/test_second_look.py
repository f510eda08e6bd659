"""Drift of images that the next look no longer finds is none."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from reconciler.commands.pipeline import check, look_for_drift
from reconciler.live.recorded import RecordedSource
from reconciler.model.drift import ImageState
from reconciler.model.live import Live, LiveRepository
from reconciler.model.scope import TagQuery
from tests.unit.core.scene import live_rule, pair, repository, rule, tag

SPEC = """\
version: 1
instances:
  hub: {region: cn-hangzhou, name: acme-hub, namespaces: {apps: {}}}
  eu: {region: cn-hangzhou, name: acme-eu, namespaces: {apps: {}}}
replications:
  r: {source: hub, targets: [eu], level: namespace, namespace: apps, backfill: missing}
"""
NEW = repository("apps/web", tag("v1"), tag("v2"))
OLD = repository("apps/web", tag("v1"))


def _live(hub: LiveRepository, eu: LiveRepository) -> Live:
    return replace(
        pair(rule("r", "hub", "eu"), hub=[hub], eu=[eu], live_rules=[live_rule("1", "r", "hub", "eu")])[1], tasks=()
    )


@dataclass
class Moving:
    """A source whose state moves on once it was listed."""

    before: Live
    after: Live
    asked: list[TagQuery] = field(default_factory=list)

    def source(self) -> RecordedSource:
        moving = self

        class Source(RecordedSource):
            def tags(self, live: Live, queries: Sequence[TagQuery]) -> Live:
                moving.asked += queries
                return replace(live, instances=moving.after.instances)

        return Source(self.before)


def _images(moving: Moving, folder: Path) -> list[tuple[str, ImageState]]:
    file = folder / "registry.yaml"
    file.write_text(SPEC)
    found, live = look_for_drift(check([file]), moving.source(), only=(), ignore=())
    assert live.instances == (moving.after if moving.asked else moving.before).instances
    return [(image.image.tag, image.state) for image in found.images]


def test_what_was_delivered_between_two_listings_is_no_drift(tmp_path: Path) -> None:
    moving = Moving(_live(NEW, OLD), _live(NEW, NEW))
    assert _images(moving, tmp_path) == []
    assert [query.instance for query in moving.asked] == ["cri-eu", "cri-hub"]


def test_what_was_pushed_between_two_listings_is_no_drift(tmp_path: Path) -> None:
    assert _images(Moving(_live(OLD, NEW), _live(NEW, NEW)), tmp_path) == []


def test_what_stays_is_drift(tmp_path: Path) -> None:
    assert _images(Moving(_live(NEW, OLD), _live(NEW, OLD)), tmp_path) == [("v2", ImageState.MISSING)]


def test_a_state_as_declared_is_listed_once(tmp_path: Path) -> None:
    moving = Moving(_live(NEW, NEW), _live(NEW, OLD))
    assert _images(moving, tmp_path) == []
    assert moving.asked == []
