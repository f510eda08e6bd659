from __future__ import annotations

from pathlib import Path

import pytest

from reconciler.oci.certificates import CertificatesUnusable, context, folders


def test_the_users_own_folders_come_first() -> None:
    system = (Path("/etc/containers/certs.d"), Path("/etc/docker/certs.d"))
    assert folders({"HOME": "/home/u"}) == (
        Path("/home/u/.docker/certs.d"),
        Path("/home/u/.config/containers/certs.d"),
        *system,
    )
    given = {"HOME": "/home/u", "DOCKER_CONFIG": "/cfg", "XDG_CONFIG_HOME": "/xdg"}
    assert folders(given) == (Path("/cfg/certs.d"), Path("/xdg/containers/certs.d"), *system)
    assert folders({})[0] == Path.home() / ".docker/certs.d"


def test_the_first_folder_that_knows_the_host_counts(tmp_path: Path) -> None:
    first, second = tmp_path / "first", tmp_path / "second"
    (first / "r.example").mkdir(parents=True)
    (second / "r.example").mkdir(parents=True)
    (second / "r.example" / "ca.crt").write_text("not read")
    (second / "s.example").mkdir(parents=True)
    (second / "s.example" / "ca.crt").write_text("not a certificate")
    (first / "r.example" / "notes.txt").write_text("ignored")
    assert context("r.example", [first, second]).check_hostname
    assert context("unknown.example", [first, second]).check_hostname
    with pytest.raises(CertificatesUnusable, match=r"s\.example/ca\.crt; it has to be PEM"):
        context("s.example", [first, second])


def test_a_port_makes_another_host(tmp_path: Path) -> None:
    (tmp_path / "r.example:5000").mkdir()
    (tmp_path / "r.example:5000" / "ca.crt").write_text("not a certificate")
    assert context("r.example", [tmp_path]).check_hostname
    with pytest.raises(CertificatesUnusable):
        context("r.example:5000", [tmp_path])
