from __future__ import annotations

import base64
import json
from pathlib import Path

import pytest

from reconciler.oci.docker_config import DockerConfigUnreadable, default_path, logins
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
    with pytest.raises(DockerConfigUnreadable, match=r"config\.json"):
        logins(written(tmp_path, document))


def test_the_secret_is_not_in_the_error(tmp_path: Path) -> None:
    with pytest.raises(DockerConfigUnreadable) as caught:
        logins(written(tmp_path, {"auths": {"r": packed("hunter2")}}))
    assert "hunter2" not in str(caught.value)
    assert packed("hunter2")["auth"] not in str(caught.value)


def test_the_folder_comes_from_the_environment() -> None:
    assert default_path({"DOCKER_CONFIG": "/cfg"}) == Path("/cfg/config.json")
    assert default_path({}) == Path.home() / ".docker/config.json"
