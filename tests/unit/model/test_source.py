from __future__ import annotations

import pytest

from reconciler.model.source import RegistrySource, RepositoryFilter, described, is_glob, is_store


@pytest.mark.parametrize(
    ("glob", "name", "meant"),
    [
        ("apps/*", "apps/web", True),
        ("apps/*", "apps/web/deep", False),
        ("apps/**", "apps/web/deep", True),
        ("*", "nginx", True),
        ("*", "apps/web", False),
        ("a?ps/web", "apps/web", True),
        ("a?ps/web", "a/ps/web", False),
        ("apps/web", "apps/web", True),
        ("apps/web", "apps/web2", False),
        ("apps/w.b", "apps/web", False),
    ],
)
def test_a_star_stays_within_a_part_of_the_path(glob: str, name: str, meant: bool) -> None:
    assert RepositoryFilter(repositories=(glob,)).matches(name) is meant


def test_namespaces_and_globs_are_both_met() -> None:
    both = RepositoryFilter(("apps",), ("**/web",))
    assert [name for name in ("apps/web", "base/web", "apps/api", "web") if both.matches(name)] == ["apps/web"]
    assert RepositoryFilter().matches("anything")
    assert not RepositoryFilter(("nginx",)).matches("nginx")


@pytest.mark.parametrize(
    ("name", "store"),
    [
        ("oss://a/b", True),
        ("s3+https://h:9000/b", True),
        ("file:images", True),
        ("s3:9000", False),
        ("h.example", False),
    ],
)
def test_a_store_is_told_from_a_host(name: str, store: bool) -> None:
    assert is_store(name) is store


def test_a_registry_by_its_url() -> None:
    source = RegistrySource("http://127.0.0.1:5000")
    assert (source.name, source.plain_http, source.on_this_machine) == ("127.0.0.1:5000", True, True)
    assert not RegistrySource("https://harbor.example.com").on_this_machine
    assert described(source) == "the registry `127.0.0.1:5000`"
    assert not is_glob("apps/web")
