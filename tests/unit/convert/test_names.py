from __future__ import annotations

import pytest

from reconciler.convert import names


@pytest.mark.parametrize(
    ("text", "registry", "path"),
    [
        ("busybox", "docker.io", "library/busybox"),
        ("grafana/loki", "docker.io", "grafana/loki"),
        ("quay.io/coreos/etcd", "quay.io", "coreos/etcd"),
        ("localhost/apps/web", "localhost", "apps/web"),
        ("registry:5000/web", "registry:5000", "web"),
    ],
)
def test_a_name_as_people_write_it(text: str, registry: str, path: str) -> None:
    found = names.repository(text)
    assert (found.registry, found.path) == (registry, path)


@pytest.mark.parametrize("text", ["quay.io/coreos/etcd:v3", "Upper/case", "", "quay.io/"])
def test_what_names_no_repository(text: str) -> None:
    with pytest.raises(ValueError):
        names.repository(text)


@pytest.mark.parametrize(
    ("text", "name", "rest"),
    [
        ("busybox", "busybox", ""),
        ("registry:5000/web", "registry:5000/web", ""),
        ("registry:5000/web:v1", "registry:5000/web", ":v1"),
        ("quay.io/coreos/etcd:v1,v2", "quay.io/coreos/etcd", ":v1,v2"),
        ("quay.io/coreos/etcd:/v3.*/", "quay.io/coreos/etcd", ":/v3.*/"),
        ("quay.io/coreos/etcd@sha256:00", "quay.io/coreos/etcd", "@sha256:00"),
    ],
)
def test_a_name_and_what_follows(text: str, name: str, rest: str) -> None:
    assert names.tagged(text) == (name, rest)


def test_the_instance_behind_a_host() -> None:
    assert names.instance("acme-hub-registry.cn-hangzhou.cr.aliyuncs.com") == ("acme-hub", "cn-hangzhou")
    assert names.instance("acme-hub-registry-vpc.eu-central-1.cr.aliyuncs.com") == ("acme-hub", "eu-central-1")
    assert names.instance("registry.example.com") is None


@pytest.mark.parametrize(
    ("host", "region"),
    [
        ("registry.cn-hangzhou.aliyuncs.com", "cn-hangzhou"),
        ("registry-vpc.cn-hangzhou.aliyuncs.com", "cn-hangzhou"),
        ("crpi-4fx2k.cn-shanghai.personal.cr.aliyuncs.com", "cn-shanghai"),
        ("crpi-4fx2k-vpc.cn-shanghai.personal.cr.aliyuncs.com", "cn-shanghai"),
        ("registry.example.com", None),
    ],
)
def test_personal_edition_behind_a_host(host: str, region: str | None) -> None:
    assert names.personal_region(host) == region
