"""Enterprise Edition, version 2018-12-01."""

from __future__ import annotations

from tests.contract.operations.official import CR
from tests.contract.operations.stage import Fields, Operation, Stage


def _linked(stage: Stage) -> dict[str, object]:
    link = {"InstanceId": stage.hub, "VpcId": "vpc-1", "VswitchId": "vsw-1", "ModuleName": "Registry"}
    stage.call(CR, "CreateInstanceVpcEndpointLinkedVpc", **link)
    return {"InstanceId": stage.hub, "ModuleName": "Registry"}


def _allowed(stage: Stage) -> dict[str, object]:
    endpoint: dict[str, object] = {"InstanceId": stage.hub, "EndpointType": "internet"}
    stage.call(CR, "CreateInstanceEndpointAclPolicy", **endpoint, Entry="203.0.113.0/24", Comment="Büro")
    return endpoint


def _instance(stage: Stage) -> dict[str, object]:
    return {"RegionId": "cn-hangzhou", "ResourceType": "Instance", "ResourceId": [stage.hub]}


_CODE: Fields = {"CodeRepoType": "GITLAB", "CodeRepoNamespaceName": "acme", "CodeRepoName": "web"}
_RULE: Fields = {
    "PushType": "GIT_BRANCH",
    "PushName": "fix/größe",
    "ImageTag": "v1",
    "DockerfileLocation": "/",
    "DockerfileName": "Dockerfile",
    "Platforms": ["linux/arm64"],
}


def _built(stage: Stage) -> dict[str, object]:
    repository: dict[str, object] = {"InstanceId": stage.hub, "RepoId": stage.repository()}
    stage.call(CR, "CreateRepoSourceCodeRepo", **repository, **_CODE)
    return repository


def _ruled(stage: Stage) -> dict[str, object]:
    repository = _built(stage)
    made = stage.call(CR, "CreateRepoBuildRule", **repository, **_RULE)
    return {**repository, "BuildRuleId": made["BuildRuleId"]}


_TOKENS = ("MaxResults", "NextToken")
"""Pages are either numbered or told by tokens."""

