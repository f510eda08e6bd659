"""What the service does not give of one thing among many is a fact in the live state; the others are read."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager

import httpx
import pytest
from jsonschema import Draft202012Validator

from reconciler.acr.cr import Cr
from reconciler.acr.cr_personal import CrPersonal
from reconciler.acr.credentials import Credential, StaticCredential
from reconciler.acr.pace import Pace
from reconciler.acr.retry import Backoff
from reconciler.acr.surroundings import Surroundings
from reconciler.acr.transport import Transport
from reconciler.live.port import ReadFailed
from reconciler.live.reader import CloudReader
from reconciler.live.recorded import RecordedSource
from reconciler.live.snapshot import dump, live_digest, parse
from reconciler.model.live import Cause, Live, LiveRepository, Unreadable
from reconciler.model.scope import InstanceScope, OriginScope, Scope
from reconciler.model.source import PersonalSource
from reconciler.oci.client import Registry
from reconciler.spec.schema import schema_text

REGION = "cn-hangzhou"
SOURCE = PersonalSource(REGION, ("apps", "secret"))
BUILT = InstanceScope("hub", REGION, "acme-hub", all_tags=True, all_builds=True)
SCOPE = Scope(
    (InstanceScope("hub", REGION, "acme-hub", all_tags=True),),
    (OriginScope(SOURCE, (SOURCE.filter,), built=(SOURCE.filter,)),),
)
DENIED = ("NoPermission", 403)
GONE = ("REPO_NOT_EXIST", 404)
_TAG = {"Tag": "v1", "Digest": "0" * 64, "ImageUpdate": "1", "ImageSize": 1}
_PERSONAL_TAG = {"tag": "v1", "digest": "0" * 64, "imageUpdate": 1, "imageSize": 1}

Refuse = Callable[[str, str], tuple[str, int] | None]
"""From an action and what it is about, the path or the repository's id, to a code and a status."""


def _answer(action: str, about: str) -> Mapping[str, object]:
    """An instance and Personal Edition, with the repositories `apps/web` and `secret/web` each."""
    names = ("apps", "secret")
    match action:
        case "ListInstance":
            row = {"InstanceId": "cri-1", "InstanceName": "acme-hub", "InstanceStatus": "RUNNING", "RegionId": REGION}
            return {"Instances": [row]}
        case "ListRepository":
            return {
                "Repositories": [
                    {"RepoId": f"crr-{name}", "RepoNamespaceName": name, "RepoName": "web", "RepoType": "PRIVATE"}
                    for name in names
                ]
            }
        case "ListRepoTag":
            return {"Images": [_TAG]}
        case "GetRepository":
            return {"RepoId": "crr-apps", "RepoNamespaceName": "apps", "RepoName": "web", "RepoType": "PRIVATE"}
        case "GetNamespace":
            return {"data": {"namespace": {"namespace": about.rsplit("/", 1)[1], "autoCreate": True}}}
        case "GetRepoListByNamespace":
            name = about.rsplit("/", 1)[1]
            found = {
                "repoId": name,
                "repoNamespace": name,
                "repoName": "web",
                "repoType": "PRIVATE",
                "repoDomainList": {"public": "personal.example"},
            }
            return {"data": {"repos": [found], "total": 1}}
        case "GetRepoTags":
            return {"data": {"tags": [_PERSONAL_TAG], "total": 1}}
        case "GetRepoBuildRuleList":
            return {"data": {"buildRules": []}}
        case "GetRepoSourceRepo":
            return {"data": {}}
        case _:
            return {}


@contextmanager
def _reader(refuse: Refuse) -> Iterator[CloudReader]:
    def serve(request: httpx.Request) -> httpx.Response:
        action = request.headers["x-acs-action"]
        about = request.url.params.get("RepoId") or request.url.path
        refusal = DENIED if action == "GetInstanceUsage" else refuse(action, about)
        if refusal is not None:
            # Another request id each time, as the service has it.
            body = {"Code": refusal[0], "Message": "not authorized", "RequestId": request.headers["x-acs-date"]}
            return httpx.Response(refusal[1], json=body | {key.lower(): value for key, value in body.items()})
        return httpx.Response(200, json={"IsSuccess": True, **_answer(action, about)})

    transport = Transport(
        httpx.Client(transport=httpx.MockTransport(serve)),
        StaticCredential(Credential("id", "secret")),
        pace=Pace(1000.0, 1000, sleep=lambda _seconds: None),
        backoff=Backoff(tries=1),
    )
    yield CloudReader(Cr(transport), CrPersonal(transport), Surroundings.over(transport), _no_registry)
    transport.close()


def _no_registry(host: str) -> Registry:
    raise AssertionError(f"nobody asks for a registry here: {host}")


def _listings(refuse: Refuse, scope: Scope = SCOPE) -> Live:
    with _reader(refuse) as reader:
        return reader.listings(scope)


def _refusing(refusal: tuple[str, int], *actions: str, about: str = "secret") -> Refuse:
    return lambda action, asked: refusal if action in actions and about in asked else None


def _by_name(live: Live) -> Mapping[str, LiveRepository]:
    (hub,) = live.instances
    return {repository.name: repository for repository in hub.repositories}


def _same_when_recorded(live: Live, scope: Scope = SCOPE) -> None:
    written = dump(live)
    Draft202012Validator(json.loads(schema_text("live.v1"))).validate(written)
    assert parse(written) == live
    assert RecordedSource(parse(written)).listings(scope).instances == live.instances


