"""The official Python SDK for Personal Edition against the local cloud.

Its typed methods drop the bodies of answers, so the generic call underneath them is used.
"""

from __future__ import annotations

import json

import httpx
import pytest
from alibabacloud_cr20160607.client import Client
from alibabacloud_tea_openapi.exceptions import ClientException
from alibabacloud_tea_openapi.models import Config, OpenApiRequest, Params
from darabonba.runtime import RuntimeOptions

from reconciler.emulator.server import LocalCloud
from tests.contract.operations.stage import push

pytestmark = pytest.mark.usefixtures("no_proxy")


@pytest.fixture
def sdk(cloud: LocalCloud) -> Client:
    key, secret = cloud.access_key
    endpoint = cloud.endpoint.removeprefix("http://")
    return Client(Config(access_key_id=key, access_key_secret=secret, endpoint=endpoint, protocol="HTTP"))


def call(
    sdk: Client, action: str, method: str, path: str, *, body: object = None, query: dict[str, str] | None = None
) -> object:
    params = Params(
        action=action,
        version="2016-06-07",
        protocol="HTTP",
        pathname=path,
        method=method,
        auth_type="AK",
        style="ROA",
        req_body_type="json",
        body_type="json",
    )
    answer = sdk.call_api(params, OpenApiRequest(body=body, query=query or {}), RuntimeOptions())
    return answer["body"].get("data", answer["body"])


def test_namespaces(sdk: Client) -> None:
    assert call(sdk, "GetNamespaceList", "GET", "/namespace") == {
        "namespaces": [{"namespace": "legacy", "authorizeType": "ADMIN", "namespaceStatus": "NORMAL"}]
    }
    call(sdk, "CreateNamespace", "PUT", "/namespace", body={"Namespace": {"Namespace": "team-a"}})
    settings = {"Namespace": {"AutoCreate": False, "DefaultVisibility": "PUBLIC"}}
    call(sdk, "UpdateNamespace", "POST", "/namespace/team-a", body=settings)
    assert call(sdk, "GetNamespace", "GET", "/namespace/team-a") == {
        "namespace": {
            "namespace": "team-a",
            "authorizeType": "ADMIN",
            "defaultVisibility": "PUBLIC",
            "autoCreate": False,
            "namespaceStatus": "NORMAL",
        }
    }
    call(sdk, "DeleteNamespace", "DELETE", "/namespace/team-a")
    with pytest.raises(ClientException) as gone:
        call(sdk, "GetNamespace", "GET", "/namespace/team-a")
    assert (gone.value.code, gone.value.status_code) == ("NAMESPACE_NOT_EXIST", 404)


def test_repositories(cloud: LocalCloud, sdk: Client) -> None:
    address = cloud.registries["personal.cn-hangzhou"]
    made = {
        "Repo": {"RepoNamespace": "legacy", "RepoName": "api", "RepoType": "PRIVATE", "Summary": "api", "Detail": "d"}
    }
    call(sdk, "CreateRepo", "PUT", "/repos", body=made)
    listing = call(sdk, "GetRepoList", "GET", "/repos", query={"Page": "1", "PageSize": "1"})
    assert isinstance(listing, dict)
    assert (listing["total"], listing["page"], [repo["repoName"] for repo in listing["repos"]]) == (2, 1, ["api"])
    listing = call(sdk, "GetRepoListByNamespace", "GET", "/repos/legacy", query={"Page": "2", "PageSize": "1"})
    assert isinstance(listing, dict)
    web = listing["repos"][0]
    assert (web["repoName"], web["repoType"], web["regionId"]) == ("web", "PUBLIC", "cn-hangzhou")
    assert web["repoDomainList"] == {"public": address, "internal": address, "vpc": address}
    one = call(sdk, "GetRepo", "GET", "/repos/legacy/api")
    assert isinstance(one, dict)
    assert (one["repo"]["summary"], one["repo"]["detail"]) == ("api", "d")
    with pytest.raises(ClientException) as full:
        call(sdk, "DeleteNamespace", "DELETE", "/namespace/legacy")
    assert full.value.status_code == 409
    call(sdk, "DeleteRepo", "DELETE", "/repos/legacy/api")
    with pytest.raises(ClientException) as gone:
        call(sdk, "GetRepo", "GET", "/repos/legacy/api")
    assert gone.value.code == "REPO_NOT_EXIST"


def test_tags(cloud: LocalCloud, sdk: Client) -> None:
    for tag in ("v1", "v2"):
        push(cloud, "personal.cn-hangzhou", "legacy/auto", tag)
    listing = call(sdk, "GetRepoTags", "GET", "/repos/legacy/auto/tags", query={"Page": "1", "PageSize": "100"})
    assert isinstance(listing, dict)
    assert (listing["total"], [tag["tag"] for tag in listing["tags"]]) == (2, ["v1", "v2"])
    assert set(listing["tags"][0]) == {
        "tag",
        "imageId",
        "digest",
        "imageSize",
        "imageCreate",
        "imageUpdate",
        "status",
    }
    assert listing["tags"][0]["imageUpdate"] < listing["tags"][1]["imageUpdate"]
    one = call(sdk, "GetRepoTag", "GET", "/repos/legacy/auto/tags/v2")
    assert isinstance(one, dict)
    assert one["digest"] == listing["tags"][1]["digest"]
    call(sdk, "DeleteImage", "DELETE", "/repos/legacy/auto/tags/v1")
    listing = call(sdk, "GetRepoTags", "GET", "/repos/legacy/auto/tags")
    assert isinstance(listing, dict)
    assert listing["total"] == 1


def test_temporary_login_opens_the_registry(cloud: LocalCloud, sdk: Client) -> None:
    token = call(sdk, "GetAuthorizationToken", "GET", "/tokens")
    assert isinstance(token, dict)
    login = (token["tempUserName"], token["authorizationToken"])
    url = f"http://{cloud.registries['personal.cn-hangzhou']}/auth/token"
    assert httpx.get(url, auth=login, trust_env=False).status_code == 200


def test_a_region_without_personal_edition_has_no_user(cloud: LocalCloud, sdk: Client) -> None:
    with pytest.raises(ClientException) as refused:
        call(sdk, "GetNamespaceList", "GET", "/namespace", query={"RegionId": "eu-central-1"})
    assert refused.value.code == "USER_NOT_EXIST"
    user = {"User": {"Password": "Passw0rd-for-tests"}}
    call(sdk, "CreateUserInfo", "PUT", "/users", body=user, query={"RegionId": "eu-central-1"})
    assert "personal.eu-central-1" in cloud.registries
    empty = call(sdk, "GetNamespaceList", "GET", "/namespace", query={"RegionId": "eu-central-1"})
    assert empty == {"namespaces": []}
    with pytest.raises(ClientException) as twice:
        call(sdk, "CreateUserInfo", "PUT", "/users", body=user, query={"RegionId": "eu-central-1"})
    assert twice.value.code == "ORDER.OPEND"


def test_body_that_makes_no_sense(sdk: Client) -> None:
    with pytest.raises(ClientException) as refused:
        call(sdk, "CreateNamespace", "PUT", "/namespace", body={"namespace": json.dumps("team-a")})
    assert refused.value.code == "REQUEST_BODY_FORMAT_INVALID"
