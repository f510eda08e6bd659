"""Which credential a call goes out with, and how long it is kept."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest

from reconciler.acr.accounts import DEFAULT, Accounts, Owners
from reconciler.acr.answer import Answer
from reconciler.acr.credentials import Credential, EnvironmentKeys, Profile
from reconciler.acr.errors import CredentialsMissing, MalformedAnswer
from reconciler.acr.identity import Renewed, assumed_role, federated, from_file
from reconciler.acr.opening import regions_of
from reconciler.acr.request import Request, Version
from reconciler.acr.sts import Sts, TemporaryCredential
from reconciler.acr.transport import Transport
from reconciler.model.spec import Desired, Instance

Connect = Callable[[Callable[[httpx.Request], httpx.Response]], Transport]
START = datetime(2026, 1, 2, 3, 0, tzinfo=UTC)


@dataclass
class Heard:
    calls: list[str] = field(default_factory=list)

    def call(self, request: Request) -> Answer:
        self.calls.append(request.action)
        return Answer(request.action, {})


def ask(region: str, account: str | None = None, **query: str) -> Request:
    return Request(Version.ENTERPRISE, "GetInstance", region, query, account=account)


@pytest.mark.parametrize(
    ("request_", "expected"),
    [
        (ask("cn-hangzhou", InstanceId="cri-1"), "prod"),
        (ask("eu-central-1", InstanceId="cri-1"), "prod"),
        (ask("eu-central-1", InstanceId="cri-2"), DEFAULT),
        (ask("eu-central-1"), "replica"),
        (ask("eu-central-1", DEFAULT, InstanceId="cri-1"), DEFAULT),
        (ask("us-east-1", **{"ResourceId.1": "cri-1"}), "prod"),
        (ask("us-east-1"), DEFAULT),
    ],
)
def test_a_call_goes_to_the_account_that_it_concerns(request_: Request, expected: str) -> None:
    heard = {name: Heard() for name in (DEFAULT, "prod", "replica")}
    owners = Owners()
    owners.own("cri-1", "prod")
    owners.own("cri-2", DEFAULT)
    Accounts(heard, {"eu-central-1": "replica"}, owners).call(request_)
    assert [name for name, caller in heard.items() if caller.calls] == [expected]


def test_a_region_leads_to_an_account_when_all_its_instances_are_of_one() -> None:
    desired = Desired(
        instances=(
            Instance("a", "cn-hangzhou", "a", account="prod"),
            Instance("b", "cn-hangzhou", "b"),
            Instance("c", "eu-central-1", "c", account="prod"),
        )
    )
    assert regions_of(desired) == {"eu-central-1": "prod"}


def test_a_credential_is_kept_until_shortly_before_its_end() -> None:
    clock = [START]
    made: list[TemporaryCredential] = []

    def fetch() -> TemporaryCredential:
        made.append(TemporaryCredential(Credential(f"id-{len(made)}", "s", "t"), clock[0] + timedelta(hours=1)))
        return made[-1]

    source = Renewed(fetch, lambda: clock[0])
    assert [source.credential().access_key_id for _ in range(3)] == ["id-0"] * 3
    clock[0] += timedelta(minutes=54)
    assert source.credential().access_key_id == "id-0"
    clock[0] += timedelta(minutes=2)
    assert source.credential().access_key_id == "id-1"


def test_a_role_is_assumed_with_a_signed_call(connect: Connect) -> None:
    seen: list[httpx.Request] = []

    def serve(request: httpx.Request) -> httpx.Response:
        seen.append(request)
        given = {
            "AccessKeyId": "STS.1",
            "AccessKeySecret": "s",
            "SecurityToken": "t",
            "Expiration": "2099-01-01T00:00:00Z",
        }
        return httpx.Response(200, json={"RequestId": "R", "Credentials": given})

    source = assumed_role(Sts(connect(serve)), "acs:ram::1:role/ci", region="cn-beijing")
    assert source.credential() == Credential("STS.1", "s", "t")
    (request,) = seen
    assert request.url.host == "sts.cn-beijing.aliyuncs.com"
    assert request.url.params["RoleArn"] == "acs:ram::1:role/ci"
    assert "authorization" in request.headers


def test_an_oidc_token_is_sent_in_the_body_and_without_a_key(connect: Connect) -> None:
    seen: list[httpx.Request] = []

    def serve(request: httpx.Request) -> httpx.Response:
        seen.append(request)
        return httpx.Response(400, json={"Code": "AuthenticationFail.OIDCToken.Expired", "Message": "expired: jwt.a.b"})

    environ = {
        "X_ALIBABA_CLOUD_ROLE_ARN": "acs:ram::1:role/ci",
        "X_ALIBABA_CLOUD_OIDC_PROVIDER_ARN": "acs:ram::1:oidc-provider/ci",
        "X_ALIBABA_CLOUD_OIDC_TOKEN_FILE": str(Path(__file__)),
    }
    source = federated(environ, lambda: Sts(connect(serve)), "X_")
    assert source is not None
    with pytest.raises(CredentialsMissing, match=r"OIDCToken\.Expired"):
        source.credential()
    (request,) = seen
    assert request.url.host == "sts.aliyuncs.com"
    assert "OIDCToken" not in str(request.url)
    assert b"OIDCToken=" in request.content
    assert "authorization" not in request.headers
    assert "x-acs-region-id" not in request.headers
    assert federated(environ, lambda: Sts(connect(serve))) is None


@pytest.mark.parametrize("ends", ["tomorrow", "2099-01-01T00:00:00"])
def test_an_end_that_is_no_time_is_told(connect: Connect, ends: str) -> None:
    given = {"AccessKeyId": "a", "AccessKeySecret": "s", "SecurityToken": "t", "Expiration": ends}
    transport = connect(lambda _: httpx.Response(200, json={"Credentials": given}))
    with pytest.raises(MalformedAnswer, match="Expiration"):
        Sts(transport).assume_role("", "acs:ram::1:role/ci", "s")


def test_a_token_file_that_is_not_there_or_empty(tmp_path: Path) -> None:
    with pytest.raises(CredentialsMissing, match="cannot be read"):
        from_file(tmp_path / "none")()
    (tmp_path / "empty").write_text("\n")
    with pytest.raises(CredentialsMissing, match="is empty"):
        from_file(tmp_path / "empty")()


def test_keys_with_a_prefix_are_the_only_ones_that_count() -> None:
    environ = {"ALIBABA_CLOUD_ACCESS_KEY_ID": "other", "ALIBABA_CLOUD_ACCESS_KEY_SECRET": "other"}
    with pytest.raises(CredentialsMissing, match="PROD_ALIBABA_CLOUD_ACCESS_KEY_SECRET"):
        EnvironmentKeys(environ, "PROD_").credential()
    own = {f"PROD_{name}": "own" for name in (*environ, "ALIBABA_CLOUD_SECURITY_TOKEN")}
    assert EnvironmentKeys({**environ, **own}, "PROD_").credential() == Credential("own", "own", "own")


def test_a_profile_that_is_not_there_says_how_to_make_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    with pytest.raises(CredentialsMissing, match="aliyun configure --profile none"):
        Profile("none").credential()
