from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

import httpx
import pytest

from reconciler.acr.cr import Cr, NewSyncRule, NewSyncTask
from reconciler.acr.errors import MalformedAnswer, WriteRefused
from reconciler.acr.transport import ReadOnlyTransport, Transport
from reconciler.model.build import BuildRule, SourceCode
from reconciler.model.json_value import Json
from reconciler.model.live import LiveEndpoint, LiveInstance, LiveNamespace, LiveSyncRule, LiveVpcLink
from reconciler.model.quota import QuotaUse, Usage
from reconciler.model.spec import AclEntry, Edition, Level, Trigger, Visibility
from reconciler.model.sync_task import SyncImage, TaskStatus

Service = Callable[[httpx.Request], httpx.Response]
Connect = Callable[[Service], Transport]

R = "cn-hangzhou"
I = "cri-1"  # noqa: E741
HEX = "0" * 63 + "1"


def answering(fields: Mapping[str, Json]) -> Service:
    return lambda _request: httpx.Response(200, json={"RequestId": "R", "IsSuccess": True, **fields})


def in_pages(key: str, items: list[dict[str, Json]], *, total: bool | str = True, largest: int = 100) -> Service:
    """A listing that gives at most `largest` items a page, and its total as a number, as text or not at all."""

    def serve(request: httpx.Request) -> httpx.Response:
        number, size = int(request.url.params["PageNo"]), int(request.url.params["PageSize"])
        size = min(size, largest)
        body: dict[str, Json] = {key: items[(number - 1) * size : number * size]}
        if total:
            body["TotalCount"] = str(len(items)) if total == "text" else len(items)
        return answering(body)(request)

    return serve


def tag(name: str, **changes: Json) -> dict[str, Json]:
    return {"Tag": name, "Digest": HEX, "ImageSize": 5, "ImageUpdate": "1700", "Status": "NORMAL", **changes}


@pytest.mark.parametrize("total", [True, "text", False])
@pytest.mark.parametrize("count", [0, 1, 99, 100, 101, 250])
def test_lists_are_read_to_the_end(connect: Connect, count: int, total: bool | str) -> None:
    names = [f"v{n:03}" for n in range(count)]
    cr = Cr(connect(in_pages("Images", [tag(name) for name in names], total=total)))
    assert [found.name for found in cr.list_tags(R, I, "crr-1")] == names


def test_a_service_that_gives_shorter_pages_is_read_to_the_end(connect: Connect) -> None:
    transport = connect(in_pages("Images", [tag(f"v{n:02}") for n in range(75)], largest=20))
    assert len(Cr(transport).list_tags(R, I, "crr-1")) == 75
    assert transport.calls == {"ListRepoTag": 4}


def test_a_total_that_is_never_reached_ends_with_the_last_page(connect: Connect) -> None:
    cr = Cr(connect(lambda request: in_pages("Images", [tag("v1")], total=False)(request)))
    assert [found.name for found in cr.list_tags(R, I, "crr-1")] == ["v1"]


def test_tags_are_read_whatever_their_spelling(connect: Connect) -> None:
    rows = [
        tag("b", ImageUpdate=1800, ImageSize="7"),
        tag("a", Digest="sha256:" + HEX),
        tag("gone", Status="DELETING"),
    ]
    found = Cr(connect(in_pages("Images", rows))).list_tags(R, I, "crr-1")
    assert [(t.name, t.digest, t.size, t.pushed) for t in found] == [
        ("a", f"sha256:{HEX}", 5, 1700),
        ("b", f"sha256:{HEX}", 7, 1800),
    ]


