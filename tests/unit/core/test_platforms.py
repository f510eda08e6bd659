from __future__ import annotations

import pytest

from reconciler.core import platforms
from reconciler.core.platforms import left_out
from reconciler.model.address import import_rule
from reconciler.model.diagnostic import Severity
from reconciler.model.image import Contents, Descriptor, Digest, ImageName, ManifestContent
from reconciler.model.plan import Transfer, TransferReason
from reconciler.model.source import PersonalSource
from reconciler.model.spec import Desired, ImageSelection, ImportRule
from tests.unit.core.scene import digest

INDEX, MANIFEST = "application/vnd.oci.image.index.v1+json", "application/vnd.oci.image.manifest.v1+json"
ROOT = digest("root")


def image(*children: str, inner: tuple[str, ...] = ()) -> Contents:
    """An index of these platforms; `inner` are those of an index inside it."""
    entries = [Descriptor(digest(f"{n}"), 1, MANIFEST, platform) for n, platform in enumerate(children)]
    contents: dict[Digest, ManifestContent] = {e.digest: ManifestContent(e.digest, 1, MANIFEST) for e in entries}
    if inner:
        below = image(*inner)
        nested = digest("nested")
        contents |= below
        contents[nested] = ManifestContent(nested, 1, INDEX, manifests=below[ROOT].manifests)
        entries.append(Descriptor(nested, 1, INDEX))
    contents[ROOT] = ManifestContent(ROOT, 1, INDEX if entries else MANIFEST, manifests=tuple(entries))
    return contents


@pytest.mark.parametrize(
    ("children", "wanted", "others"),
    [
        (["linux/amd64", "linux/arm64"], ["linux/amd64"], ("linux/arm64",)),
        (["linux/amd64", "linux/arm64"], ["linux/arm64", "linux/amd64"], ()),
        (["linux/amd64", "unknown/unknown", ""], ["linux/amd64"], ()),
        (["linux/arm/v6", "linux/arm/v7"], ["linux/arm"], ()),
        (["linux/arm/v6", "linux/arm/v7"], ["linux/arm/v7"], ("linux/arm/v6",)),
        (["linux/arm64", "linux/arm"], ["linux/arm64/v8", "linux/arm/v7"], ()),
        (["linux/arm64/v9"], ["linux/arm64/v8"], ("linux/arm64/v9",)),
        (["windows/amd64"], ["linux/amd64"], ("windows/amd64",)),
        ([], ["linux/amd64"], ()),
    ],
)
def test_what_a_selection_leaves_out(children: list[str], wanted: list[str], others: tuple[str, ...]) -> None:
    assert left_out(ROOT, image(*children), wanted) == others


def test_an_index_inside_an_index_counts() -> None:
    assert left_out(ROOT, image("linux/amd64", inner=("linux/s390x",)), ["linux/amd64"]) == ("linux/s390x",)


def transfer(tag: str) -> Transfer:
    source, target = ImageName("p.example", "apps/web", tag), ImageName("hub.example", "apps/web", tag)
    return Transfer(import_rule("legacy"), source, target, ROOT, TransferReason.MISSING)


def desired(*wanted: str) -> Desired:
    source = PersonalSource("cn-hangzhou", ("apps",))
    return Desired(imports=(ImportRule("legacy", "hub", source, images=ImageSelection(platforms=wanted)),))


def test_the_plan_names_the_images_and_their_platforms() -> None:
    contents = image("linux/amd64", "linux/arm64")
    (found,) = platforms.check(desired("linux/amd64"), [transfer(f"v{n}") for n in range(5)], contents)
    assert (found.rule, found.severity, found.address) == ("R-IMP-13", Severity.ERROR, "imports.legacy")
    assert found.summary.endswith(": 5")
    assert found.detail.startswith("p.example/apps/web:v0 has linux/arm64; ")
    assert found.detail.endswith("and 2 more")


@pytest.mark.parametrize("wanted", [(), ("linux/amd64", "linux/arm64")])
def test_whole_images_are_no_finding(wanted: tuple[str, ...]) -> None:
    contents = image("linux/amd64", "linux/arm64")
    assert list(platforms.check(desired(*wanted), [transfer("v1")], contents)) == []
