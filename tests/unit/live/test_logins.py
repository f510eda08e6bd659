from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest

from reconciler.acr.cr import Cr
from reconciler.acr.cr_personal import CrPersonal
from reconciler.acr.credentials import Credential, StaticCredential
from reconciler.acr.pace import Pace
from reconciler.acr.retry import Backoff
from reconciler.acr.transport import Transport
from reconciler.live.logins import SPARE_SECONDS, CloudLogins
from reconciler.model.live import Live, LiveInstance
from reconciler.oci.errors import RegistryBusy, RegistryDenied, RegistryError, RegistryUnreachable
from reconciler.oci.login import Login
from tests.unit.core.scene import personal_edition

LIVE = Live(
    (
        LiveInstance("cri-1", "hub", "cn-hangzhou", None, "RUNNING", registry="hub.example.com"),
        LiveInstance("cri-2", "closed", "cn-hangzhou", None, "RUNNING"),
    ),
    (personal_edition("cn-shanghai", "registry.example.com"),),
)
Build = Callable[[Callable[[httpx.Request], httpx.Response]], CloudLogins]


@pytest.fixture
def clock() -> list[float]:
    return [1000.0]


@pytest.fixture
def logins(clock: list[float]) -> Iterator[Build]:
    clients: list[httpx.Client] = []

    def build(serve: Callable[[httpx.Request], httpx.Response]) -> CloudLogins:
        clients.append(httpx.Client(transport=httpx.MockTransport(serve)))
        transport = Transport(
            clients[-1],
            StaticCredential(Credential("id", "secret")),
            pace=Pace(1000.0, 1000, sleep=lambda _seconds: None),
            backoff=Backoff(tries=1, unreachable_tries=1),
        )
        made = CloudLogins(
            Cr(transport),
            CrPersonal(transport),
            fallback=lambda host: Login("docker", host) if host == "other.example.com" else None,
            clock=lambda: clock[0],
        )
        made.learn(LIVE)
        return made

    yield build
    for client in clients:
        client.close()


class Tokens:
    """Gives out numbered tokens that live for an hour."""

    def __init__(self, clock: list[float]) -> None:
        self._clock = clock
        self.asked: list[str] = []

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.asked.append(request.url.params.get("InstanceId", request.headers["x-acs-region-id"]))
        token, ends = f"token-{len(self.asked)}", int((self._clock[0] + 3600) * 1000)
        if request.headers["x-acs-version"] == "2016-06-07":
            data = {"tempUserName": "personal", "authorizationToken": token, "expireDate": ends}
            return httpx.Response(200, json={"data": data})
        body = {"IsSuccess": True, "TempUsername": "enterprise", "AuthorizationToken": token, "ExpireTime": ends}
        return httpx.Response(200, json=body)


def test_each_host_gets_the_login_of_its_own_registry(logins: Build, clock: list[float]) -> None:
    tokens = Tokens(clock)
    source = logins(tokens)
    assert source("hub.example.com") == Login("enterprise", "token-1", 4600.0)
    assert source("registry.example.com") == Login("personal", "token-2", 4600.0)
    assert tokens.asked == ["cri-1", "cn-shanghai"]


def test_other_hosts_are_none_of_the_clouds_business(logins: Build, clock: list[float]) -> None:
    tokens = Tokens(clock)
    source = logins(tokens)
    assert source("other.example.com") == Login("docker", "other.example.com")
    assert source("stranger.example.com") is None
    assert source("") is None
    assert tokens.asked == []


def test_a_login_is_kept_until_shortly_before_it_ends(logins: Build, clock: list[float]) -> None:
    source = logins(Tokens(clock))
    first = source("hub.example.com")
    source_again = (source("hub.example.com"), source("hub.example.com"))
    assert source_again == (first, first)
    clock[0] += 3600 - SPARE_SECONDS - 1
    assert source("hub.example.com") == first
    clock[0] += 1
    second = source("hub.example.com")
    assert second is not None
    assert second.password == "token-2"


def test_learning_again_keeps_logins(logins: Build, clock: list[float]) -> None:
    tokens = Tokens(clock)
    source = logins(tokens)
    first = source("hub.example.com")
    source.learn(LIVE)
    assert source("hub.example.com") == first
    assert len(tokens.asked) == 1


def test_threads_share_one_fetch(logins: Build, clock: list[float]) -> None:
    tokens = Tokens(clock)
    source = logins(tokens)
    with ThreadPoolExecutor(8) as pool:
        found = set(pool.map(source, ["hub.example.com"] * 40))
    assert len(found) == 1
    assert tokens.asked == ["cri-1"]


@pytest.mark.parametrize(
    ("code", "status", "kind"),
    [
        ("NoPrivilege", 403, RegistryDenied),
        ("INSTANCE_NOT_EXIST", 404, RegistryDenied),
        ("Throttling", 429, RegistryBusy),
        ("SystemError", 500, RegistryBusy),
    ],
)
def test_a_refused_login_is_the_registrys_error(
    logins: Build, code: str, status: int, kind: type[RegistryError]
) -> None:
    source = logins(lambda _request: httpx.Response(status, json={"Code": code, "Message": "m"}))
    with pytest.raises(kind, match=f"hub.example.com: .*{code}"):
        source("hub.example.com")


def test_an_unreachable_service_is_the_registrys_error(logins: Build) -> None:
    def cut(_request: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError("no route")

    with pytest.raises(RegistryUnreachable, match="no route"):
        logins(cut)("hub.example.com")