@pytest.mark.parametrize(
    ("changes", "complaint"),
    [
        ({"Digest": "not-hex"}, "`ListRepoTag` answered with a `Digest` that is not a digest"),
        ({"Digest": None}, "`ListRepoTag` answered without `Digest`"),
        ({"ImageSize": "many"}, "`ImageSize` that is not a whole number"),
        ({"ImageSize": True}, "`ImageSize` that is not a whole number"),
        ({"Tag": ["v1"]}, "`Tag` that is not a text"),
    ],
)
def test_what_cannot_be_read_is_an_error(connect: Connect, changes: dict[str, Json], complaint: str) -> None:
    with pytest.raises(MalformedAnswer, match=complaint):
        Cr(connect(in_pages("Images", [{**tag("v1"), **changes}]))).list_tags(R, I, "crr-1")


@pytest.mark.parametrize("fields", [{"Images": {}}, {"Images": ["v1"]}, {"Images": "v1"}])
def test_a_list_of_another_shape_is_an_error(connect: Connect, fields: dict[str, Json]) -> None:
    with pytest.raises(MalformedAnswer, match="`Images` that is not a list"):
        Cr(connect(answering(fields))).list_tags(R, I, "crr-1")


def test_instances(connect: Connect) -> None:
    def row(identity: str, name: str, specification: str, **more: Json) -> dict[str, Json]:
        return {
            "InstanceId": identity,
            "InstanceName": name,
            "InstanceSpecification": specification,
            "InstanceStatus": "RUNNING",
            "CreateTime": "1562849679000",
            **more,
        }

    rows = [
        row("cri-2", "hub", "Enterprise_Advanced", RegionId="cn-shanghai"),
        row("cri-3", "edge", "Basic", InstanceStatus="PENDING", InstanceIssue="OSS_TOO_MANY_BUCKETS"),
        row("cri-4", "new", "Enterprise_Quantum"),
        row("cri-5", "old", "Enterprise_Basic", InstanceStatus="DELETED"),
    ]
    assert Cr(connect(in_pages("Instances", rows))).list_instances(R) == (
        LiveInstance("cri-3", "edge", R, Edition.BASIC, "PENDING", issue="OSS_TOO_MANY_BUCKETS"),
        LiveInstance("cri-2", "hub", "cn-shanghai", Edition.ADVANCED, "RUNNING"),
        LiveInstance("cri-4", "new", R, None, "RUNNING"),
    )


@pytest.mark.parametrize("spelled", [int, str])
def test_usage_comes_as_text_or_number(connect: Connect, spelled: Callable[[int], Json]) -> None:
    quotas = {
        "NamespaceQuota": 15,
        "NamespaceUsage": 2,
        "RepoQuota": 1000,
        "RepoUsage": 7,
        "VpcQuota": 5,
        "VpcUsage": 1,
    }
    fields = {name: spelled(value) for name, value in quotas.items()}
    usage = Cr(connect(answering(fields))).instance_usage(R, I)
    assert usage == Usage(QuotaUse(2, 15), QuotaUse(7, 1000), QuotaUse(1, 5))


def test_a_login_hides_its_password(connect: Connect) -> None:
    fields: dict[str, Json] = {
        "TempUsername": "temp_user_cr",
        "AuthorizationToken": "hush",
        "ExpireTime": 1571926439500,
    }
    token = Cr(connect(answering(fields))).authorization_token(R, I)
    assert (token.username, token.password, token.expires) == ("temp_user_cr", "hush", 1571926439.5)
    assert "hush" not in repr(token)


def test_the_internet_endpoint(connect: Connect) -> None:
    fields: dict[str, Json] = {
        "Enable": True,
        "Status": "RUNNING",
        "AclEnable": True,
        "AclEntries": [
            {"Entry": "203.0.113.0/24", "Comment": "office"},
            {"Entry": "127.0.0.1/32", "Comment": "default"},
            {"Entry": "198.51.100.7/32"},
        ],
        "Domains": [{"Domain": "images.example.com", "Type": "USER"}, {"Domain": "hub-registry.r", "Type": "SYSTEM"}],
    }
    access = Cr(connect(answering(fields))).internet_endpoint(R, I)
    entries = (AclEntry("198.51.100.7/32"), AclEntry("203.0.113.0/24", "office"))
    assert access.endpoint == LiveEndpoint(True, "RUNNING", entries)
    assert access.domains == ("hub-registry.r", "images.example.com")


