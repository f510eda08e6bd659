"""Personal Edition, version 2016-06-07, whose SDK has no models of answers: their shapes are those that the Terraform
provider and Harbor's adapter read."""

from __future__ import annotations

from tests.contract.operations.official import CR_PERSONAL
from tests.contract.operations.shape import Shape
from tests.contract.operations.stage import Operation, Stage, push

_REPOSITORY: Shape = {
    "repoId": int,
    "repoNamespace": str,
    "repoName": str,
    "repoType": str,
    "repoStatus": str,
    "repoBuildType": str,
    "repoOriginType": str,
    "repoAuthorizeType": str,
    "regionId": str,
    "summary": str,
    "gmtCreate": int,
    "gmtModified": int,
    "downloads": int,
    "stars": int,
    "logo": str,
    "repoDomainList": {"public": str, "internal": str, "vpc": str},
}
_TAG: Shape = {
    "tag": str,
    "imageId": str,
    "digest": str,
    "imageSize": int,
    "imageCreate": int,
    "imageUpdate": int,
    "status": str,
}


def _page(name: str, items: Shape) -> Shape:
    return {"requestId": str, "data": {"page": int, "pageSize": int, "total": int, name: [items]}}


def _pushed(stage: Stage) -> dict[str, object]:
    push(stage.cloud, "personal.cn-hangzhou", "legacy/web", "v1")
    return {}


OPERATIONS: tuple[Operation, ...] = (
    Operation(
        CR_PERSONAL,
        "GetNamespaceList",
        documented={
            "requestId": str,
            "data": {"namespaces": [{"namespace": str, "authorizeType": str, "namespaceStatus": str}]},
        },
    ),
    Operation(
        CR_PERSONAL,
        "GetNamespace",
        path=("legacy",),
        documented={
            "requestId": str,
            "data": {
                "namespace": {
                    "namespace": str,
                    "authorizeType": str,
                    "defaultVisibility": str,
                    "autoCreate": bool,
                    "namespaceStatus": str,
                }
            },
        },
    ),
    Operation(CR_PERSONAL, "GetRepoListByNamespace", path=("legacy",), documented=_page("repos", _REPOSITORY)),
    Operation(CR_PERSONAL, "GetRepoTags", _pushed, path=("legacy", "web"), documented=_page("tags", _TAG)),
    # Document 142767 of the service.
    Operation(
        CR_PERSONAL,
        "GetRepoBuildRuleList",
        path=("legacy", "web"),
        documented={
            "requestId": str,
            "data": {
                "buildRules": [
                    {
                        "dockerfileName": str,
                        "dockerfileLocation": str,
                        "buildRuleId": int,
                        "imageTag": str,
                        "pushName": str,
                        "pushType": str,
                    }
                ]
            },
        },
    ),
    Operation(
        CR_PERSONAL,
        "GetAuthorizationToken",
        documented={
            "requestId": str,
            "data": {"authorizationToken": str, "tempUserName": str, "expireDate": int},
        },
    ),
)
