"""Credential helpers are real programs here: shell scripts that answer, fail, or never come back."""

from __future__ import annotations

from pathlib import Path

import pytest

from reconciler.oci.credential_helper import HelperFailed, ask
from reconciler.oci.login import Login


def installed(folder: Path, script: str) -> str:
    """A folder for PATH that holds the helper `test`."""
    program = folder / "docker-credential-test"
    program.write_text(f"#!/bin/sh\n{script}\n")
    program.chmod(0o755)
    return f"{folder}:/usr/bin:/bin"


def test_the_server_goes_in_and_a_login_comes_out(tmp_path: Path) -> None:
    path = installed(tmp_path, 'read server; printf \'{"ServerURL":"x","Username":"%s","Secret":"%s"}\' "$1" "$server"')
    assert ask("test", "r.example.com:5000", path=path) == Login("get", "r.example.com:5000")


def test_a_token_is_told_by_its_user_name(tmp_path: Path) -> None:
    path = installed(tmp_path, """echo '{"Username":"<token>","Secret":"refresh"}'""")
    assert ask("test", "r", path=path) == Login("", "", refresh_token="refresh")


@pytest.mark.parametrize(
    "script",
    ["echo 'credentials not found in native keychain'; exit 1", """echo '{"Username":"","Secret":""}'"""],
)
def test_nothing_kept_is_no_login(tmp_path: Path, script: str) -> None:
    assert ask("test", "r", path=installed(tmp_path, script)) is None


@pytest.mark.parametrize(
    ("script", "reason"),
    [
        ("echo hunter2; echo hunter2 >&2; exit 3", "ended with status 3: docker-credential-test"),
        ("echo hunter2", "did not answer in JSON"),
        ("""echo '{"Secret":"hunter2"}'""", "without `Username` and `Secret`"),
        ("echo hunter2; exec sleep 60", "no answer within 0.5 s"),
    ],
)
def test_what_a_failing_helper_printed_is_not_repeated(tmp_path: Path, script: str, reason: str) -> None:
    with pytest.raises(HelperFailed, match=reason) as caught:
        ask("test", "r", path=installed(tmp_path, script), seconds=0.5)
    error: BaseException | None = caught.value
    while error is not None:
        assert "hunter2" not in f"{error} {error!r} {vars(error)}"
        error = error.__cause__


def test_a_helper_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(HelperFailed, match="not installed: docker-credential-test"):
        ask("test", "r", path=str(tmp_path))


def test_a_helper_that_cannot_be_run(tmp_path: Path) -> None:
    path = installed(tmp_path, "")
    (tmp_path / "docker-credential-test").write_text("#!/no/such/interpreter\n")
    with pytest.raises(HelperFailed, match="cannot be run"):
        ask("test", "r", path=path)


@pytest.mark.parametrize("name", ["../evil", "a/b", "", "-x", "a b"])
def test_a_name_leads_nowhere_else(name: str) -> None:
    with pytest.raises(HelperFailed, match="not the name of a credential helper"):
        ask(name, "r")