def test_a_closed_internet_endpoint_has_no_status(connect: Connect) -> None:
    access = Cr(connect(answering({"Enable": False}))).internet_endpoint(R, I)
    assert access.endpoint == LiveEndpoint(False, "", ())
    assert access.domains == ()


def test_vpc_links(connect: Connect) -> None:
    seen: list[httpx.Request] = []
    links: list[Json] = [
        {"VpcId": "vpc-b", "VswitchId": "vsw-1", "Status": "CREATING", "Issue": "PRIVATE_ZONE_CONFLICT_AT_b"},
        {"VpcId": "vpc-a", "VswitchId": "vsw-2", "Status": "RUNNING", "DefaultAccess": True},
    ]

    def serve(request: httpx.Request) -> httpx.Response:
        seen.append(request)
        return answering({"Enable": True, "Domains": ["hub-registry-vpc.r"], "LinkedVpcs": links})(request)

    access = Cr(connect(serve)).vpc_endpoint(R, I, "chart")
    assert seen[0].url.params["ModuleName"] == "Chart"
    assert access.domains == ("hub-registry-vpc.r",)
    assert access.links == (
        LiveVpcLink("vpc-a", "vsw-2", "chart", "RUNNING"),
        LiveVpcLink("vpc-b", "vsw-1", "chart", "CREATING", "PRIVATE_ZONE_CONFLICT_AT_b"),
    )


def test_namespaces(connect: Connect) -> None:
    rows: list[dict[str, Json]] = [
        {"NamespaceName": "b", "AutoCreateRepo": True, "DefaultRepoType": "PUBLIC", "NamespaceStatus": "NORMAL"},
        {"NamespaceName": "a", "AutoCreateRepo": "false", "DefaultRepoConfiguration": '{"RepoType":"PUBLIC"}'},
        {"NamespaceName": "c", "DefaultRepoConfiguration": {"RepoType": "PRIVATE"}},
        {"NamespaceName": "gone", "DefaultRepoType": "PUBLIC", "NamespaceStatus": "DELETING"},
    ]
    assert Cr(connect(in_pages("Namespaces", rows, total="text"))).list_namespaces(R, I) == (
        LiveNamespace("a", False, Visibility.PUBLIC),
        LiveNamespace("b", True, Visibility.PUBLIC),
        LiveNamespace("c", False, Visibility.PRIVATE),
    )


def test_repositories(connect: Connect) -> None:
    def row(name: str, **more: Json) -> dict[str, Json]:
        return {"RepoId": f"crr-{name}", "RepoNamespaceName": "apps", "RepoName": name, "RepoType": "PRIVATE", **more}

    rows = [row("web", Summary="shop", TagImmutability=True), row("agent/client"), row("gone", RepoStatus="DELETING")]
    found = Cr(connect(in_pages("Repositories", rows))).list_repositories(R, I)
    assert [(r.name, r.summary, r.tag_immutability, r.tags) for r in found] == [
        ("apps/agent/client", "", False, None),
        ("apps/web", "shop", True, None),
    ]


def test_an_unknown_visibility_is_an_error(connect: Connect) -> None:
    rows: list[dict[str, Json]] = [{"RepoId": "1", "RepoNamespaceName": "a", "RepoName": "b", "RepoType": "SECRET"}]
    with pytest.raises(MalformedAnswer, match="`RepoType` that is not known: SECRET"):
        Cr(connect(in_pages("Repositories", rows))).list_repositories(R, I)


def rule(**changes: Json) -> dict[str, Json]:
    return {
        "SyncRuleId": "crsr-1",
        "SyncRuleName": "to-eu",
        "SyncScope": "REPO",
        "SyncTrigger": "PASSIVE",
        "SyncDirection": "FROM",
        "LocalInstanceId": I,
        "LocalNamespaceName": "apps",
        "LocalRepoName": "web",
        "TargetInstanceId": "cri-2",
        "TargetRegionId": "eu-central-1",
        "TargetNamespaceName": "apps",
        "TargetRepoName": "web",
        "TagFilter": "v.*",
        "Priority": 4,
        "CrossUser": True,
        "CreateTime": 1571926439000,
        **changes,
    }


