from __future__ import annotations

import pytest

from reconciler.model.image import ImageName, RepositoryName
from reconciler.oci.manifest import digest_bytes
from reconciler.oci.reference import parse

DIGEST = digest_bytes(b"x")


@pytest.mark.parametrize(
    "text",
    [
        "r.example.com/apps/web",
        "r.example.com:5000/apps/web:v1.0",
        f"r.example.com/apps/web@{DIGEST}",
        f"localhost:5000/a/b/c__d/e-f.g:V1@{DIGEST}",
        "[::1]:5000/apps/web:1",
    ],
)
def test_a_reference_is_written_as_it_was_read(text: str) -> None:
    assert str(parse(text)) == text


def test_the_parts_of_a_reference() -> None:
    found = parse(f"r.example.com:5000/apps/web:v1@{DIGEST}")
    assert found.repository == RepositoryName("r.example.com:5000", "apps/web")
    assert (found.tag, found.digest) == ("v1", DIGEST)
    assert found.image == ImageName("r.example.com:5000", "apps/web", "v1")
    with pytest.raises(ValueError, match="no tag"):
        _ = parse("r.example.com/apps/web").image


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("web", "no registry host"),
        ("/apps/web", "no registry host"),
        ("r.example.com/", "not a repository name"),
        ("r.example.com/Apps/web", "not a repository name"),
        ("r.example.com/apps//web", "not a repository name"),
        ("r.example.com/apps/../web", "not a repository name"),
        ("r.example.com/apps/web:", "not a tag"),
        ("r.example.com/apps/web:.hidden", "not a tag"),
        ("r.example.com/apps/web:" + "x" * 129, "not a tag"),
        ("r.example.com/apps/web@sha256:123", "not a sha256"),
        ("r.example.com/" + "x" * 255, "too long"),
    ],
)
def test_what_is_wrong_is_said(text: str, reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        parse(text)
