from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING

import httpx
import pytest

from reconciler.acr.cr import Cr
from reconciler.acr.cr_personal import CrPersonal
from reconciler.acr.credentials import Credential, StaticCredential
from reconciler.acr.endpoint import Endpoint
from reconciler.acr.pace import Pace
from reconciler.acr.retry import Backoff
from reconciler.acr.surroundings import Surroundings
from reconciler.acr.transport import Transport, open_transport
from reconciler.live.port import ReadFailed
from reconciler.live.reader import CloudReader
from reconciler.live.recorded import RecordedSource
from reconciler.live.snapshot import dump, live_digest, parse
from reconciler.model.image import Digest, RepositoryName
from reconciler.model.live import Cause, Live, LiveEndpoint, LiveInstance, LiveVpcLink
from reconciler.model.scope import InstanceScope, ManifestQuery, PresenceQuery, Scope, TagQuery, TaskQuery
from reconciler.model.spec import AclEntry, Edition, Level
from reconciler.oci.client import Registry
from tests.unit.core.scene import personal_scope

if TYPE_CHECKING:
    from tests.unit.live.conftest import Reading

HUB = InstanceScope(
    "hub",
    "cn-hangzhou",
    "acme-hub",
    tag_repositories=frozenset({"apps/web"}),
    vpc_modules=frozenset({"registry"}),
    endpoint=True,
)
EU = InstanceScope("eu", "eu-central-1", "acme-eu", tag_namespaces=frozenset({"apps"}))
SCOPE = Scope(
    (HUB, EU),
    (personal_scope("cn-hangzhou", "apps", "absent"),),
)


def hub_repository(live: Live, path: str) -> RepositoryName:
    (hub,) = (instance for instance in live.instances if instance.name == "acme-hub")
    return RepositoryName(hub.registry, path)


def test_what_a_scope_asks_for_is_there_and_nothing_else(world: Reading) -> None:
    live = world.reader.listings(SCOPE)

    hub, eu = sorted(live.instances, key=lambda instance: instance.name, reverse=True)
    assert (hub.id, hub.edition, hub.status) == (world.cloud.instance_id("hub"), Edition.ADVANCED, "RUNNING")
    assert hub.registry == world.cloud.registries["instances.hub"]
    assert hub.endpoint == LiveEndpoint(True, "RUNNING", (AclEntry("203.0.113.0/24", "office"),))
    assert hub.vpc_links == (LiveVpcLink("vpc-1", "vsw-1", "registry", "RUNNING"),)
    assert [namespace.name for namespace in hub.namespaces] == ["apps", "other"]
    web, tool = hub.repositories
    assert (web.name, web.summary) == ("apps/web", "shop")
    assert web.tags is not None
    assert {tag.name: tag.digest for tag in web.tags} == {"multi": world.index, "v1": world.image}
    assert all(tag.pushed for tag in web.tags)
    assert tool.tags is None
    (rule,) = hub.sync_rules
    assert (rule.target_instance, rule.level, rule.namespace) == (eu.id, Level.NAMESPACE, "apps")

    assert eu.sync_rules == ()
    assert (eu.endpoint, eu.vpc_links) == (None, ())
    assert eu.registry == world.cloud.registries["instances.eu"]

    (personal,) = live.origins
    assert personal.registry == world.cloud.registries["personal.cn-hangzhou"]
    assert [namespace.name for namespace in personal.namespaces] == ["apps"]
    assert personal.names == ("apps", "mine")
    (old,) = personal.repositories
    assert (old.name, [tag.name for tag in old.tags or ()]) == ("apps/web", ["old"])


def test_what_does_not_exist_is_left_out_and_what_nobody_asked_for_is_named_alone(world: Reading) -> None:
    scope = Scope(
        (
            InstanceScope("x", "cn-hangzhou", "nobody"),
            InstanceScope("y", "cn-hangzhou", "acme-eu"),
            InstanceScope("z", "cn-hangzhou", "", id="cri-none"),
        ),
    )
    live = world.reader.listings(scope)
    assert replace(live, other_instances=()) == Live()
    (hub,) = live.other_instances
    assert (hub.name, hub.id, hub.namespaces) == ("acme-hub", world.cloud.instance_id("hub"), ())


def test_an_instance_is_found_by_id_and_read_once(world: Reading) -> None:
    by_id = InstanceScope("again", "cn-hangzhou", "other-name", id=world.cloud.instance_id("hub"), endpoint=True)
    plain = InstanceScope("hub", "cn-hangzhou", "acme-hub", tag_namespaces=frozenset({"other"}))
    before = world.transport.calls.get("ListNamespace", 0)

    (hub,) = world.reader.listings(Scope((plain, by_id))).instances

    assert world.transport.calls["ListNamespace"] == before + 1
    assert hub.endpoint is not None
    assert [repository.tags is not None for repository in hub.repositories] == [False, True]