def test_only_rules_that_start_here_count(connect: Connect) -> None:
    filters: dict[str, Json] = {"NamespaceNameFilter": "team-.*", "RepoNameFilter": ".*", "LinkId": "link-1"}
    wide = rule(
        SyncRuleId="crsr-0",
        SyncScope="INSTANCE",
        LocalNamespaceName="",
        LocalRepoName="",
        SyncRuleName="all",
        **filters,
    )
    received = rule(SyncRuleId="crsr-9", SyncDirection="TO")
    found = Cr(connect(in_pages("SyncRules", [rule(), received, wide]))).list_sync_rules(R, I)
    assert [(r.id, r.level, r.namespace, r.repository) for r in found] == [
        ("crsr-0", Level.INSTANCE, "", None),
        ("crsr-1", Level.REPOSITORY, "apps", "web"),
    ]
    assert (found[0].namespaces, found[0].repositories, found[0].link) == ("team-.*", ".*", "link-1")
    assert found[1] == LiveSyncRule(
        id="crsr-1",
        name="to-eu",
        source_instance=I,
        target_instance="cri-2",
        target_region="eu-central-1",
        level=Level.REPOSITORY,
        namespace="apps",
        repository="web",
        target_namespace="apps",
        target_repository="web",
        tags="v.*",
        trigger=Trigger.PUSH,
        priority=4,
        cross_account=True,
        created=1571926439000,
    )


@pytest.mark.parametrize("changes", [{"SyncScope": "GALAXY"}, {"SyncTrigger": "MOOD"}])
def test_a_rule_of_an_unknown_kind_is_an_error(connect: Connect, changes: dict[str, Json]) -> None:
    with pytest.raises(MalformedAnswer, match="not known"):
        Cr(connect(in_pages("SyncRules", [rule(**changes)]))).list_sync_rules(R, I)


SIDE: dict[str, Json] = {
    "RegionId": R,
    "InstanceId": I,
    "RepoNamespaceName": "apps",
    "RepoName": "web",
    "ImageTag": "v1",
}


def task(**changes: Json) -> dict[str, Json]:
    return {
        "SyncTaskId": "rst-1",
        "TaskStatus": "SYNCHRONIZING",
        "TaskTrigger": "INITIATIVE",
        "SyncBatchTaskId": "batch",
        "ImageFrom": SIDE,
        "ImageTo": {**SIDE, "InstanceId": "cri-2"},
        **changes,
    }


def test_a_task_counts_its_layers(connect: Connect) -> None:
    layers: list[Json] = [{"Size": 10}, {"Size": 5}]
    found = Cr(connect(answering(task(LayerTasks=layers, SyncedSize=12)))).get_sync_task(R, I, "rst-1")
    assert (found.status, found.status.final, found.trigger) == (TaskStatus.SYNCHRONIZING, False, Trigger.MANUAL)
    assert (found.size, found.synced, found.batch) == (15, 12, "batch")
    assert found.source == SyncImage(R, I, "apps/web", "v1")
    assert found.target.instance == "cri-2"


def test_tasks_are_listed_whatever_their_spelling(connect: Connect) -> None:
    rows = [task(SyncTaskId="rst-2", ImageFrom=[SIDE], ModifedTime=5), task(ModifiedTime=7, TaskStatus="ERROR")]
    found = Cr(connect(in_pages("SyncTasks", rows, total="text"))).list_sync_tasks(R, I)
    assert [(t.id, t.modified, t.source.tag, t.status.final) for t in found] == [
        ("rst-2", 5, "v1", False),
        ("rst-1", 7, "v1", True),
    ]


