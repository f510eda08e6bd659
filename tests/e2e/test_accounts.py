"""Several accounts in one spec, and credentials that nobody keeps: OIDC and roles, against the local cloud's STS."""

from __future__ import annotations

import json
import os
import subprocess
from collections import Counter
from collections.abc import Iterator, Mapping
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest

from tests.e2e.conftest import PROGRAM
from tests.e2e.stage import KEY, Stage, staged

_SEED = """\
version: 1
instances:
  hub: {region: cn-hangzhou, edition: advanced, name: acme-hub}
  eu: {region: eu-central-1, edition: basic, name: acme-eu}
"""
_SPEC = """\
version: 1
accounts:
  prod: {environment: PROD_}
  replica: {profile: replica, assume_role: 'acs:ram::1000000000000001:role/replica'}
instances:
  hub:
    region: cn-hangzhou
    name: acme-hub
    account: prod
    namespaces: {apps: {auto_create: true, visibility: private}}
  eu:
    region: eu-central-1
    name: acme-eu
    account: replica
    namespaces: {apps: {auto_create: true, visibility: private}}
"""
_ROLE = {
    "ALIBABA_CLOUD_ROLE_ARN": "acs:ram::1000000000000001:role/ci",
    "ALIBABA_CLOUD_OIDC_PROVIDER_ARN": "acs:ram::1000000000000001:oidc-provider/ci",
}
_TOKEN = "eyJhbGciOiJub25lIn0.eyJzdWIiOiJjaSJ9.c2lnbmF0dXJl"
_KEYS = {"ALIBABA_CLOUD_ACCESS_KEY_ID": KEY[0], "ALIBABA_CLOUD_ACCESS_KEY_SECRET": KEY[1]}


@pytest.fixture
def stage(tmp_path: Path) -> Iterator[Stage]:
    with staged(tmp_path, seed=_SEED, spec=_SPEC) as made:
        yield made


def run(stage: Stage, environment: Mapping[str, str], *arguments: str) -> tuple[int, str]:
    """The program with these variables and none that hold a credential besides."""
    plain = {name: value for name, value in os.environ.items() if not name.startswith(("ALIBABA_CLOUD", "ACTIONS_"))}
    home = stage.work.folder.parent / "home"
    home.mkdir(exist_ok=True)
    done = subprocess.run(
        [*PROGRAM, *arguments],
        cwd=stage.work.folder,
        env={
            **plain,
            "HOME": str(home),
            "RECONCILER_ENDPOINT_URL": stage.local.endpoint,
            "ALIBABA_CLOUD_ECS_METADATA_DISABLED": "true",
            "NO_COLOR": "1",
            **environment,
        },
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    stage.outputs.append(done.stdout + done.stderr)
    assert _TOKEN not in stage.outputs[-1]
    return done.returncode, stage.outputs[-1]


def calls(stage: Stage) -> list[dict[str, Any]]:
    text = (stage.work.folder / "calls.jsonl").read_text(encoding="utf-8")
    assert _TOKEN not in text
    return [json.loads(line) for line in text.splitlines()]


def test_each_instance_is_changed_with_the_credential_of_its_account(stage: Stage) -> None:
    aliyun = stage.work.folder.parent / "home" / ".aliyun"
    aliyun.mkdir(parents=True)
    profile = {"name": "replica", "mode": "AK", "access_key_id": KEY[0], "access_key_secret": KEY[1]}
    (aliyun / "config.json").write_text(json.dumps({"current": "replica", "profiles": [profile]}), encoding="utf-8")
    environment = {f"PROD_{name}": value for name, value in _KEYS.items()}

    code, said = run(stage, environment, "apply", "registry.yaml", "--auto-approve", "--log-file", "calls.jsonl")

    assert code == 0, said
    made = {(call["account"], call["region"]) for call in calls(stage) if call["action"] == "CreateNamespace"}
    assert made == {("prod", "cn-hangzhou"), ("replica", "eu-central-1")}
    assert Counter(call["action"] for call in calls(stage))["AssumeRole"] == 1
    assert {call["account"] for call in calls(stage)} == {"prod", "replica"}


def test_an_account_without_its_own_key_borrows_none(stage: Stage) -> None:
    code, said = run(stage, _KEYS, "plan", "registry.yaml")
    assert code == 1
    assert "set `PROD_ALIBABA_CLOUD_ACCESS_KEY_ID`" in said


def test_a_pod_with_a_token_file_needs_no_key(stage: Stage) -> None:
    file = stage.work.folder.parent / "token"
    file.write_text(_TOKEN, encoding="utf-8")
    stage.work.write("registry.yaml", _SEED)
    environment = {**_ROLE, "ALIBABA_CLOUD_OIDC_TOKEN_FILE": str(file)}

    code, said = run(stage, environment, "plan", "registry.yaml", "--log-file", "calls.jsonl")

    assert code == 0, said
    first = calls(stage)[0]
    assert (first["action"], first["status"], first["query"]["Action"]) == (
        "AssumeRoleWithOIDC",
        200,
        "AssumeRoleWithOIDC",
    )
    file.write_text("no token of that form", encoding="utf-8")
    code, said = run(stage, environment, "plan", "registry.yaml")
    assert code == 1
    assert (
        "cannot be assumed with an OIDC token: `AssumeRoleWithOIDC` was refused: AuthenticationFail.OIDCToken.Invalid"
        in said
    )


class _GitHub(BaseHTTPRequestHandler):
    asked: list[tuple[str, str]] = []  # noqa: RUF012 - the server makes its handlers itself

    def do_GET(self) -> None:
        self.asked.append((self.path, self.headers["Authorization"]))
        body = json.dumps({"value": _TOKEN}).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_arguments: object) -> None:
        pass


def test_a_job_of_github_actions_needs_no_key(stage: Stage) -> None:
    stage.work.write("registry.yaml", _SEED)
    with HTTPServer(("127.0.0.1", 0), _GitHub) as server:
        thread = Thread(target=server.serve_forever)
        thread.start()
        job = {
            "ACTIONS_ID_TOKEN_REQUEST_URL": f"http://127.0.0.1:{server.server_port}/token?api-version=2",
            "ACTIONS_ID_TOKEN_REQUEST_TOKEN": "for-this-job",
        }
        code, said = run(stage, {**_ROLE, **job}, "plan", "registry.yaml")
        server.shutdown()
        thread.join()
    assert code == 0, said
    assert _GitHub.asked == [("/token?api-version=2&audience=sts.aliyuncs.com", "bearer for-this-job")]
