from __future__ import annotations

import pytest

from reconciler.spec.image_name import NamedImage, parse


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("hub:apps/web:v1", NamedImage("hub", "", "apps/web", "v1")),
        ("hub:apps/web", NamedImage("hub", "", "apps/web", "")),
        ("eu", NamedImage("eu", "", "", "")),
        ("cri-1@cn-hangzhou:a.b/c-d/e:1.10", NamedImage("cri-1", "cn-hangzhou", "a.b/c-d/e", "1.10")),
    ],
)
def test_what_a_name_means(text: str, named: NamedImage) -> None:
    assert parse(text) == named


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("", "does not begin with an instance"),
        (":apps/web:v1", "does not begin with an instance"),
        ("cri-1@:apps/web:v1", "does not begin with an instance"),
        ("hub:web:v1", "`web` is no repository"),
        ("hub:Apps/web:v1", "`Apps/web` is no repository"),
        ("hub:apps/web:", "`` is no tag"),
        ("hub:apps/web:a:b", "`a:b` is no tag"),
        ("hub:apps/web:-v1", "`-v1` is no tag"),
    ],
)
def test_what_a_name_must_not_be(text: str, complaint: str) -> None:
    with pytest.raises(ValueError, match=complaint):
        parse(text)
