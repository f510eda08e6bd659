from __future__ import annotations

import http.client
from collections.abc import Callable

import httpx
import pytest

from reconciler.emulator.policy import Policy
from reconciler.emulator.server import LocalCloud
from reconciler.model.spec import Desired

Connect = Callable[[LocalCloud, str, str], httpx.Client]
Push = Callable[[httpx.Client, str, str, bytes], str]


@pytest.fixture
def hub(cloud: LocalCloud, registry: Connect) -> httpx.Client:
    return registry(cloud, "instances.hub", "repository:apps/web:pull,push repository:apps/open:pull,push")


def anonymous(cloud: LocalCloud, scope: str) -> httpx.Client:
    base = f"http://{cloud.registries['instances.hub']}"
    token = httpx.get(f"{base}/auth/token", params={"scope": scope}, trust_env=False).json()["token"]
    return httpx.Client(base_url=base, headers={"Authorization": f"Bearer {token}"}, trust_env=False)


def test_challenge_names_realm_service_and_scope(cloud: LocalCloud) -> None:
    address = cloud.registries["instances.hub"]
    answer = httpx.get(f"http://{address}/v2/apps/web/manifests/v1", trust_env=False)
    assert answer.status_code == 401
    assert answer.headers["www-authenticate"] == (
        f'Bearer realm="http://{address}/auth/token",'
        f'service="registry.aliyuncs.com:cn-hangzhou:26842:{cloud.instance_id("hub")}",'
        'scope="repository:apps/web:pull"'
    )


@pytest.mark.parametrize("login", [("emulator", "wrong"), ("nobody", "emulator-secret"), ("cr_temp_user", "made up")])
def test_wrong_login_gets_no_token(cloud: LocalCloud, login: tuple[str, str]) -> None:
    url = f"http://{cloud.registries['instances.hub']}/auth/token"
    assert httpx.get(url, auth=login, trust_env=False).status_code == 401


def test_token_opens_its_scope_only(cloud: LocalCloud, hub: httpx.Client, registry: Connect, push: Push) -> None:
    push(hub, "apps/web", "v1", b"layer")
    reader = registry(cloud, "instances.hub", "repository:apps/web:pull")
    assert reader.get("/v2/apps/web/manifests/v1").status_code == 200
    assert reader.post("/v2/apps/web/blobs/uploads/").status_code == 401
    assert reader.get("/v2/apps/open/tags/list").status_code == 401


def test_token_of_another_registry_opens_nothing(cloud: LocalCloud, hub: httpx.Client) -> None:
    elsewhere = f"http://{cloud.registries['instances.eu']}/v2/"
    answer = httpx.get(elsewhere, headers={"Authorization": hub.headers["authorization"]}, trust_env=False)
    assert answer.status_code == 401


def test_tokens_expire(seed: Desired, registry: Connect) -> None:
    with LocalCloud.start(seed, policy=Policy(token_seconds=0.0)) as cloud:
        client = registry(cloud, "instances.hub", "repository:apps/open:pull")
        assert client.get("/v2/apps/open/tags/list").status_code == 401


def test_anybody_pulls_from_public_repositories(cloud: LocalCloud, hub: httpx.Client, push: Push) -> None:
    push(hub, "apps/open", "v1", b"layer")
    push(hub, "apps/web", "v1", b"layer")
    with anonymous(cloud, "repository:apps/open:pull,push") as client:
        assert client.get("/v2/apps/open/manifests/v1").status_code == 200
        assert client.post("/v2/apps/open/blobs/uploads/").status_code == 401
    with anonymous(cloud, "repository:apps/web:pull") as client:
        assert client.get("/v2/apps/web/manifests/v1").status_code == 401


@pytest.mark.parametrize("path", ["closed/web", "nowhere/web"])
def test_push_creates_repositories_only_where_the_namespace_does(
    cloud: LocalCloud, registry: Connect, path: str
) -> None:
    client = registry(cloud, "instances.hub", f"repository:{path}:pull,push")
    answer = client.post(f"/v2/{path}/blobs/uploads/")
    assert (answer.status_code, answer.json()["errors"][0]["code"]) == (403, "DENIED")


def test_unknown_repository_is_named_so(cloud: LocalCloud, registry: Connect) -> None:
    client = registry(cloud, "instances.hub", "repository:apps/none:pull")
    answer = client.get("/v2/apps/none/tags/list")
    assert (answer.status_code, answer.json()["errors"][0]["code"]) == (404, "NAME_UNKNOWN")


def test_requests_are_counted(cloud: LocalCloud, hub: httpx.Client, push: Push) -> None:
    push(hub, "apps/web", "v1", b"layer")
    assert cloud.request_counts()["instances.hub"] == {"GET token": 1, "POST upload start": 2, "PUT manifest": 1}


@pytest.mark.parametrize("path", ["apps/../../hub", "apps/%2e%2e/web", "apps//web", "Apps/web"])
def test_paths_that_no_repository_has(cloud: LocalCloud, registry: Connect, path: str) -> None:
    client = registry(cloud, "instances.hub", f"repository:{path}:pull,push")
    host, _, port = cloud.registries["instances.hub"].partition(":")
    connection = http.client.HTTPConnection(host, int(port))  # httpx would tidy the path up
    connection.request("POST", f"/v2/{path}/blobs/uploads/", headers={"Authorization": client.headers["authorization"]})
    assert connection.getresponse().status == 404
    connection.close()


def test_star_opens_everything(cloud: LocalCloud, hub: httpx.Client, registry: Connect, push: Push) -> None:
    push(hub, "apps/web", "v1", b"layer")
    client = registry(cloud, "instances.hub", "repository:apps/web:*")
    assert client.delete("/v2/apps/web/manifests/v1").status_code == 202