def test_tasks_of_many_tags_are_found_in_one_listing_and_those_of_few_by_name(connect: Connect) -> None:
    received = {**SIDE, "InstanceId": "cri-2"}
    rows = [
        task(SyncTaskId="rst-1"),
        task(SyncTaskId="rst-2", ImageFrom={**SIDE, "ImageTag": "other"}),
        task(SyncTaskId="rst-3", ImageFrom=received, ImageTo=SIDE),
    ]
    transport = connect(in_pages("SyncTasks", rows))
    many = frozenset({"v1", *(f"v1-{n}" for n in range(9))})
    assert [t.id for t in Cr(transport).sync_tasks_of(R, I, {"apps/web": many})] == ["rst-1"]
    assert transport.calls == {"ListRepoSyncTask": 1}
    assert [t.id for t in Cr(transport).sync_tasks_of(R, I, {"apps/web": frozenset({"v1"})})] == ["rst-1"]


def test_no_more_tasks_are_read_than_asked_for(connect: Connect) -> None:
    transport = connect(in_pages("SyncTasks", [task(SyncTaskId=f"rst-{n}") for n in range(500)]))
    assert len(Cr(transport).list_sync_tasks(R, I, repository="apps/web", tag="v1", batch="b", limit=60)) == 60
    assert transport.calls == {"ListRepoSyncTask": 2}


def test_an_unknown_task_status_is_an_error(connect: Connect) -> None:
    with pytest.raises(MalformedAnswer, match="`TaskStatus` that is not known: LOST"):
        Cr(connect(answering(task(TaskStatus="LOST")))).get_sync_task(R, I, "rst-1")


@pytest.mark.parametrize("kind", ["namespace", "repository"])
def test_a_name_is_free_when_the_service_does_not_know_it(connect: Connect, kind: str) -> None:
    status = {"Code": "NAMESPACE_NOT_EXIST" if kind == "namespace" else "REPO_NOT_EXIST", "IsSuccess": False}
    free, taken = Cr(connect(answering(status))), Cr(connect(answering({"NamespaceStatus": "DELETING"})))
    if kind == "namespace":
        assert (free.has_namespace(R, I, "apps"), taken.has_namespace(R, I, "apps")) == (False, True)
    else:
        assert (free.has_repository(R, I, "apps/web"), taken.has_repository(R, I, "apps/web")) == (False, True)


NEW_RULE = NewSyncRule("to-eu", "eu-central-1", "cri-2", "apps", "apps", "v.*", Trigger.MANUAL, priority=5)
WIDE_RULE = replace(
    NEW_RULE, namespace=None, target_namespace=None, namespaces="team-.*", repositories="web|api", link="link-1"
)
REPOSITORY_RULE = NewSyncRule(
    "web", "eu-central-1", "cri-2", "apps", "apps", ".*", Trigger.PUSH, 3, "web", "shop", user_id="1234"
)
NEW_TASK = NewSyncTask("crr-1", "v1", "eu-central-1", "cri-2", "apps", "web", "v2", override=True)
TARGET = {"TargetRegionId": "eu-central-1", "TargetInstanceId": "cri-2"}
INTERNET = {"EndpointType": "internet", "ModuleName": "Registry"}
VPC = {"VpcId": "vpc-1", "VswitchId": "vsw-1", "ModuleName": "Registry"}

RESOURCE: dict[str, str | None] = {"InstanceId": None, "RegionId": R, "ResourceType": "Instance", "ResourceId.1": I}

CODE = SourceCode("gitlab", "acme/group/web", auto_build=True, cache=False)
BUILD = BuildRule("v1", git_tag="v.*", platforms=("linux/amd64", "linux/arm64"))
BUILT: Mapping[str, str | None] = {
    "PushType": "GIT_TAG",
    "PushName": "v.*",
    "ImageTag": "v1",
    "DockerfileLocation": "/",
    "DockerfileName": "Dockerfile",
    "Platforms.1": "linux/amd64",
    "Platforms.2": "linux/arm64",
}
BOUND: Mapping[str, str | None] = {
    "CodeRepoType": "GITLAB",
    "CodeRepoNamespaceName": "acme/group",
    "CodeRepoName": "web",
    "AutoBuild": "true",
    "OverseaBuild": "false",
    "DisableCacheBuild": "true",
}

