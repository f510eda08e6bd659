from __future__ import annotations

from collections.abc import Callable

import httpx
import pytest

from reconciler.acr.cr_personal import CrPersonal
from reconciler.acr.errors import AccessDenied, NotFound
from reconciler.acr.transport import ReadOnlyTransport, Transport
from reconciler.model.json_value import Json
from reconciler.model.live import LiveNamespace
from reconciler.model.spec import Visibility

Service = Callable[[httpx.Request], httpx.Response]
Connect = Callable[[Service], Transport]

R = "cn-hangzhou"
DIGEST = "sha256:" + "ab" * 32


def answering(data: Json) -> Service:
    return lambda _request: httpx.Response(200, json={"requestId": "r", "data": data})


def in_pages(key: str, items: list[dict[str, Json]], largest: int = 100) -> Service:
    def serve(request: httpx.Request) -> httpx.Response:
        number, size = int(request.url.params["Page"]), min(int(request.url.params["PageSize"]), largest)
        rows = items[(number - 1) * size : number * size]
        return answering({key: rows, "page": number, "pageSize": size, "total": len(items)})(request)

    return serve


def repository(name: str, **more: Json) -> dict[str, Json]:
    return {
        "repoId": 7,
        "repoNamespace": "apps",
        "repoName": name,
        "repoType": "PUBLIC",
        "repoStatus": "NORMAL",
        **more,
    }


def test_namespaces_come_without_pages_or_settings(connect: Connect) -> None:
    rows: list[Json] = [
        {"namespace": "web", "namespaceStatus": "NORMAL"},
        {"namespace": "apps"},
        {"namespace": "gone", "namespaceStatus": "DELETING"},
    ]
    personal = CrPersonal(ReadOnlyTransport(connect(answering({"namespaces": rows}))))
    assert personal.list_namespaces(R) == ("apps", "web")


def test_a_namespace_has_its_settings(connect: Connect) -> None:
    seen: list[httpx.Request] = []

    def serve(request: httpx.Request) -> httpx.Response:
        seen.append(request)
        item: Json = {"namespace": "apps", "defaultVisibility": "PUBLIC", "autoCreate": True}
        return answering({"namespace": item})(request)

    found = CrPersonal(ReadOnlyTransport(connect(serve))).get_namespace(R, "apps")

    assert found == LiveNamespace("apps", True, Visibility.PUBLIC)
    assert (seen[0].method, seen[0].url.path) == ("GET", "/namespace/apps")
    assert seen[0].headers["x-acs-version"] == "2016-06-07"


def test_repositories_know_their_host(connect: Connect) -> None:
    domains: Json = {"public": "crpi-1.cn-hangzhou.personal.cr.aliyuncs.com", "vpc": "crpi-1-vpc"}
    rows = [repository("web", summary="shop", repoDomainList=domains), repository("gone", repoStatus="DELETED")]
    found = CrPersonal(ReadOnlyTransport(connect(in_pages("repos", rows)))).list_repositories(R, "apps")
    assert [(r.domain, r.repository.id, r.repository.name, r.repository.summary) for r in found] == [
        ("crpi-1.cn-hangzhou.personal.cr.aliyuncs.com", "7", "apps/web", "shop")
    ]


def test_without_a_domain_of_its_own_the_host_is_the_shared_one(connect: Connect) -> None:
    (found,) = CrPersonal(connect(in_pages("repos", [repository("web")]))).list_repositories(R, "apps")
    assert found.domain == "registry.cn-hangzhou.aliyuncs.com"


@pytest.mark.parametrize("count", [0, 1, 100, 101, 230])
@pytest.mark.parametrize("largest", [30, 100])
def test_tags_are_read_to_the_end(connect: Connect, count: int, largest: int) -> None:
    rows: list[dict[str, Json]] = [
        {"tag": f"v{n:03}", "digest": DIGEST, "imageSize": 3, "imageUpdate": 1000 + n} for n in range(count)
    ]
    seen: list[httpx.Request] = []

    def serve(request: httpx.Request) -> httpx.Response:
        seen.append(request)
        return in_pages("tags", rows, largest)(request)

    found = CrPersonal(ReadOnlyTransport(connect(serve))).list_tags(R, "apps/web")

    assert [(t.name, t.digest, t.size, t.pushed) for t in found] == [
        (f"v{n:03}", DIGEST, 3, 1000 + n) for n in range(count)
    ]
    assert {request.url.path for request in seen} == {"/repos/apps/web/tags"}


def test_names_are_escaped_in_paths(connect: Connect) -> None:
    seen: list[httpx.Request] = []

    def serve(request: httpx.Request) -> httpx.Response:
        seen.append(request)
        return in_pages("repos", [])(request)

    CrPersonal(connect(serve)).list_repositories(R, "a/../b?c")
    assert seen[0].url.raw_path.startswith(b"/repos/a%2F..%2Fb%3Fc?")


def test_a_login(connect: Connect) -> None:
    data: Json = {"tempUserName": "user", "authorizationToken": "hush", "expireDate": 1571926439000}
    token = CrPersonal(ReadOnlyTransport(connect(answering(data)))).authorization_token(R)
    assert (token.username, token.password, token.expires) == ("user", "hush", 1571926439.0)


@pytest.mark.parametrize(("code", "kind"), [("NAMESPACE_NOT_EXIST", NotFound), ("USER_NOT_EXIST", AccessDenied)])
def test_an_account_without_personal_edition_is_no_missing_namespace(
    connect: Connect, code: str, kind: type[Exception]
) -> None:
    body = {"requestId": "r", "code": code, "message": "is not exist."}
    with pytest.raises(kind, match=code):
        CrPersonal(connect(lambda _request: httpx.Response(404, json=body))).get_namespace(R, "apps")
