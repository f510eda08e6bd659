from __future__ import annotations

import pytest

from reconciler.model.image import Descriptor, Digest, ImageName, ManifestContent, RepositoryName, closure, parse_digest

HEX = "0123456789abcdef" * 4


@pytest.mark.parametrize(
    ("text", "expected"),
    [(f"sha256:{HEX}", f"sha256:{HEX}"), (HEX, f"sha256:{HEX}"), (f"sha512:{HEX * 2}", f"sha512:{HEX * 2}")],
)
def test_digests_have_an_algorithm(text: str, expected: str) -> None:
    assert parse_digest(text) == expected


@pytest.mark.parametrize(
    "text", ["", "sha256:", HEX[:-1], HEX.upper(), f"md5:{HEX}", f"sha512:{HEX}", f" {HEX}", f"sha256:{HEX}\n"]
)
def test_what_is_no_digest_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="not a sha256 or sha512 digest"):
        parse_digest(text)


def test_names_read_as_they_are_written() -> None:
    assert str(ImageName("hub.example:5000", "apps/web", "v1")) == "hub.example:5000/apps/web:v1"
    assert str(RepositoryName("hub.example", "apps/web")) == "hub.example/apps/web"


def _manifest(name: str, children: str = "", referrers: str = "") -> tuple[Digest, ManifestContent]:
    def pointers(names: str) -> tuple[Descriptor, ...]:
        return tuple(Descriptor(Digest(n), 1) for n in names)

    return Digest(name), ManifestContent(
        Digest(name), 1, "manifest", manifests=pointers(children), referrers=pointers(referrers)
    )


def test_children_come_before_and_referrers_after_their_manifest() -> None:
    contents = dict(
        [_manifest("i", "ab", "s"), _manifest("a", referrers="t"), _manifest("b"), _manifest("s"), _manifest("t")]
    )
    assert closure(Digest("i"), contents) == tuple("atbis")


def test_each_manifest_is_there_once() -> None:
    contents = dict([_manifest("i", "aab"), _manifest("a", "c"), _manifest("b", "c"), _manifest("c")])
    assert closure(Digest("i"), contents) == tuple("cabi")


def test_a_referrer_that_points_back_is_no_endless_way() -> None:
    contents = dict([_manifest("a", referrers="s"), _manifest("s", referrers="a")])
    assert closure(Digest("a"), contents) == tuple("as")


def test_a_manifest_that_was_not_read_is_missed() -> None:
    with pytest.raises(KeyError):
        closure(Digest("i"), dict([_manifest("i", "a")]))