def test_two_readings_are_alike(world: Reading) -> None:
    assert live_digest(world.reader.listings(SCOPE)) == live_digest(world.reader.listings(SCOPE))


def test_tags_are_listed_again_where_that_is_asked_for(world: Reading) -> None:
    listed = world.reader.listings(replace(SCOPE, instances=(replace(HUB, all_tags=True), EU)))
    emptied = replace(listed, instances=tuple(_without_tags(instance) for instance in listed.instances))
    hub, _ = sorted(emptied.instances, key=lambda instance: instance.name, reverse=True)

    live = world.reader.tags(emptied, [TagQuery(hub.id, "apps/web")])

    again = live.instance_by_id(hub.id)
    assert again is not None
    before = listed.instance_by_id(hub.id)
    assert before is not None
    assert again.repository("apps/web") == before.repository("apps/web")
    assert again.repository("other/tool") == hub.repository("other/tool")


def test_a_repository_that_was_deleted_before_its_tags_are_listed_again_is_not_an_empty_one(world: Reading) -> None:
    (hub,) = world.reader.listings(Scope((HUB,))).instances
    deleted = replace(hub, repositories=(replace(hub.repositories[0], id="crr-none"),))

    (again,) = world.reader.tags(Live((deleted,)), [TagQuery(hub.id, "apps/web")]).instances

    (repository,) = again.repositories
    assert repository.tags is None
    assert repository.unreadable is not None
    assert repository.unreadable.cause is Cause.GONE


def _without_tags(instance: LiveInstance) -> LiveInstance:
    return replace(instance, repositories=tuple(replace(r, tags=()) for r in instance.repositories))


def test_contents_hold_everything_below(world: Reading) -> None:
    listed = world.reader.listings(SCOPE)
    repository = hub_repository(listed, "apps/web")

    live = world.reader.contents(listed, [ManifestQuery(repository, world.index)])

    assert set(live.contents) == {world.index, world.image}
    assert [child.digest for child in live.contents[world.index].manifests] == [world.image]
    assert tuple(blob.digest for blob in live.contents[world.image].blobs) == world.blobs
    assert live.instances == listed.instances
    again = world.reader.contents(live, [ManifestQuery(repository, world.image)])
    assert again.contents == live.contents


def test_presence_tells_what_is_held(world: Reading) -> None:
    listed = world.reader.listings(SCOPE)
    web, tool = hub_repository(listed, "apps/web"), hub_repository(listed, "other/tool")
    absent = Digest("sha256:" + "00" * 32)

    live = world.reader.presence(
        listed,
        [PresenceQuery(web, (*world.blobs, absent), (world.image,)), PresenceQuery(tool, world.blobs, (world.image,))],
    )

    assert live.present == {web: frozenset({*world.blobs, world.image}), tool: frozenset()}


def test_a_recording_answers_the_same_questions(world: Reading) -> None:
    listed = world.reader.listings(SCOPE)
    repository = hub_repository(listed, "apps/web")
    wanted, held = [ManifestQuery(repository, world.index)], [PresenceQuery(repository, world.blobs)]
    live = world.reader.presence(world.reader.contents(listed, wanted), held)

    source = RecordedSource(parse(dump(live)))

    assert source.presence(source.contents(source.listings(SCOPE), wanted), held) == live


def test_a_recording_holds_no_login(world: Reading) -> None:
    live = world.reader.listings(SCOPE)
    login = world.logins(world.cloud.registries["instances.hub"])
    assert login is not None
    assert login.password not in str(dump(live))
    assert world.cloud.access_key[1] not in str(dump(live))


def test_a_missing_image_does_not_stop_the_others(world: Reading) -> None:
    listed = world.reader.listings(SCOPE)
    web = hub_repository(listed, "apps/web")
    missing = ManifestQuery(web, Digest("sha256:" + "00" * 32))
    live = world.reader.contents(listed, [missing, ManifestQuery(web, world.index)])
    assert {query: found.cause for query, found in live.unreadable.items()} == {missing: Cause.GONE}
    assert set(live.contents) == {world.index, world.image}

    again = parse(dump(live))
    assert again.unreadable == live.unreadable
    assert RecordedSource(again).contents(listed, [missing]).unreadable == live.unreadable
    assert world.reader.contents(live, [missing]).unreadable == live.unreadable


def test_an_instance_without_an_open_endpoint_has_no_content(world: Reading) -> None:
    query = PresenceQuery(RepositoryName("", "apps/web"), world.blobs)
    with pytest.raises(ReadFailed, match="no open endpoint"):
        world.reader.presence(Live(), [query])