OPERATIONS: tuple[Operation, ...] = (
    # An instance has an issue only when something is wrong with it.
    Operation(CR, "ListInstance", omits=("Instances.InstanceIssue",)),
    Operation(CR, "GetInstance", lambda s: {"InstanceId": s.hub}, omits=("InstanceIssue",)),
    Operation(CR, "GetInstanceUsage", lambda s: {"InstanceId": s.hub}),
    Operation(CR, "ListInstanceRegion"),
    Operation(CR, "TagResources", lambda s: {**_instance(s), "Tag": [{"Key": "版本", "Value": "1.10"}]}),
    Operation(CR, "UntagResources", lambda s: {**_instance(s), "TagKey": ["team"]}),
    Operation(
        CR,
        "ChangeResourceGroup",
        lambda s: {"ResourceId": s.hub, "ResourceRegionId": "cn-hangzhou", "ResourceGroupId": "rg-1"},
    ),
    Operation(CR, "GetAuthorizationToken", lambda s: {"InstanceId": s.hub}),
    Operation(CR, "GetInstanceEndpoint", _allowed),
    Operation(
        CR, "UpdateInstanceEndpointStatus", lambda s: {"InstanceId": s.hub, "EndpointType": "internet", "Enable": True}
    ),
    Operation(
        CR,
        "CreateInstanceEndpointAclPolicy",
        lambda s: {"InstanceId": s.hub, "EndpointType": "internet", "Entry": "203.0.113.0/24", "Comment": "Büro"},
    ),
    Operation(
        CR,
        "DeleteInstanceEndpointAclPolicy",
        lambda s: {"InstanceId": s.hub, "EndpointType": "internet", "Entry": "127.0.0.1/32"},
    ),
    Operation(CR, "GetInstanceVpcEndpoint", _linked),
    Operation(
        CR,
        "CreateInstanceVpcEndpointLinkedVpc",
        lambda s: {"InstanceId": s.hub, "VpcId": "vpc-1", "VswitchId": "vsw-1", "ModuleName": "Registry"},
    ),
    Operation(
        CR,
        "DeleteInstanceVpcEndpointLinkedVpc",
        lambda s: {**_linked(s), "VpcId": "vpc-1", "VswitchId": "vsw-1"},
    ),
    Operation(CR, "ListNamespace", lambda s: {"InstanceId": s.hub}),
    Operation(CR, "GetNamespace", lambda s: {"InstanceId": s.hub, "NamespaceName": "apps"}),
    Operation(
        CR,
        "CreateNamespace",
        lambda s: {"InstanceId": s.hub, "NamespaceName": "team-a", "AutoCreateRepo": True, "DefaultRepoType": "PUBLIC"},
    ),
    Operation(
        CR,
        "UpdateNamespace",
        lambda s: {"InstanceId": s.hub, "NamespaceName": "apps", "AutoCreateRepo": False, "DefaultRepoType": "PUBLIC"},
    ),
    Operation(CR, "DeleteNamespace", lambda s: {"InstanceId": s.eu, "NamespaceName": "apps"}),
    Operation(CR, "ListRepository", lambda s: {"InstanceId": s.hub, "RepoStatus": "NORMAL"}, omits=_TOKENS),
    Operation(CR, "GetRepository", lambda s: {"InstanceId": s.hub, "RepoNamespaceName": "apps", "RepoName": "web"}),
    Operation(
        CR,
        "CreateRepository",
        lambda s: {
            "InstanceId": s.hub,
            "RepoNamespaceName": "apps",
            "RepoName": "api",
            "RepoType": "PRIVATE",
            "Summary": "l'API & más",
        },
    ),
    Operation(
        CR,
        "UpdateRepository",
        lambda s: {"InstanceId": s.hub, "RepoId": s.repository(), "RepoType": "PUBLIC", "Summary": "storefront"},
    ),
    Operation(CR, "DeleteRepository", lambda s: {"InstanceId": s.hub, "RepoId": s.repository()}),
    Operation(CR, "CreateRepoSourceCodeRepo", lambda s: {**_CODE, "InstanceId": s.hub, "RepoId": s.repository()}),
    Operation(CR, "GetRepoSourceCodeRepo", lambda s: _built(s)),
    Operation(CR, "UpdateRepoSourceCodeRepo", lambda s: {**_built(s), **_CODE, "AutoBuild": "true"}),
    Operation(CR, "CreateRepoBuildRule", lambda s: {**_built(s), **_RULE}),
    # Images of the other kind are made by rules that the tool does not know.
    Operation(CR, "ListRepoBuildRule", lambda s: _ruled(s), omits=("BuildRules.DestArtifactType",)),
    Operation(CR, "UpdateRepoBuildRule", lambda s: {**_ruled(s), **_RULE, "ImageTag": "latest"}),
    Operation(CR, "DeleteRepoBuildRule", lambda s: _ruled(s)),
    Operation(CR, "ListRepoTag", lambda s: {"InstanceId": s.hub, "RepoId": s.image()}, omits=_TOKENS),
    Operation(CR, "ListRepoSyncRule", lambda s: {"InstanceId": s.hub, "PageNo": 1 if s.rule() else 0}),
    Operation(CR, "CreateRepoSyncRule", Stage.new_rule),
    Operation(CR, "DeleteRepoSyncRule", lambda s: {"InstanceId": s.hub, "SyncRuleId": s.rule()}),
    Operation(CR, "CreateRepoSyncTask", Stage.new_task),
    Operation(CR, "GetRepoSyncTask", lambda s: {"InstanceId": s.hub, "SyncTaskId": s.task()}),
    Operation(CR, "ListRepoSyncTask", lambda s: {"InstanceId": s.hub, "PageNo": 1 if s.task() else 0}),
    Operation(CR, "CancelRepoSyncTask", lambda s: {"InstanceId": s.hub, "SyncTaskId": s.task()}, speed=0.01),
)
