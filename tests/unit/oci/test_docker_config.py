from __future__ import annotations

import base64
import json
from pathlib import Path

import pytest

from reconciler.oci.certificates import folders
from reconciler.oci.credential_helper import HelperFailed
from reconciler.oci.docker_config import DockerConfigUnreadable, default_path, logins, read
from reconciler.oci.errors import LoginRefused, RegistryDenied
from reconciler.oci.login import Login


def written(folder: Path, document: object) -> Path:
    path = folder / "config.json"
    path.write_text(json.dumps(document))
    return path


def packed(text: str) -> dict[str, str]:
    return {"auth": base64.b64encode(text.encode()).decode()}


def test_logins_are_found_by_host(tmp_path: Path) -> None:
    path = written(
        tmp_path,
        {
            "auths": {
                "r.example.com:5000": packed("user:pass:word"),
                "https://index.docker.io/v1/": packed("hub:secret"),
                "plain.example.com": {"username": "u", "password": "p"},
                "helper.example.com": {},
            }
        },
    )
    login = logins(path)
    assert login("r.example.com:5000") == Login("user", "pass:word")
    assert login("docker.io") == Login("hub", "secret")
    assert login("plain.example.com") == Login("u", "p")
    assert login("helper.example.com") is None
    assert login("r.example.com") is None


def test_no_file_is_no_login(tmp_path: Path) -> None:
    assert logins(tmp_path / "none.json")("r.example.com") is None


@pytest.mark.parametrize("document", [[], {"auths": []}, {"auths": {"r": "x"}}, {"auths": {"r": {"auth": "%%"}}}])
def test_what_docker_did_not_write_is_named(tmp_path: Path, document: object) -> None:
    path = written(tmp_path, document)
    with pytest.raises(DockerConfigUnreadable, match=r"config\.json"):
        read(path)
    with pytest.raises(LoginRefused, match=r"r\.example\.com: no login can be read: .*config\.json"):
        logins(path)("r.example.com")


def test_the_secret_is_not_in_the_error(tmp_path: Path) -> None:
    with pytest.raises(RegistryDenied) as caught:
        logins(written(tmp_path, {"auths": {"r": packed("hunter2")}}))("r")
    assert "hunter2" not in str(caught.value)
    assert packed("hunter2")["auth"] not in str(caught.value)


def test_the_folder_comes_from_the_environment() -> None:
    assert default_path({"DOCKER_CONFIG": "/cfg"}) == Path("/cfg/config.json")
    assert default_path({}) == Path.home() / ".docker/config.json"


def test_a_user_without_a_home_has_no_logins(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("HOME", raising=False)
    monkeypatch.setattr("pwd.getpwuid", {}.__getitem__)
    assert default_path({}) is None
    assert folders({}) == (Path("/etc/containers/certs.d"), Path("/etc/docker/certs.d"))
    assert logins(None)("registry.example.com") is None


def test_an_identity_token_is_a_login_without_a_password(tmp_path: Path) -> None:
    entry = {**packed("user:"), "identitytoken": "refresh-me"}
    assert logins(written(tmp_path, {"auths": {"r": entry}}))("r") == Login("user", "", refresh_token="refresh-me")


def test_helpers_go_before_the_store_and_the_store_before_the_file(tmp_path: Path) -> None:
    asked: list[tuple[str, str]] = []

    def helper(name: str, server: str) -> Login | None:
        asked.append((name, server))
        return None if server == "third.example.com" else Login(name, "kept")

    login = logins(
        written(
            tmp_path,
            {
                "auths": {"second.example.com": packed("file:x"), "third.example.com": packed("file:x")},
                "credHelpers": {"first.example.com": "own"},
                "credsStore": "store",
            },
        ),
        helper=helper,
    )
    assert login("first.example.com") == Login("own", "kept")
    assert login("second.example.com") == Login("store", "kept")
    assert login("third.example.com") == Login("file", "x")
    assert login("registry-1.docker.io") == Login("store", "kept")
    assert asked == [
        ("own", "first.example.com"),
        ("store", "second.example.com"),
        ("store", "third.example.com"),
        ("store", "https://index.docker.io/v1/"),
    ]


def test_a_helper_that_fails_is_told_with_the_file(tmp_path: Path) -> None:
    def helper(_: str, __: str) -> Login | None:
        raise HelperFailed("credential helper is not installed: docker-credential-x")

    login = logins(written(tmp_path, {"credsStore": "x"}), helper=helper)
    with pytest.raises(LoginRefused, match=r"not installed: docker-credential-x .*config\.json"):
        login("r.example.com")


def test_a_login_made_meanwhile_is_found(tmp_path: Path) -> None:
    login = logins(tmp_path / "config.json")
    assert login("r") is None
    written(tmp_path, {"auths": {"r": packed("u:p")}})
    assert login("r") == Login("u", "p")
