"""Where the source code of a repository's images is, and what is built when it is pushed."""

from __future__ import annotations

from reconciler.acr.answer import Answer
from reconciler.acr.cr.product import Product
from reconciler.acr.errors import NotFound
from reconciler.acr.rpc import Parameter, listed
from reconciler.model.build import BuildRule, LiveBuildRule, SourceCode

BRANCH, GIT_TAG = "GIT_BRANCH", "GIT_TAG"


class Builds(Product):
    def get_source_code(self, region: str, instance_id: str, repository_id: str) -> SourceCode | None:
        """None for a repository that is bound to no source code: the service tells so by a refusal, or by an answer
        without names; which of the two is not documented."""
        parameters = {"InstanceId": instance_id, "RepoId": repository_id}
        try:
            answer = self._call(region, "GetRepoSourceCodeRepo", parameters)
        except NotFound:
            return None
        if not answer.has("CodeRepoName"):
            return None
        return SourceCode(
            answer.text("CodeRepoType").lower(),
            f"{answer.text('CodeRepoNamespaceName')}/{answer.text('CodeRepoName')}",
            answer.flag("AutoBuild"),
            answer.flag("OverseaBuild"),
            not answer.flag("DisableCacheBuild"),
        )

    def create_source_code(self, region: str, instance_id: str, repository_id: str, code: SourceCode) -> None:
        """Once bound, a repository can be bound to something else and never to nothing."""
        self._call(region, "CreateRepoSourceCodeRepo", _bound(instance_id, repository_id, code))

    def update_source_code(self, region: str, instance_id: str, repository_id: str, code: SourceCode) -> None:
        self._call(region, "UpdateRepoSourceCodeRepo", _bound(instance_id, repository_id, code))

    def list_build_rules(self, region: str, instance_id: str, repository_id: str) -> tuple[LiveBuildRule, ...]:
        """In the order of their names."""
        parameters = {"InstanceId": instance_id, "RepoId": repository_id}
        found = (_rule(item) for item in self._list(region, "ListRepoBuildRule", "BuildRules", parameters))
        return tuple(sorted(found, key=lambda live: (live.rule.name, live.id)))

    def create_build_rule(self, region: str, instance_id: str, repository_id: str, rule: BuildRule) -> str:
        """The new rule's id."""
        parameters = _settings(instance_id, repository_id, rule)
        return self._call(region, "CreateRepoBuildRule", parameters).text("BuildRuleId")

    def update_build_rule(
        self, region: str, instance_id: str, repository_id: str, rule_id: str, rule: BuildRule
    ) -> None:
        parameters = {**_settings(instance_id, repository_id, rule), "BuildRuleId": rule_id}
        self._call(region, "UpdateRepoBuildRule", parameters)

    def delete_build_rule(self, region: str, instance_id: str, repository_id: str, rule_id: str) -> None:
        parameters = {"InstanceId": instance_id, "RepoId": repository_id, "BuildRuleId": rule_id}
        self._call(region, "DeleteRepoBuildRule", parameters)


def _bound(instance_id: str, repository_id: str, code: SourceCode) -> dict[str, Parameter]:
    group, _, name = code.repository.rpartition("/")
    return {
        "InstanceId": instance_id,
        "RepoId": repository_id,
        "CodeRepoType": code.platform.upper(),
        "CodeRepoNamespaceName": group,
        "CodeRepoName": name,
        "AutoBuild": code.auto_build,
        "OverseaBuild": code.overseas,
        "DisableCacheBuild": not code.cache,
    }


def _settings(instance_id: str, repository_id: str, rule: BuildRule) -> dict[str, Parameter]:
    return {
        "InstanceId": instance_id,
        "RepoId": repository_id,
        "PushType": BRANCH if rule.branch is not None else GIT_TAG,
        "PushName": rule.branch if rule.branch is not None else rule.git_tag,
        "ImageTag": rule.tag,
        "DockerfileLocation": rule.context,
        "DockerfileName": rule.dockerfile,
        **listed("Platforms", rule.platforms),
    }


def _rule(item: Answer) -> LiveBuildRule:
    name, by_branch = item.text("PushName"), item.text("PushType") == BRANCH
    rule = BuildRule(
        item.text("ImageTag"),
        name if by_branch else None,
        None if by_branch else name,
        item.text("DockerfileName", "Dockerfile"),
        item.text("DockerfileLocation", "/"),
        tuple(sorted(item.texts("Platforms"))),
    )
    return LiveBuildRule(item.text("BuildRuleId"), rule)
