from __future__ import annotations

import pytest

from reconciler.core.select import select
from reconciler.model.image import Descriptor, ManifestContent
from reconciler.model.live import LiveTag
from reconciler.model.spec import ImageSelection
from tests.unit.core.scene import digest, tag


def _names(tags: tuple[LiveTag, ...]) -> list[str]:
    return [t.name for t in tags]


TAGS = tuple(tag(name, pushed=pushed) for name, pushed in [("v1", 10), ("v2", 20), ("dev", 30), ("v3", 40)])


@pytest.mark.parametrize(
    ("selection", "expected"),
    [
        (ImageSelection(), ["v1", "v2", "dev", "v3"]),
        (ImageSelection(latest=2), ["dev", "v3"]),
        (ImageSelection(latest=0), []),
        (ImageSelection(latest=1000), ["v1", "v2", "dev", "v3"]),
        (ImageSelection(tags="v.*"), ["v1", "v2", "v3"]),
        (ImageSelection(latest=2, tags="v.*"), ["v3"]),
        (ImageSelection(tags="v"), []),
        (ImageSelection(tags="v1|dev"), ["v1", "dev"]),
        (ImageSelection(tags=""), ["v1", "v2", "dev", "v3"]),
    ],
)
def test_the_newest_come_first_and_the_pattern_second(selection: ImageSelection, expected: list[str]) -> None:
    assert _names(select(TAGS, selection)) == expected


def test_pages_example_of_a_prefix() -> None:
    tags = [tag("release-v1", pushed=1), tag("release-v1.2", pushed=2), tag("my-release-v1", pushed=3)]
    assert _names(select(tags, ImageSelection(tags="release-v.*"))) == ["release-v1", "release-v1.2"]


def test_equal_push_times_do_not_depend_on_the_listing() -> None:
    tags = [tag(name, pushed=7) for name in ("c", "a", "b")]
    assert _names(select(tags, ImageSelection(latest=2))) == ["b", "a"]
    assert select(reversed(tags), ImageSelection(latest=2)) == select(tags, ImageSelection(latest=2))


def test_copying_in_the_given_order_keeps_the_newest_the_newest() -> None:
    tags = [tag(name, pushed=pushed) for name, pushed in [("a", 1), ("b", 1), ("c", 0)]]
    copied = [tag(t.name, pushed=n) for n, t in enumerate(select(tags, ImageSelection()))]
    for latest in range(4):
        newest = ImageSelection(latest=latest)
        assert set(_names(select(copied, newest))) == set(_names(select(tags, newest)))


def _companion(content: str, ending: str, pushed: int) -> LiveTag:
    return tag(digest(content).replace(":", "-") + ending, f"{ending} of {content}", pushed)


@pytest.mark.parametrize("ending", [".sig", ".att", ".sbom"])
def test_companions_follow_their_image_and_do_not_count(ending: str) -> None:
    tags = [tag("v1", pushed=1), tag("v2", pushed=2), _companion("v1", ending, 3), _companion("v2", ending, 4)]
    assert _names(select(tags, ImageSelection(latest=1))) == ["v2", tags[3].name]
    assert _names(select(tags, ImageSelection(tags="v1"))) == ["v1", tags[2].name]
    assert select(tags, ImageSelection(latest=0)) == ()


def test_companions_of_companions_follow() -> None:
    attested = _companion("v1", ".att", 2)
    signature = LiveTag(attested.digest.replace(":", "-") + ".sig", digest("sig of att"), 1, 3)
    tags = [tag("v1", pushed=1), attested, signature, _companion("other", ".sig", 4)]
    assert select(tags, ImageSelection()) == tuple(tags[:3])


def test_companions_of_children_follow_once_the_index_was_read() -> None:
    index, child = digest("v1"), digest("child")
    tags = [tag("v1", pushed=1), _companion("child", ".sig", 2), _companion("elsewhere", ".sig", 3)]
    read = {
        index: ManifestContent(index, 1, "", manifests=(Descriptor(child, 1),)),
        child: ManifestContent(child, 1, ""),
    }
    assert select(tags, ImageSelection()) == (tags[0],)
    assert select(tags, ImageSelection(), read) == (tags[0], tags[1])


def test_a_fallback_list_of_referrers_is_never_selected() -> None:
    tags = [tag("v1", pushed=1), _companion("v1", "", 2)]
    assert _names(select(tags, ImageSelection())) == ["v1"]
    assert _names(select(tags, ImageSelection(latest=1))) == ["v1"]


def test_a_pattern_that_does_not_compile_is_refused() -> None:
    with pytest.raises(ValueError, match="not a regular expression"):
        select(TAGS, ImageSelection(tags="("))