WRITES: list[tuple[Callable[[Cr], object], str, Mapping[str, str | None]]] = [
    (lambda cr: cr.create_source_code(R, I, "crr-1", CODE), "CreateRepoSourceCodeRepo", {**BOUND, "RepoId": "crr-1"}),
    (lambda cr: cr.update_source_code(R, I, "crr-1", CODE), "UpdateRepoSourceCodeRepo", {**BOUND, "RepoId": "crr-1"}),
    (lambda cr: cr.create_build_rule(R, I, "crr-1", BUILD), "CreateRepoBuildRule", {**BUILT, "RepoId": "crr-1"}),
    (
        lambda cr: cr.update_build_rule(R, I, "crr-1", "crbr-1", BUILD),
        "UpdateRepoBuildRule",
        {**BUILT, "RepoId": "crr-1", "BuildRuleId": "crbr-1"},
    ),
    (
        lambda cr: cr.delete_build_rule(R, I, "crr-1", "crbr-1"),
        "DeleteRepoBuildRule",
        {"RepoId": "crr-1", "BuildRuleId": "crbr-1"},
    ),
    (
        lambda cr: cr.create_namespace(R, I, "apps", auto_create=True, visibility=Visibility.PRIVATE),
        "CreateNamespace",
        {"NamespaceName": "apps", "AutoCreateRepo": "true", "DefaultRepoType": "PRIVATE"},
    ),
    (
        lambda cr: cr.update_namespace(R, I, "apps", auto_create=False, visibility=Visibility.PUBLIC),
        "UpdateNamespace",
        {"NamespaceName": "apps", "AutoCreateRepo": "false", "DefaultRepoType": "PUBLIC"},
    ),
    (lambda cr: cr.delete_namespace(R, I, "apps"), "DeleteNamespace", {"NamespaceName": "apps"}),
    (
        lambda cr: cr.update_namespace(
            R, I, "apps", auto_create=True, visibility=Visibility.PUBLIC, tag_immutability=True
        ),
        "UpdateNamespace",
        {
            "NamespaceName": "apps",
            "AutoCreateRepo": "true",
            "DefaultRepoType": "PUBLIC",
            "DefaultRepoConfiguration": (
                '{"ArtifactBuildRuleParameters":{"ImageIndexOnly":false},"RepoType":"PUBLIC","TagImmutability":true}'
            ),
        },
    ),
    (
        lambda cr: cr.create_repository(R, I, "apps/a/b", visibility=Visibility.PUBLIC, summary="s"),
        "CreateRepository",
        {"RepoNamespaceName": "apps", "RepoName": "a/b", "RepoType": "PUBLIC", "Summary": "s"},
    ),
    (
        lambda cr: cr.update_repository(
            R, I, "crr-1", visibility=Visibility.PRIVATE, summary="s", tag_immutability=False
        ),
        "UpdateRepository",
        {"RepoId": "crr-1", "RepoType": "PRIVATE", "Summary": "s", "TagImmutability": "false"},
    ),
    (lambda cr: cr.delete_repository(R, I, "crr-1"), "DeleteRepository", {"RepoId": "crr-1"}),
    (lambda cr: cr.create_linked_vpc(R, I, "vpc-1", "vsw-1"), "CreateInstanceVpcEndpointLinkedVpc", VPC),
    (
        lambda cr: cr.create_linked_vpc(R, I, "vpc-1", "vsw-1", dns=True),
        "CreateInstanceVpcEndpointLinkedVpc",
        {**VPC, "EnableCreateDNSRecordInPvzt": "true"},
    ),
    (lambda cr: cr.delete_linked_vpc(R, I, "vpc-1", "vsw-1"), "DeleteInstanceVpcEndpointLinkedVpc", VPC),
    (
        lambda cr: cr.set_internet_endpoint(R, I, enabled=True),
        "UpdateInstanceEndpointStatus",
        {**INTERNET, "Enable": "true"},
    ),
    (
        lambda cr: cr.add_acl_entry(R, I, AclEntry("203.0.113.0/24", "office")),
        "CreateInstanceEndpointAclPolicy",
        {**INTERNET, "Entry": "203.0.113.0/24", "Comment": "office"},
    ),
    (
        lambda cr: cr.remove_acl_entry(R, I, "203.0.113.0/24"),
        "DeleteInstanceEndpointAclPolicy",
        {**INTERNET, "Entry": "203.0.113.0/24"},
    ),
    (
        lambda cr: cr.create_sync_rule(R, I, NEW_RULE),
        "CreateRepoSyncRule",
        {
            **TARGET,
            "SyncRuleName": "to-eu",
            "SyncScope": "NAMESPACE",
            "SyncTrigger": "INITIATIVE",
            "TagFilter": "v.*",
            "NamespaceName": "apps",
            "TargetNamespaceName": "apps",
            "Priority": "5",
        },
    ),
    (
        lambda cr: cr.create_sync_rule(R, I, WIDE_RULE),
        "CreateRepoSyncRule",
        {
            **TARGET,
            "SyncRuleName": "to-eu",
            "SyncScope": "INSTANCE",
            "SyncTrigger": "INITIATIVE",
            "TagFilter": "v.*",
            "NamespaceNameFilter": "team-.*",
            "RepoNameFilter": "web|api",
            "LinkId": "link-1",
            "Priority": "5",
        },
    ),
    (
        lambda cr: cr.create_sync_rule(R, I, REPOSITORY_RULE),
        "CreateRepoSyncRule",
        {
            **TARGET,
            "SyncRuleName": "web",
            "SyncScope": "REPO",
            "SyncTrigger": "PASSIVE",
            "TagFilter": ".*",
            "NamespaceName": "apps",
            "TargetNamespaceName": "apps",
            "RepoName": "web",
            "TargetRepoName": "shop",
            "TargetUserId": "1234",
            "Priority": "3",
        },
    ),
    (lambda cr: cr.delete_sync_rule(R, I, "crsr-1"), "DeleteRepoSyncRule", {"SyncRuleId": "crsr-1"}),
    (
        lambda cr: cr.create_sync_task(R, I, NEW_TASK),
        "CreateRepoSyncTask",
        {
            **TARGET,
            "RepoId": "crr-1",
            "Tag": "v1",
            "TargetNamespace": "apps",
            "TargetRepoName": "web",
            "TargetTag": "v2",
            "Override": "true",
            "Priority": "3",
        },
    ),
    (
        lambda cr: cr.add_tags(R, I, {"team": "platform", "cost": ""}),
        "TagResources",
        {**RESOURCE, "Tag.1.Key": "cost", "Tag.1.Value": "", "Tag.2.Key": "team", "Tag.2.Value": "platform"},
    ),
    (
        lambda cr: cr.remove_tags(R, I, ["team", "cost"]),
        "UntagResources",
        {**RESOURCE, "TagKey.1": "cost", "TagKey.2": "team"},
    ),
    (
        lambda cr: cr.set_resource_group(R, I, "rg-1"),
        "ChangeResourceGroup",
        {"InstanceId": None, "ResourceId": I, "ResourceRegionId": R, "ResourceGroupId": "rg-1"},
    ),
    (lambda cr: cr.cancel_sync_task(R, I, "rst-1"), "CancelRepoSyncTask", {"SyncTaskId": "rst-1"}),
]

