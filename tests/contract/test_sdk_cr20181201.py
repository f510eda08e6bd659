"""The official Python SDK for Enterprise Edition, unmodified, against the local cloud."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import Protocol

import httpx
import pytest
from alibabacloud_cr20181201 import models
from alibabacloud_cr20181201.client import Client
from alibabacloud_tea_openapi.exceptions import ClientException
from alibabacloud_tea_openapi.models import Config, OpenApiRequest, Params
from darabonba.runtime import RuntimeOptions

from reconciler.emulator.faults import TaskFault
from reconciler.emulator.policy import EDITION_QUOTAS, Policy, Quota
from reconciler.emulator.server import LocalCloud
from reconciler.emulator.sync_rule import Laws
from reconciler.model.spec import Desired, Edition, SamePair
from tests.contract.operations.stage import push

pytestmark = pytest.mark.usefixtures("no_proxy")


def client(cloud: LocalCloud, *, secret: str = "", algorithm: str | None = None, region: str = "cn-hangzhou") -> Client:
    key, known = cloud.access_key
    return Client(
        Config(
            access_key_id=key,
            access_key_secret=secret or known,
            region_id=region,
            endpoint=cloud.endpoint.removeprefix("http://"),
            protocol="HTTP",
            signature_algorithm=algorithm,
        )
    )


@pytest.fixture
def sdk(cloud: LocalCloud) -> Client:
    return client(cloud)


class Status(Protocol):
    def __call__(self) -> str: ...


@pytest.fixture
def eventually() -> Callable[[Status, str], None]:
    """Polls until an asynchronous operation of the cloud is where it should be."""

    def wait(status: Status, wanted: str) -> None:
        deadline = time.monotonic() + 20
        while (seen := status()) != wanted:
            assert time.monotonic() < deadline, f"still {seen}, waiting for {wanted}"
            time.sleep(0.02)

    return wait


def namespaces(sdk: Client, instance: str) -> list[str]:
    body = sdk.list_namespace(models.ListNamespaceRequest(instance_id=instance)).body
    return [namespace.namespace_name for namespace in body.namespaces]


def rule_request(cloud: LocalCloud, **changes: str) -> models.CreateRepoSyncRuleRequest:
    return models.CreateRepoSyncRuleRequest(
        **{
            "instance_id": cloud.instance_id("hub"),
            "sync_rule_name": "東京 rule*1~",
            "sync_scope": "NAMESPACE",
            "sync_trigger": "PASSIVE",
            "namespace_name": "apps",
            "target_namespace_name": "apps",
            "tag_filter": "^release-v.*$",
            "target_instance_id": cloud.instance_id("eu"),
            "target_region_id": "eu-central-1",
            **changes,
        }
    )


def test_lists_instances(cloud: LocalCloud, sdk: Client) -> None:
    body = sdk.list_instance(models.ListInstanceRequest(page_no=1, page_size=2)).body
    assert [i.instance_name for i in body.instances] == ["acme-hub", "acme-eu"]
    assert (body.total_count, body.page_size) == (3, 2)
    assert isinstance(body.instances[0].create_time, str)
    one = sdk.get_instance(models.GetInstanceRequest(instance_id=cloud.instance_id("hub"))).body
    assert (one.instance_specification, one.instance_status) == ("Enterprise_Advanced", "RUNNING")
    assert isinstance(one.create_time, int)
    second = sdk.list_instance(models.ListInstanceRequest(page_no=2, page_size=2)).body
    assert [i.instance_name for i in second.instances] == ["acme-us"]


def test_namespace_from_creation_to_deletion(
    cloud: LocalCloud, sdk: Client, eventually: Callable[[Status, str], None]
) -> None:
    hub = cloud.instance_id("hub")
    sdk.create_namespace(
        models.CreateNamespaceRequest(
            instance_id=hub,
            namespace_name="team-a",
            auto_create_repo=True,
            default_repo_configuration=models.RepoConfiguration(repo_type="PUBLIC", tag_immutability=True),
        )
    )
    found = sdk.get_namespace(models.GetNamespaceRequest(instance_id=hub, namespace_name="team-a")).body
    assert (found.auto_create_repo, found.default_repo_type) == (True, "PUBLIC")
    assert found.default_repo_configuration.tag_immutability is True
    sdk.update_namespace(
        models.UpdateNamespaceRequest(
            instance_id=hub, namespace_name="team-a", auto_create_repo=False, default_repo_type="PRIVATE"
        )
    )
    found = sdk.get_namespace(models.GetNamespaceRequest(instance_id=hub, namespace_name="team-a")).body
    assert (found.auto_create_repo, found.default_repo_type) == (False, "PRIVATE")
    again = sdk.create_namespace(models.CreateNamespaceRequest(instance_id=hub, namespace_name="team-a")).body
    assert (again.is_success, again.code) == (False, "NAMESPACE_ALREADY_EXIST")
    sdk.delete_namespace(models.DeleteNamespaceRequest(instance_id=hub, namespace_name="team-a"))
    eventually(lambda: ",".join(namespaces(sdk, hub)), "apps")
    gone = sdk.get_namespace(models.GetNamespaceRequest(instance_id=hub, namespace_name="team-a")).body
    assert (gone.is_success, gone.code) == (False, "NAMESPACE_NOT_EXIST")


def test_namespaces_are_paged_with_a_text_total(seed: Desired) -> None:
    with LocalCloud.start(seed) as cloud:
        sdk, hub = client(cloud), cloud.instance_id("hub")
        for number in range(6):
            sdk.create_namespace(models.CreateNamespaceRequest(instance_id=hub, namespace_name=f"team-{number}"))
        pages = [
            sdk.list_namespace(models.ListNamespaceRequest(instance_id=hub, page_no=no, page_size=3)).body
            for no in (1, 2, 3, 4)
        ]
        assert [len(page.namespaces) for page in pages] == [3, 3, 1, 0]
        assert {page.total_count for page in pages} == {"7"}
        huge = sdk.list_namespace(models.ListNamespaceRequest(instance_id=hub, page_size=5000)).body
        assert huge.page_size == 100


def test_quota_of_the_edition(cloud: LocalCloud, sdk: Client) -> None:
    eu = cloud.instance_id("eu")
    answers = [
        sdk.create_namespace(models.CreateNamespaceRequest(instance_id=eu, namespace_name=f"team-{n}")).body.code
        for n in range(15)
    ]
    assert answers == ["success"] * 14 + ["NAMESPACE_QUOTA_EXCEEDED"]
    usage = sdk.get_instance_usage(models.GetInstanceUsageRequest(instance_id=eu)).body
    assert (usage.namespace_quota, usage.namespace_usage) == ("15", "15")


def test_repository_from_creation_to_deletion(
    cloud: LocalCloud, sdk: Client, eventually: Callable[[Status, str], None]
) -> None:
    hub = cloud.instance_id("hub")
    with pytest.raises(ClientException) as missing:
        sdk.create_repository(
            models.CreateRepositoryRequest(
                instance_id=hub, repo_namespace_name="apps", repo_name="api", repo_type="PRIVATE"
            )
        )
    assert (missing.value.code, missing.value.status_code) == ("MissingSummary", 400)
    made = sdk.create_repository(
        models.CreateRepositoryRequest(
            instance_id=hub, repo_namespace_name="apps", repo_name="api", repo_type="PRIVATE", summary="api"
        )
    ).body
    assert made.repo_id.startswith("crr-")
    sdk.update_repository(
        models.UpdateRepositoryRequest(
            instance_id=hub, repo_id=made.repo_id, repo_type="PUBLIC", summary="the api", tag_immutability=True
        )
    )
    found = sdk.get_repository(
        models.GetRepositoryRequest(instance_id=hub, repo_namespace_name="apps", repo_name="api")
    ).body
    assert (found.repo_type, found.summary, found.tag_immutability) == ("PUBLIC", "the api", True)
    full = sdk.delete_namespace(models.DeleteNamespaceRequest(instance_id=hub, namespace_name="apps")).body
    assert full.is_success is False
    sdk.delete_repository(models.DeleteRepositoryRequest(instance_id=hub, repo_id=made.repo_id))

    def names() -> str:
        listing = sdk.list_repository(models.ListRepositoryRequest(instance_id=hub, repo_status="ALL")).body
        return ",".join(repository.repo_name for repository in listing.repositories)

    eventually(names, "web")
    gone = sdk.get_repository(models.GetRepositoryRequest(instance_id=hub, repo_id=made.repo_id)).body
    assert gone.code == "REPO_NOT_EXIST"


def test_tags(cloud: LocalCloud, sdk: Client) -> None:
    hub = cloud.instance_id("hub")
    digests = [push(cloud, "instances.hub", "apps/web", tag) for tag in ("v1", "v2", "v3")]
    repository = sdk.get_repository(
        models.GetRepositoryRequest(instance_id=hub, repo_namespace_name="apps", repo_name="web")
    ).body.repo_id
    listing = sdk.list_repo_tag(models.ListRepoTagRequest(instance_id=hub, repo_id=repository, page_size=2)).body
    assert ([image.tag for image in listing.images], listing.total_count) == (["v1", "v2"], "3")
    assert [f"sha256:{image.digest}" for image in listing.images] == digests[:2]
    assert int(listing.images[0].image_update) < int(listing.images[1].image_update)
    part = sdk.list_repo_tag(models.ListRepoTagRequest(instance_id=hub, repo_id=repository, max_results=2)).body
    rest = sdk.list_repo_tag(
        models.ListRepoTagRequest(instance_id=hub, repo_id=repository, max_results=2, next_token=part.next_token)
    ).body
    assert ([image.tag for image in rest.images], rest.next_token) == (["v3"], None)
    sdk.create_repo_tag(
        models.CreateRepoTagRequest(
            instance_id=hub, namespace_name="apps", repo_name="web", from_tag="v1", to_tag="stable"
        )
    )
    one = sdk.get_repo_tag(models.GetRepoTagRequest(instance_id=hub, repo_id=repository, tag="stable")).body
    assert (f"sha256:{one.digest}", type(one.image_update)) == (digests[0], int)
    with pytest.raises(ClientException, match="not the name of a tag"):
        sdk.create_repo_tag(
            models.CreateRepoTagRequest(
                instance_id=hub, namespace_name="apps", repo_name="web", from_tag="v1", to_tag="../../v1"
            )
        )
    sdk.delete_repo_tag(models.DeleteRepoTagRequest(instance_id=hub, repo_id=repository, tag="v1"))
    gone = sdk.get_repo_tag(models.GetRepoTagRequest(instance_id=hub, repo_id=repository, tag="v1")).body
    assert gone.is_success is False


def test_vpc_link_comes_up_and_goes(cloud: LocalCloud, sdk: Client, eventually: Callable[[Status, str], None]) -> None:
    hub = cloud.instance_id("hub")
    link = {"instance_id": hub, "vpc_id": "vpc-1", "vswitch_id": "vsw-1", "module_name": "Registry"}

    def statuses() -> str:
        body = sdk.get_instance_vpc_endpoint(
            models.GetInstanceVpcEndpointRequest(instance_id=hub, module_name="Registry")
        ).body
        assert body.domains == [cloud.registries["instances.hub"]]
        return ",".join(linked.status for linked in body.linked_vpcs)

    sdk.create_instance_vpc_endpoint_linked_vpc(
        models.CreateInstanceVpcEndpointLinkedVpcRequest(**link, enable_create_dnsrecord_in_pvzt=True)
    )
    eventually(statuses, "RUNNING")
    sdk.delete_instance_vpc_endpoint_linked_vpc(models.DeleteInstanceVpcEndpointLinkedVpcRequest(**link))
    eventually(statuses, "")
    again = sdk.delete_instance_vpc_endpoint_linked_vpc(models.DeleteInstanceVpcEndpointLinkedVpcRequest(**link)).body
    assert again.code == "INSTANCE_ACCESS_NOT_EXIST"


def test_entries_sent_too_early_are_lost(seed: Desired, eventually: Callable[[Status, str], None]) -> None:
    with LocalCloud.start(seed, speed=20) as cloud:
        sdk, hub = client(cloud), cloud.instance_id("hub")

        def toggle(enable: bool) -> None:
            sdk.update_instance_endpoint_status(
                models.UpdateInstanceEndpointStatusRequest(instance_id=hub, endpoint_type="internet", enable=enable)
            )

        def endpoint() -> models.GetInstanceEndpointResponseBody:
            request = models.GetInstanceEndpointRequest(instance_id=hub, endpoint_type="Internet")
            return sdk.get_instance_endpoint(request).body

        def allow(*cidrs: str) -> None:
            entries = [models.AccessControlEntry(entry=cidr, comment="office") for cidr in cidrs]
            sdk.create_instance_endpoint_acl_policy(
                models.CreateInstanceEndpointAclPolicyRequest(
                    instance_id=hub, endpoint_type="internet", entries=entries
                )
            )

        toggle(False)
        off = endpoint()
        assert (off.enable, off.status, off.domains) == (False, None, [])
        toggle(True)
        allow("203.0.113.0/24")
        eventually(lambda: endpoint().status, "RUNNING")
        assert [entry.entry for entry in endpoint().acl_entries] == ["127.0.0.1/32"]
        allow("203.0.113.0/24", "198.51.100.0/24")
        assert {entry.entry for entry in endpoint().acl_entries} == {
            "127.0.0.1/32",
            "203.0.113.0/24",
            "198.51.100.0/24",
        }


def test_pushes_after_the_rule_reach_the_target_and_earlier_ones_do_not(
    cloud: LocalCloud, sdk: Client, eventually: Callable[[Status, str], None]
) -> None:
    hub, eu = cloud.instance_id("hub"), cloud.instance_id("eu")
    push(cloud, "instances.hub", "apps/web", "release-v1")
    made = sdk.create_repo_sync_rule(rule_request(cloud)).body
    assert made.sync_rule_id.startswith("crsr-")
    digest = push(cloud, "instances.hub", "apps/web", "release-v2")
    push(cloud, "instances.hub", "apps/web", "nightly")

    def tasks() -> list[models.ListRepoSyncTaskResponseBodySyncTasks]:
        listing: list[models.ListRepoSyncTaskResponseBodySyncTasks] = sdk.list_repo_sync_task(
            models.ListRepoSyncTaskRequest(instance_id=hub)
        ).body.sync_tasks
        return listing

    eventually(lambda: ",".join(f"{t.image_from.image_tag} {t.task_status}" for t in tasks()), "release-v2 SUCCESS")
    task = sdk.get_repo_sync_task(
        models.GetRepoSyncTaskRequest(instance_id=hub, sync_task_id=tasks()[0].sync_task_id)
    ).body
    assert (task.sync_rule_id, task.progress, task.synced_size) == (made.sync_rule_id, 1, 2)
    assert [layer.task_status for layer in task.layer_tasks] == ["SUCCESS"]
    repository = sdk.get_repository(
        models.GetRepositoryRequest(instance_id=eu, repo_namespace_name="apps", repo_name="web")
    ).body.repo_id
    images = sdk.list_repo_tag(models.ListRepoTagRequest(instance_id=eu, repo_id=repository)).body.images
    assert [(image.tag, f"sha256:{image.digest}") for image in images] == [("release-v2", digest)]


def test_rules_are_listed_from_both_sides(cloud: LocalCloud, sdk: Client) -> None:
    hub, eu = cloud.instance_id("hub"), cloud.instance_id("eu")
    made = sdk.create_repo_sync_rule(rule_request(cloud)).body.sync_rule_id
    directions = [
        [
            (rule.sync_direction, rule.local_instance_id, rule.cross_user, rule.sync_rule_name)
            for rule in sdk.list_repo_sync_rule(models.ListRepoSyncRuleRequest(instance_id=side)).body.sync_rules
        ]
        for side in (hub, eu)
    ]
    assert directions == [[("FROM", hub, False, "東京 rule*1~")], [("TO", hub, False, "東京 rule*1~")]]
    refused = sdk.delete_repo_sync_rule(models.DeleteRepoSyncRuleRequest(instance_id=eu, sync_rule_id=made)).body
    assert refused.is_success is False
    sdk.delete_repo_sync_rule(models.DeleteRepoSyncRuleRequest(instance_id=hub, sync_rule_id=made))
    assert sdk.list_repo_sync_rule(models.ListRepoSyncRuleRequest(instance_id=hub)).body.total_count == 0


def test_an_instance_of_another_account_is_a_target_and_nothing_else(
    seed: Desired, eventually: Callable[[Status, str], None]
) -> None:
    with LocalCloud.start(seed, speed=200, owners={"eu": "42"}) as cloud:
        sdk, hub, eu = client(cloud), cloud.instance_id("hub"), cloud.instance_id("eu")
        listed = sdk.list_instance(models.ListInstanceRequest()).body.instances
        assert [instance.instance_name for instance in listed] == ["acme-hub", "acme-us"]
        assert sdk.list_namespace(models.ListNamespaceRequest(instance_id=eu)).body.code == "INSTANCE_NOT_EXIST"
        for user_id in ("", "43"):
            refused = sdk.create_repo_sync_rule(rule_request(cloud, target_user_id=user_id)).body
            assert refused.code == "INSTANCE_NOT_EXIST"
        sdk.create_repo_sync_rule(rule_request(cloud, target_user_id="42"))
        (rule,) = sdk.list_repo_sync_rule(models.ListRepoSyncRuleRequest(instance_id=hub)).body.sync_rules
        assert rule.cross_user is True
        push(cloud, "instances.hub", "apps/web", "release-v1")

        def outcome() -> str:
            (task,) = sdk.list_repo_sync_task(models.ListRepoSyncTaskRequest(instance_id=hub)).body.sync_tasks
            return f"{task.task_status} {task.cross_user}"

        eventually(outcome, "SUCCESS True")


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"target_user_id": "42"}, "INSTANCE_NOT_EXIST"),
        ({"namespace_name": "none", "target_namespace_name": "none"}, "NAMESPACE_NOT_EXIST"),
        ({"sync_scope": "REPO", "repo_name": "none", "target_repo_name": "none"}, "REPO_NOT_EXIST"),
        ({"target_region_id": "us-east-1"}, "INSTANCE_NOT_EXIST"),
    ],
)
def test_rules_that_cannot_be(cloud: LocalCloud, sdk: Client, changes: dict[str, str], code: str) -> None:
    assert sdk.create_repo_sync_rule(rule_request(cloud, **changes)).body.code == code
    assert sdk.create_repo_sync_rule(rule_request(cloud)).body.code == "success"
    assert sdk.create_repo_sync_rule(rule_request(cloud)).body.code == "SYNC_RULE_ALREADY_EXIST"


def test_tasks_by_hand_and_by_rule(cloud: LocalCloud, sdk: Client, eventually: Callable[[Status, str], None]) -> None:
    hub, eu = cloud.instance_id("hub"), cloud.instance_id("eu")
    push(cloud, "instances.hub", "apps/web", "release-v1")
    repository = sdk.get_repository(
        models.GetRepositoryRequest(instance_id=hub, repo_namespace_name="apps", repo_name="web")
    ).body.repo_id

    def outcome(task_id: str) -> str:
        body = sdk.get_repo_sync_task(models.GetRepoSyncTaskRequest(instance_id=hub, sync_task_id=task_id)).body
        return f"{body.task_status} {body.task_issue}"

    def by_hand(override: bool, tag: str) -> str:
        made: str = sdk.create_repo_sync_task(
            models.CreateRepoSyncTaskRequest(
                instance_id=hub,
                repo_id=repository,
                tag=tag,
                target_region_id="eu-central-1",
                target_instance_id=eu,
                target_namespace="apps",
                target_repo_name="copy",
                target_tag="v1",
                override=override,
            )
        ).body.sync_task_id
        return made

    first = by_hand(False, "release-v1")
    eventually(lambda: outcome(first), "SUCCESS ")
    push(cloud, "instances.hub", "apps/web", "release-v2")
    second = by_hand(False, "release-v2")
    eventually(lambda: outcome(second), "ERROR TAG_ALREADY_EXIST")
    third = by_hand(True, "release-v2")
    eventually(lambda: outcome(third), "SUCCESS ")
    sdk.update_repository(
        models.UpdateRepositoryRequest(
            instance_id=eu,
            repo_namespace_name="apps",
            repo_name="copy",
            repo_type="PRIVATE",
            summary="copy",
            tag_immutability=True,
        )
    )
    fourth = by_hand(True, "release-v1")
    eventually(lambda: outcome(fourth), "ERROR TAG_IMMUTABLE")
    late = sdk.cancel_repo_sync_task(models.CancelRepoSyncTaskRequest(instance_id=hub, sync_task_id=third)).body
    assert late.is_success is False

    rule = sdk.create_repo_sync_rule(rule_request(cloud, sync_trigger="INITIATIVE")).body.sync_rule_id
    by_rule = models.CreateRepoSyncTaskByRuleRequest(
        instance_id=hub, repo_id=repository, sync_rule_id=rule, tag="release-v1"
    )
    made = sdk.create_repo_sync_task_by_rule(by_rule).body.sync_task_id
    eventually(lambda: outcome(made), "SUCCESS ")


@pytest.mark.parametrize(("source", "target"), [("hub", "us"), ("eu", "hub")])
def test_a_task_by_hand_is_between_editions_that_may_replicate_and_receive(
    cloud: LocalCloud, sdk: Client, source: str, target: str
) -> None:
    regions = {"hub": "cn-hangzhou", "eu": "eu-central-1", "us": "us-east-1"}
    push(cloud, f"instances.{source}", "apps/web", "v1")
    found = models.GetRepositoryRequest(
        instance_id=cloud.instance_id(source), repo_namespace_name="apps", repo_name="web"
    )
    body = sdk.create_repo_sync_task(
        models.CreateRepoSyncTaskRequest(
            instance_id=cloud.instance_id(source),
            repo_id=sdk.get_repository(found).body.repo_id,
            tag="v1",
            target_region_id=regions[target],
            target_instance_id=cloud.instance_id(target),
            target_namespace="apps",
            target_repo_name="web",
            target_tag="v1",
        )
    ).body
    assert (body.is_success, body.code) == (False, "INSTANCE_SPECIFICATION_NOT_SUPPORT")


def test_cancelled_before_it_began(seed: Desired) -> None:
    with LocalCloud.start(seed, speed=0.001) as cloud:
        sdk, hub = client(cloud), cloud.instance_id("hub")
        sdk.create_repo_sync_rule(rule_request(cloud))
        push(cloud, "instances.hub", "apps/web", "release-v1")
        listed = models.ListRepoSyncTaskRequest(instance_id=hub)
        task = sdk.list_repo_sync_task(listed).body.sync_tasks[0]
        assert task.task_status == "PENDING"
        cancel = models.CancelRepoSyncTaskRequest(instance_id=hub, sync_task_id=task.sync_task_id)
        assert sdk.cancel_repo_sync_task(cancel).body.is_success is True
        assert sdk.list_repo_sync_task(listed).body.sync_tasks[0].task_status == "CANCELED"


def test_a_task_fails_when_it_is_asked_to_and_the_next_one_does_not(
    cloud: LocalCloud, sdk: Client, eventually: Callable[[Status, str], None]
) -> None:
    cloud.fail_tasks(TaskFault("NETWORK_ERROR", repository="apps/web", after_layers=1))
    hub = cloud.instance_id("hub")
    rule = sdk.create_repo_sync_rule(rule_request(cloud)).body.sync_rule_id

    def newest() -> models.GetRepoSyncTaskResponseBody:
        listed: str = (
            sdk.list_repo_sync_task(models.ListRepoSyncTaskRequest(instance_id=hub)).body.sync_tasks[0].sync_task_id
        )
        return sdk.get_repo_sync_task(models.GetRepoSyncTaskRequest(instance_id=hub, sync_task_id=listed)).body

    def outcome() -> str:
        task = newest()
        layers = ",".join(layer.task_status for layer in task.layer_tasks)
        return f"{task.task_status} {task.task_issue} {task.progress} {layers}"

    push(cloud, "instances.hub", "apps/web", "release-v1")
    eventually(outcome, "ERROR NETWORK_ERROR 0 SUCCESS")
    eu = cloud.instance_id("eu")
    assert sdk.list_repository(models.ListRepositoryRequest(instance_id=eu)).body.repositories[0].repo_name == "web"
    push(cloud, "instances.hub", "apps/web", "release-v1")
    eventually(outcome, "SUCCESS  1 SUCCESS")
    assert newest().sync_rule_id == rule


def test_one_push_that_meets_several_rules_is_one_batch(
    seed: Desired, eventually: Callable[[Status, str], None]
) -> None:
    pairs = Policy(laws=Laws(SamePair.ALLOW))
    with LocalCloud.start(seed, speed=200, policy=pairs) as cloud:
        sdk, hub = client(cloud), cloud.instance_id("hub")
        rules = {
            sdk.create_repo_sync_rule(
                rule_request(cloud, sync_rule_name=name, tag_filter=tags, link_id=link)
            ).body.sync_rule_id
            for name, tags, link in (("all", ".*", ""), ("releases", "release-.*", "link-1"))
        }
        push(cloud, "instances.hub", "apps/web", "release-v1")
        push(cloud, "instances.hub", "apps/web", "dev")

        def tasks(**query: str) -> list[models.ListRepoSyncTaskResponseBodySyncTasks]:
            listed: list[models.ListRepoSyncTaskResponseBodySyncTasks] = sdk.list_repo_sync_task(
                models.ListRepoSyncTaskRequest(instance_id=hub, **query)
            ).body.sync_tasks
            return listed

        release = tasks(tag="release-v1")
        assert {task.sync_rule_id for task in release} == rules
        assert sorted((task.custom_link, task.link_id) for task in release) == [(False, ""), (True, "link-1")]
        (batch,) = {task.sync_batch_task_id for task in release}
        assert {task.sync_task_id for task in tasks(sync_record_id=batch)} == {task.sync_task_id for task in release}
        assert [task.sync_batch_task_id == batch for task in tasks(tag="dev")] == [False]
        eventually(lambda: " ".join(sorted({task.task_status for task in tasks()})), "SUCCESS")


def test_a_full_target_refuses_what_is_replicated(seed: Desired, eventually: Callable[[Status, str], None]) -> None:
    quotas = {**EDITION_QUOTAS, Edition.BASIC: Quota(namespaces=5, repositories=0)}
    with LocalCloud.start(seed, speed=200, policy=Policy(quotas=quotas)) as cloud:
        sdk, hub = client(cloud), cloud.instance_id("hub")
        sdk.create_repo_sync_rule(rule_request(cloud))
        push(cloud, "instances.hub", "apps/web", "release-v1")

        def outcome() -> str:
            (task,) = sdk.list_repo_sync_task(models.ListRepoSyncTaskRequest(instance_id=hub)).body.sync_tasks
            return f"{task.task_status} {task.task_issue}"

        eventually(outcome, "ERROR REPO_QUOTA_EXCEEDED")


def test_temporary_login_opens_the_registry(cloud: LocalCloud, sdk: Client) -> None:
    token = sdk.get_authorization_token(models.GetAuthorizationTokenRequest(instance_id=cloud.instance_id("hub"))).body
    login = (token.temp_username, token.authorization_token)
    url = "http://{}/auth/token"
    assert httpx.get(url.format(cloud.registries["instances.hub"]), auth=login, trust_env=False).status_code == 200
    assert httpx.get(url.format(cloud.registries["instances.eu"]), auth=login, trust_env=False).status_code == 401


def test_wrong_secret_is_refused(cloud: LocalCloud) -> None:
    with pytest.raises(ClientException) as refused:
        client(cloud, secret="wrong").list_instance(models.ListInstanceRequest())
    assert (refused.value.code, refused.value.status_code) == ("SignatureDoesNotMatch", 400)


def test_older_signature_is_accepted_and_checked(cloud: LocalCloud) -> None:
    request = models.ListInstanceRequest(instance_name="acme-hub")
    assert client(cloud, algorithm="v2").list_instance(request).body.total_count == 1
    with pytest.raises(ClientException) as refused:
        client(cloud, secret="wrong", algorithm="v2").list_instance(request)
    assert refused.value.code == "SignatureDoesNotMatch"


def test_business_refusals_with_another_status(seed: Desired) -> None:
    with LocalCloud.start(seed, policy=Policy(business_status=404)) as cloud, pytest.raises(ClientException) as refused:
        client(cloud).get_instance(models.GetInstanceRequest(instance_id="cri-none"))
    assert (refused.value.code, refused.value.status_code) == ("INSTANCE_NOT_EXIST", 404)


def raw(sdk: Client, action: str, query: Mapping[str, str], form: Mapping[str, str] | None = None) -> dict[str, object]:
    params = Params(
        action=action,
        version="2018-12-01",
        protocol="HTTP",
        pathname="/",
        method="POST",
        auth_type="AK",
        style="RPC",
        req_body_type="formData",
        body_type="json",
    )
    body: dict[str, object] = sdk.call_api(params, OpenApiRequest(query=dict(query), body=form), RuntimeOptions())[
        "body"
    ]
    return body


def test_unknown_action(sdk: Client) -> None:
    with pytest.raises(ClientException) as refused:
        raw(sdk, "ImportEverything", {})
    assert (refused.value.code, refused.value.status_code) == ("InvalidAction.NotFound", 404)


def test_region_narrows_what_is_seen(cloud: LocalCloud, sdk: Client) -> None:
    assert raw(sdk, "GetInstanceCount", {})["Count"] == 3
    assert raw(sdk, "GetInstanceCount", {"RegionId": "eu-central-1"})["Count"] == 1
    elsewhere = raw(sdk, "GetInstance", {"InstanceId": cloud.instance_id("hub"), "RegionId": "eu-central-1"})
    assert elsewhere["Code"] == "INSTANCE_NOT_EXIST"


def test_parameters_may_come_in_the_body(cloud: LocalCloud, sdk: Client) -> None:
    found = raw(sdk, "GetInstance", {}, {"InstanceId": cloud.instance_id("eu")})
    assert found["InstanceName"] == "acme-eu"


def test_tags_and_resource_groups_of_instances(cloud: LocalCloud, sdk: Client) -> None:
    identity = cloud.instance_id("hub")
    named = {"region_id": "cn-hangzhou", "resource_type": "Instance", "resource_id": [identity]}
    tags = [models.TagResourcesRequestTag(key=key, value=value) for key, value in (("版本", "1.10"), ("empty", ""))]
    sdk.tag_resources(models.TagResourcesRequest(**named, tag=tags))
    sdk.untag_resources(models.UntagResourcesRequest(**named, tag_key=["team"]))
    found = sdk.get_instance(models.GetInstanceRequest(instance_id=identity)).body
    assert {tag.tag_key: tag.tag_value for tag in found.tags} == {"版本": "1.10", "empty": ""}
    listed = sdk.list_tag_resources(models.ListTagResourcesRequest(**named)).body.tag_resources.tag_resource
    assert {(row.resource_id, row.tag_key) for row in listed} == {(identity, "版本"), (identity, "empty")}
    sdk.change_resource_group(
        models.ChangeResourceGroupRequest(
            resource_id=identity, resource_region_id="cn-hangzhou", resource_group_id="rg-platform"
        )
    )
    (row,) = sdk.list_instance(models.ListInstanceRequest(instance_name="acme-hub")).body.instances
    assert row.resource_group_id == "rg-platform"
