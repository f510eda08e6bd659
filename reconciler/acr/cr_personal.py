"""Personal Edition: the API `cr`, version 2016-06-07, read only. It belongs to an account in a region."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from urllib.parse import quote

from reconciler.acr import visibility as words
from reconciler.acr.answer import Answer
from reconciler.acr.errors import AccessDenied, ApiError, NotFound, Throttled, Unavailable
from reconciler.acr.hosts import Network
from reconciler.acr.request import Request, Version
from reconciler.acr.token import RegistryToken
from reconciler.acr.transport import Caller
from reconciler.model.build import BuildRule, LiveBuildRule, LiveBuilds, SourceCode
from reconciler.model.live import LiveNamespace, LiveRepository, LiveTag
from reconciler.model.source import SourceNetwork

_PAGE = 100
_NO_SUCH_CALL = (400, 404, 405)
"""How gateways refuse a path that they do not know."""

_NOTHING: Mapping[str, str] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class PersonalRepository:
    """A repository, the host that it is pulled from over the network of the client, and those of the others."""

    repository: LiveRepository
    domain: str
    hosts: Mapping[SourceNetwork, str]


def shared_domain(region: str, network: Network = Network.PUBLIC) -> str:
    """The host of every Personal Edition that was opened before September 2024, when they began to get their own."""
    return f"registry{'-vpc' if network is Network.VPC else ''}.{region}.aliyuncs.com"


class CrPersonal:
    """Every method raises AcrError; AccessDenied also stands for an account that never opened Personal Edition."""

    def __init__(self, transport: Caller, network: Network = Network.PUBLIC) -> None:
        self._transport = transport
        self.network = network

    def list_namespaces(self, region: str) -> tuple[str, ...]:
        """Names only, sorted: this list has no settings and no pages."""
        data = self._get(region, "GetNamespaceList", "/namespace").part("data")
        names = {item.text("namespace") for item in data.parts("namespaces") if _normal(item, "namespaceStatus")}
        return tuple(sorted(names))

    def get_namespace(self, region: str, name: str) -> LiveNamespace:
        """Raises NotFound."""
        answer = self._get(region, "GetNamespace", f"/namespace/{_segment(name)}")
        item = answer.part("data").part("namespace")
        return LiveNamespace(
            name=item.text("namespace"),
            auto_create=item.flag("autoCreate"),
            visibility=words.read(item, "defaultVisibility", "PRIVATE"),
        )

    def list_repositories(self, region: str, namespace: str) -> tuple[PersonalRepository, ...]:
        """In name order, without tags and without those that are being deleted."""
        items = self._pages(region, "GetRepoListByNamespace", f"/repos/{_segment(namespace)}", "repos")
        found = {
            item.text("repoName"): PersonalRepository(
                LiveRepository(
                    id=item.text("repoId"),
                    name=f"{item.text('repoNamespace')}/{item.text('repoName')}",
                    visibility=words.read(item, "repoType"),
                    summary=item.text("summary", ""),
                ),
                item.part("repoDomainList").text(self.network.value, shared_domain(region, self.network)),
                _hosts(item.part("repoDomainList")),
            )
            for item in items
            if _normal(item, "repoStatus")
        }
        return tuple(found[name] for name in sorted(found))

    def list_tags(self, region: str, repository: str) -> tuple[LiveTag, ...]:
        """Of `namespace/repository`, in name order, without those that are being deleted."""
        path = "/".join(_segment(part) for part in repository.split("/"))
        items = self._pages(region, "GetRepoTags", f"/repos/{path}/tags", "tags")
        found = {
            item.text("tag"): LiveTag(
                name=item.text("tag"),
                digest=item.digest("digest"),
                size=item.number("imageSize", 0),
                pushed=item.number("imageUpdate", 0),
            )
            for item in items
            if _normal(item, "status")
        }
        return tuple(found[name] for name in sorted(found))

    def builds(self, region: str, repository: str) -> LiveBuilds:
        """What `namespace/repository` is built from. Not every account can be told what it is bound to: the call for
        that is in older libraries alone."""
        path = f"/repos/{'/'.join(_segment(part) for part in repository.split('/'))}"
        answer = self._get(region, "GetRepoBuildRuleList", f"{path}/rules").part("data")
        rules = tuple(sorted(map(_build_rule, answer.parts("buildRules")), key=lambda live: (live.rule.name, live.id)))
        try:
            data = self._get(region, "GetRepoSourceRepo", f"{path}/sourceRepo").part("data")
        except NotFound:
            return LiveBuilds(None, rules)
        except ApiError as error:
            if isinstance(error, AccessDenied | Throttled | Unavailable) or error.status not in _NO_SUCH_CALL:
                raise
            return LiveBuilds(None, rules, source_known=False)
        return LiveBuilds(_source_code(data), rules)

    def authorization_token(self, region: str) -> RegistryToken:
        """A login to the account's Personal Edition registry in `region`."""
        data = self._get(region, "GetAuthorizationToken", "/tokens").part("data")
        return RegistryToken(
            username=data.text("tempUserName"),
            password=data.text("authorizationToken"),
            expires=data.number("expireDate") / 1000,
        )

    def _get(self, region: str, action: str, path: str, query: Mapping[str, str] = _NOTHING) -> Answer:
        return self._transport.call(Request(Version.PERSONAL, action, region, query, method="GET", path=path))

    def _pages(self, region: str, action: str, path: str, key: str) -> Iterator[Answer]:
        number = 1
        while True:
            query = {"Page": str(number), "PageSize": str(_PAGE)}
            data = self._get(region, action, path, query).part("data")
            found = data.parts(key)
            yield from found
            # The service may have taken a smaller page than was asked for.
            if not found or data.number("total") <= number * data.number("pageSize", _PAGE):
                return
            number += 1


def _build_rule(item: Answer) -> LiveBuildRule:
    name, by_branch = item.text("pushName"), item.text("pushType") == "GIT_BRANCH"
    rule = BuildRule(
        item.text("imageTag"),
        name if by_branch else None,
        None if by_branch else name,
        item.text("dockerfileName", "Dockerfile"),
        item.text("dockerfileLocation", "/"),
    )
    return LiveBuildRule(item.text("buildRuleId"), rule)


def _source_code(data: Answer) -> SourceCode | None:
    """The names of the fields are those that ROS gives them (document 135727); what they lie in differs by age."""
    found = data.part("repoSource") if data.has("repoSource") else data
    source = found.part("source") if found.has("source") else found
    settings = found.part("buildConfig") if found.has("buildConfig") else found
    if not source.has("sourceRepoName"):
        return None
    return SourceCode(
        source.text("sourceRepoType").lower(),
        f"{source.text('sourceRepoNamespace')}/{source.text('sourceRepoName')}",
        settings.flag("isAutoBuild"),
        settings.flag("isOversea"),
        not settings.flag("isDisableCache"),
    )


def _normal(item: Answer, key: str) -> bool:
    return item.text(key, "NORMAL") == "NORMAL"


def _hosts(item: Answer) -> Mapping[SourceNetwork, str]:
    words = {SourceNetwork.INTERNET: "public", SourceNetwork.VPC: "vpc", SourceNetwork.INTERNAL: "internal"}
    found = {network: item.text(word, "") for network, word in words.items()}
    return MappingProxyType({network: host for network, host in found.items() if host})


def _segment(name: str) -> str:
    return quote(name, safe="")