IDS = {"RepoId": "crr-9", "BuildRuleId": "crbr-9", "SyncRuleId": "crsr-9", "SyncTaskId": "rst-9"}


@pytest.mark.parametrize(("write", "action", "query"), WRITES, ids=[f"{n}-{w[1]}" for n, w in enumerate(WRITES)])
def test_writes_say_exactly_this(
    connect: Connect, write: Callable[[Cr], object], action: str, query: Mapping[str, str | None]
) -> None:
    seen: list[httpx.Request] = []

    def serve(request: httpx.Request) -> httpx.Response:
        seen.append(request)
        return answering(IDS)(request)

    made = write(Cr(connect(serve)))

    (request,) = seen
    assert request.headers["x-acs-action"] == action
    assert request.headers["x-acs-version"] == "2018-12-01"
    wanted = {"InstanceId": I, **query}
    assert dict(request.url.params) == {name: value for name, value in wanted.items() if value is not None}
    assert made in (None, *IDS.values())


@pytest.mark.parametrize(("write", "action", "query"), WRITES, ids=[f"{n}-{w[1]}" for n, w in enumerate(WRITES)])
def test_no_write_gets_past_a_read_only_transport(
    connect: Connect, write: Callable[[Cr], object], action: str, query: Mapping[str, str | None]
) -> None:
    del query
    transport = connect(answering(IDS))
    with pytest.raises(WriteRefused, match=action):
        write(Cr(ReadOnlyTransport(transport)))
    assert transport.calls == {}