def test_a_reading_without_refusals_has_everything() -> None:
    live = _listings(lambda _action, _about: None)
    assert [repository.unreadable for repository in _by_name(live).values()] == [None, None]
    assert live.origins[0].unreadable == {}
    assert [namespace.name for namespace in live.origins[0].namespaces] == ["apps", "secret"]


@pytest.mark.parametrize("action", ["GetNamespace", "GetRepoListByNamespace"])
@pytest.mark.parametrize("code", ["NoPermission", "Forbidden.RAM", "NoPrivilege"])
def test_a_namespace_that_may_not_be_read_leaves_the_others(action: str, code: str) -> None:
    live = _listings(_refusing((code, 403), action))
    (origin,) = live.origins
    assert origin.unreadable == {"secret": Unreadable(Cause.DENIED, f"{code}: not authorized")}
    assert [namespace.name for namespace in origin.namespaces] == ["apps"]
    assert [(r.name, len(r.tags or ())) for r in origin.repositories] == [("apps/web", 1)]
    _same_when_recorded(live)


def test_a_namespace_that_goes_while_it_is_read_is_not_one_that_never_was() -> None:
    gone = _listings(_refusing(("NAMESPACE_NOT_EXIST", 404), "GetRepoListByNamespace"))
    assert gone.origins[0].unreadable["secret"].cause is Cause.GONE
    absent = _listings(_refusing(("NAMESPACE_NOT_EXIST", 404), "GetNamespace"))
    assert absent.origins[0].unreadable == {}
    assert [namespace.name for namespace in absent.origins[0].namespaces] == ["apps"]


def test_a_missing_namespace_is_told_without_the_list_of_those_that_are_there() -> None:
    def refuse(action: str, about: str) -> tuple[str, int] | None:
        closed = ("NoPermission", 403) if action == "GetNamespaceList" else None
        return closed or _refusing(("NAMESPACE_NOT_EXIST", 404), "GetNamespace")(action, about)

    (origin,) = _listings(refuse).origins
    assert (origin.names, origin.unreadable) == (None, {})
    assert [namespace.name for namespace in origin.namespaces] == ["apps"]


@pytest.mark.parametrize(("refusal", "cause"), [(DENIED, Cause.DENIED), (GONE, Cause.GONE)])
def test_a_repository_of_an_instance_whose_tags_cannot_be_listed_leaves_the_others(
    refusal: tuple[str, int], cause: Cause
) -> None:
    live = _listings(_refusing(refusal, "ListRepoTag"))
    found = _by_name(live)
    assert found["secret/web"].tags is None
    assert found["secret/web"].unreadable == Unreadable(cause, f"{refusal[0]}: not authorized")
    assert found["apps/web"].unreadable is None
    assert len(found["apps/web"].tags or ()) == 1
    _same_when_recorded(live)


@pytest.mark.parametrize("refusal", [DENIED, GONE])
def test_what_a_repository_is_built_from_is_not_known_where_its_tags_are_not(refusal: tuple[str, int]) -> None:
    scope = Scope((BUILT,), SCOPE.origins)
    actions = ("ListRepoTag", "ListRepoBuildRule", "GetRepoTags", "GetRepoBuildRuleList")
    live = _listings(_refusing(refusal, *actions), scope)
    for repository in (_by_name(live)["secret/web"], live.origins[0].repositories[1]):
        assert (repository.name, repository.tags, repository.builds) == ("secret/web", None, None)
        assert repository.unreadable is not None
    assert _by_name(live)["apps/web"].builds is not None
    _same_when_recorded(live, scope)


def test_settings_of_a_repository_whose_tags_are_known_have_to_be_told() -> None:
    with pytest.raises(ReadFailed, match="the settings of `secret/web` in instance `acme-hub`"):
        _listings(_refusing(DENIED, "ListRepoBuildRule"), Scope((BUILT,)))
    gone = _by_name(_listings(_refusing(GONE, "ListRepoBuildRule"), Scope((BUILT,))))["secret/web"]
    assert (gone.tags, gone.unreadable) == (None, Unreadable(Cause.GONE, "REPO_NOT_EXIST: not authorized"))


def test_an_instance_that_goes_while_it_is_read_fails_the_reading() -> None:
    with pytest.raises(ReadFailed, match="INSTANCE_NOT_EXIST"):
        _listings(_refusing(("INSTANCE_NOT_EXIST", 404), "ListRepoTag"))


@pytest.mark.parametrize("action", ["ListRepoTag", "GetNamespace", "GetRepoListByNamespace", "GetRepoTags"])
@pytest.mark.parametrize(
    ("code", "hint"),
    [
        ("InvalidAccessKeyId.Inactive", "access key id"),
        ("SignatureDoesNotMatch", "secret"),
        ("InvalidSecurityToken.Expired", "expired"),
        ("USER_NOT_EXIST", "open Personal Edition"),
        ("ServiceUnavailable", "later"),
        ("Throttling.User", "later"),
    ],
)
def test_what_is_wrong_with_more_than_the_one_thing_fails_the_reading(action: str, code: str, hint: str) -> None:
    with pytest.raises(ReadFailed, match=code) as caught:
        _listings(_refusing((code, 400), action))
    assert hint in caught.value.hint


def test_two_readings_that_were_refused_alike_are_alike() -> None:
    refuse = _refusing(DENIED, "ListRepoTag", "GetNamespace")
    assert live_digest(_listings(refuse)) == live_digest(_listings(refuse))
    assert live_digest(_listings(refuse)) != live_digest(_listings(lambda _action, _about: None))