def test_a_wrong_key_is_an_error_with_a_next_step(world: Reading) -> None:
    wrong = StaticCredential(Credential(world.cloud.access_key[0], "wrong"))
    transport = open_transport(Endpoint(world.cloud.endpoint), wrong)
    reader = CloudReader(Cr(transport), CrPersonal(transport), Surroundings.over(transport), no_registry)
    with pytest.raises(ReadFailed, match="region cn-hangzhou could not be read") as caught:
        reader.listings(Scope((HUB,)))
    transport.close()
    assert caught.value.hint == "check the access key id and its secret"


def no_registry(host: str) -> Registry:
    raise AssertionError(f"nobody asks for a registry here: {host}")


def refusing(action: str, code: str, status: int = 400) -> CloudReader:
    """A reader of an account with one empty instance, where one action is refused."""
    row = {"InstanceId": "cri-1", "InstanceName": "acme-hub", "InstanceStatus": "RUNNING", "RegionId": "cn-hangzhou"}

    def serve(request: httpx.Request) -> httpx.Response:
        asked = request.headers["x-acs-action"]
        if asked == action:
            return httpx.Response(status, json={"Code": code, "Message": "m", "RequestId": "R"})
        return httpx.Response(200, json={"IsSuccess": True, "Instances": [row] if asked == "ListInstance" else []})

    transport = Transport(
        httpx.Client(transport=httpx.MockTransport(serve)),
        StaticCredential(Credential("id", "secret")),
        pace=Pace(1000.0, 1000, sleep=lambda _seconds: None),
        backoff=Backoff(tries=1),
    )
    return CloudReader(Cr(transport), CrPersonal(transport), Surroundings.over(transport), no_registry)


@pytest.mark.parametrize(
    "action",
    [
        "ListInstance",
        "ListNamespace",
        "ListRepository",
        "ListRepoSyncRule",
        "GetInstanceEndpoint",
        "GetInstanceVpcEndpoint",
    ],
)
@pytest.mark.parametrize(
    ("code", "hint"),
    [
        ("NoPrivilege", "AliyunContainerRegistryReadOnlyAccess"),
        ("INSTANCE_STATUS_NOT_SUPPORT", "RUNNING"),
        ("INSTANCE_NOT_EXIST", "try again"),
        ("Throttling.User", "later"),
        ("ServiceUnavailable", "later"),
        ("InvalidSecurityToken.Expired", "expired"),
        ("MissingInstanceId", "--endpoint-url"),
    ],
)
def test_every_refused_call_fails_the_reading(action: str, code: str, hint: str) -> None:
    with pytest.raises(ReadFailed, match=code) as caught:
        refusing(action, code).listings(Scope((HUB,)))
    assert hint in caught.value.hint


def test_an_account_without_personal_edition_is_told_to_open_it() -> None:
    scope = Scope(origins=(personal_scope("cn-hangzhou", "apps"),))
    with pytest.raises(ReadFailed, match="namespace `apps` of Personal Edition in cn-hangzhou") as caught:
        refusing("GetNamespace", "USER_NOT_EXIST", 404).listings(scope)
    assert "open Personal Edition" in caught.value.hint


def test_hosts_are_learnt_before_they_are_needed(world: Reading) -> None:
    learnt: list[Live] = []
    unused: Callable[[str], Registry] = no_registry
    personal = CrPersonal(world.transport)
    live = CloudReader(
        world.cr, personal, Surroundings.over(world.transport), unused, workers=1, learn=learnt.append
    ).listings(SCOPE)
    assert learnt == [live]


def test_the_tasks_of_an_image_are_found(world: Reading) -> None:
    live = world.reader.listings(SCOPE)
    hub = world.cloud.instance_id("hub")
    queries = [TaskQuery("cn-hangzhou", hub, {"apps/web": frozenset({"v1"}), "other/tool": frozenset({"v1"})})]
    found = world.reader.tasks(live, queries)
    assert found.tasks is not None
    assert [(str(task.source), task.target.instance) for task in found.tasks] == [
        (f"{hub}/apps/web:v1", world.cloud.instance_id("eu"))
    ]
    assert world.reader.tasks(live, []).tasks == ()


def test_tasks_that_may_not_be_read_fail_the_reading() -> None:
    query = TaskQuery("cn-hangzhou", "cri-1", {"apps/web": frozenset({"v1"})})
    with pytest.raises(ReadFailed, match="the replication tasks of instance cri-1"):
        refusing("ListRepoSyncTask", "NoPermission").tasks(Live(), [query])