@pytest.mark.parametrize("region", ["cn-hangzhou", "eu-central-1", "cn-shanghai-finance-1"])
def test_every_call_goes_to_the_region_of_the_instance_that_it_is_about(connect: Connect, region: str) -> None:
    """Rules and tasks are the source's: their target's region is a parameter."""
    hosts: list[tuple[str, str]] = []

    def serve(request: httpx.Request) -> httpx.Response:
        hosts.append((request.url.host, request.headers["x-acs-region-id"]))
        return answering({**IDS, "SyncRules": [], "SyncTasks": [], "TotalCount": 0})(request)

    cr = Cr(connect(serve))
    cr.create_sync_rule(region, I, NEW_RULE)
    cr.list_sync_rules(region, I)
    cr.delete_sync_rule(region, I, "crsr-1")
    cr.create_sync_task(region, I, NEW_TASK)
    cr.list_sync_tasks(region, I)
    assert hosts == [(f"cr.{region}.aliyuncs.com", region)] * 5


def test_every_method_that_writes_is_in_the_table_above() -> None:
    verbs = ("create_", "update_", "delete_", "set_", "add_", "remove_", "cancel_")
    methods = {name for name in dir(Cr) if not name.startswith("_") and callable(getattr(Cr, name))}
    writing = {name for name in methods if name.startswith(verbs)}
    reading = {name for name in methods - writing if name.startswith(("list_", "get_", "has_"))}
    assert methods - writing - reading == {
        "authorization_token",
        "instance_usage",
        "internet_endpoint",
        "sync_tasks_of",
        "vpc_endpoint",
    }
    covered = {name for write, _, _ in WRITES for name in write.__code__.co_names if name in methods}
    assert covered == writing


def test_more_tags_than_one_call_takes_go_in_several(connect: Connect) -> None:
    transport = connect(answering({}))
    Cr(transport).add_tags(R, I, {f"k{number}": "v" for number in range(41)})
    Cr(transport).remove_tags(R, I, [f"k{number}" for number in range(20)])
    assert transport.calls == {"TagResources": 3, "UntagResources": 1}


def test_an_instance_has_its_own_tags_and_not_those_of_the_cloud(connect: Connect) -> None:
    tags = [{"TagKey": "b", "TagValue": "1.10"}, {"TagKey": "a"}, {"TagKey": "acs:rm:rgId", "TagValue": "rg"}]
    fields: dict[str, Json] = {
        "InstanceId": I,
        "InstanceName": "acme",
        "InstanceStatus": "RUNNING",
        "Tags": tags,
        "ResourceGroupId": "rg-1",
    }
    found = Cr(connect(answering(fields))).get_instance(R, I)
    assert (dict(found.tags), found.resource_group) == ({"a": "", "b": "1.10"}, "rg-1")
