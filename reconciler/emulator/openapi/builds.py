"""Source code of repositories, and the rules by which images are built from it. Nothing is ever built here."""

from __future__ import annotations

from reconciler.emulator.account import Instance
from reconciler.emulator.catalogue import BuildRule, CodeRepository, Repository
from reconciler.emulator.openapi.call import Call, Operation, Payload, invalid
from reconciler.emulator.openapi.instances import find
from reconciler.emulator.refusal import Refused

_PUSHES = ("GIT_BRANCH", "GIT_TAG")
_CODE_TYPES = ("GITHUB", "GITLAB", "GITEE", "CODE", "CODEUP")
_PLATFORMS = ("linux/amd64", "linux/arm64", "linux/386", "linux/arm/v7", "linux/arm/v6")


def create_source_code(call: Call) -> Payload:
    instance, repository = _found(call)
    if repository.code is not None:
        raise Refused("REPO_SOURCE_CODE_REPO_ALREADY_EXIST", f"source code is bound already: {repository.path}")
    repository.code = _code(call, instance)
    return {}


def get_source_code(call: Call) -> Payload:
    """Flags are texts here, as in the documents."""
    _, repository = _found(call)
    code = repository.code
    if code is None:
        if call.cloud.policy.unbound_is_refused:
            raise Refused("REPO_SOURCE_CODE_REPO_NOT_EXIST", f"no source code is bound: {repository.path}")
        return {"RepoId": repository.id}
    return {
        "RepoId": repository.id,
        "CodeRepoType": code.kind,
        "CodeRepoNamespaceName": code.namespace,
        "CodeRepoName": code.name,
        "CodeRepoDomain": f"{code.kind.lower()}.example.com",
        "AutoBuild": _written(code.auto_build),
        "OverseaBuild": _written(code.oversea),
        "DisableCacheBuild": _written(code.disable_cache),
    }


def update_source_code(call: Call) -> Payload:
    instance, repository = _found(call)
    if repository.code is None:
        raise Refused("REPO_SOURCE_CODE_REPO_NOT_EXIST", f"no source code is bound: {repository.path}")
    repository.code = _code(call, instance)
    return {}


def list_build_rule(call: Call) -> Payload:
    _, repository = _found(call)
    page = call.parameters.page()
    found = [repository.build_rules[key] for key in sorted(repository.build_rules)]
    return {
        "BuildRules": [
            {
                "BuildRuleId": rule.id,
                "PushType": rule.push_type,
                "PushName": rule.push_name,
                "ImageTag": rule.tag,
                "DockerfileLocation": rule.location,
                "DockerfileName": rule.dockerfile,
                "Platforms": list(rule.platforms),
                "BuildArgs": [],
            }
            for rule in page.cut(found)
        ],
        "PageNo": page.number,
        "PageSize": page.size,
        "TotalCount": str(len(found)),
    }


def create_build_rule(call: Call) -> Payload:
    _, repository = _found(call)
    if repository.code is None:
        raise Refused("REPO_SOURCE_CODE_REPO_NOT_EXIST", f"no source code is bound: {repository.path}")
    rule = _rule(call, call.cloud.account.new_id("crbr", repository.id))
    same = (rule.push_type, rule.push_name, rule.tag)
    if any((r.push_type, r.push_name, r.tag) == same for r in repository.build_rules.values()):
        raise Refused("BUILD_RULE_ALREADY_EXIST", f"build rule already exists: {rule.push_name} {rule.tag}")
    repository.build_rules[rule.id] = rule
    return {"BuildRuleId": rule.id}


def update_build_rule(call: Call) -> Payload:
    _, repository = _found(call)
    identity = _known(call, repository)
    repository.build_rules[identity] = _rule(call, identity)
    return {"BuildRuleId": identity}


def delete_build_rule(call: Call) -> Payload:
    _, repository = _found(call)
    del repository.build_rules[_known(call, repository)]
    return {}


def _found(call: Call) -> tuple[Instance, Repository]:
    instance = find(call)
    return instance, instance.catalogue.repository_by_id(call.parameters.required("RepoId"))


def _known(call: Call, repository: Repository) -> str:
    identity = call.parameters.required("BuildRuleId")
    if identity not in repository.build_rules:
        raise Refused("BUILD_RULE_NOT_EXIST", f"build rule is not exist: {identity}")
    return identity


def _code(call: Call, instance: Instance) -> CodeRepository:
    kind = call.parameters.required("CodeRepoType")
    if kind not in _CODE_TYPES:
        raise invalid("CodeRepoType", kind)
    bound = call.cloud.policy.code_platforms
    if bound is not None and kind.lower() not in bound:
        raise Refused("SOURCE_CODE_ACCOUNT_NOT_EXIST", f"no {kind} account is bound to {instance.id}")
    return CodeRepository(
        kind,
        call.parameters.required("CodeRepoNamespaceName"),
        call.parameters.required("CodeRepoName"),
        call.parameters.flag("AutoBuild") or False,
        call.parameters.flag("OverseaBuild") or False,
        call.parameters.flag("DisableCacheBuild") or False,
    )


def _rule(call: Call, identity: str) -> BuildRule:
    push_type = call.parameters.required("PushType")
    if push_type not in _PUSHES:
        raise invalid("PushType", push_type)
    platforms = call.parameters.texts("Platforms") or ["linux/amd64"]
    for platform in platforms:
        if platform not in _PLATFORMS:
            raise invalid("Platforms", platform)
    return BuildRule(
        identity,
        push_type,
        call.parameters.required("PushName"),
        call.parameters.required("ImageTag"),
        call.parameters.text("DockerfileLocation") or "/",
        call.parameters.text("DockerfileName") or "Dockerfile",
        platforms,
    )


def _written(flag: bool) -> str:
    return "true" if flag else "false"


OPERATIONS: dict[str, Operation] = {
    "CreateRepoSourceCodeRepo": create_source_code,
    "GetRepoSourceCodeRepo": get_source_code,
    "UpdateRepoSourceCodeRepo": update_source_code,
    "ListRepoBuildRule": list_build_rule,
    "CreateRepoBuildRule": create_build_rule,
    "UpdateRepoBuildRule": update_build_rule,
    "DeleteRepoBuildRule": delete_build_rule,
}
