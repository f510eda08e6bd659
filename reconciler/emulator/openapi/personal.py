"""Personal Edition (version 2016-06-07): a ROA product, scoped to one region of the caller's account.

Paths and answers as the official SDK, Terraform's provider and Harbor's adapter know them; lower camel case.
"""

from __future__ import annotations

import re
import time
from collections.abc import Mapping
from urllib.parse import unquote

from reconciler.emulator.account import PersonalRegion
from reconciler.emulator.catalogue import Namespace, Repository, Status, Tag
from reconciler.emulator.logins import TEMPORARY_USER
from reconciler.emulator.openapi.call import Call, Operation, Page, Payload
from reconciler.emulator.openapi.tags import remove_tag
from reconciler.emulator.refusal import Refused
from reconciler.model.json_value import Json
from reconciler.model.spec import Visibility

_TOKEN_SECONDS = 3600
_AUTHORITY = "ADMIN"


async def list_namespaces(call: Call) -> Payload:
    """No pages, and less of each namespace than GetNamespace tells."""
    found = [
        {"namespace": n.name, "authorizeType": _AUTHORITY, "namespaceStatus": n.status.value}
        for region in await _regions(call)
        for _, n in sorted(region.catalogue.namespaces.items())
    ]
    return {"data": {"namespaces": found}}


async def get_namespace(call: Call) -> Payload:
    _, namespace = await _namespace(call)
    shown: Payload = {
        "namespace": namespace.name,
        "authorizeType": _AUTHORITY,
        "defaultVisibility": namespace.visibility.upper(),
        "autoCreate": namespace.auto_create,
        "namespaceStatus": namespace.status.value,
    }
    return {"data": {"namespace": shown}}


async def create_namespace(call: Call) -> Payload:
    region = await call.cloud.personal(call.region)
    name = _text(_section(call, "Namespace"), "Namespace")
    made = call.cloud.account.new_namespace(region, name, auto_create=True, visibility=Visibility.PRIVATE)
    return {"data": {"namespaceId": made.id}}


async def update_namespace(call: Call) -> Payload:
    _, namespace = await _namespace(call)
    section = _section(call, "Namespace")
    if isinstance(section.get("AutoCreate"), bool):
        namespace.auto_create = bool(section["AutoCreate"])
    if "DefaultVisibility" in section:
        namespace.visibility = _visibility(section["DefaultVisibility"])
    return {}


async def delete_namespace(call: Call) -> Payload:
    region, namespace = await _namespace(call)
    if region.catalogue.repositories_of(namespace.name):
        raise Refused("NAMESPACE_NOT_EMPTY", f"namespace has repos: {namespace.name}", 409)
    del region.catalogue.namespaces[namespace.name]
    return {}


async def list_repositories(call: Call) -> Payload:
    namespace = call.path[0] if call.path else ""
    found = [
        (region, repository)
        for region in await _regions(call)
        for _, repository in sorted(region.catalogue.repositories.items())
        if namespace in ("", repository.namespace)
    ]
    page = _page(call)
    rows = [_shown_repository(call, region, repository) for region, repository in page.cut(found)]
    return {"data": {"repos": rows, "page": page.number, "pageSize": page.size, "total": len(found)}}


async def get_repository(call: Call) -> Payload:
    region, repository = await _repository(call)
    return {"data": {"repo": {**_shown_repository(call, region, repository), "detail": repository.detail}}}


async def create_repository(call: Call) -> Payload:
    region = await call.cloud.personal(call.region)
    section = _section(call, "Repo")
    repository = call.cloud.account.new_repository(
        region,
        f"{_text(section, 'RepoNamespace')}/{_text(section, 'RepoName')}",
        visibility=_visibility(section.get("RepoType")),
        summary=_text(section, "Summary"),
        now=call.cloud.clock.now(),
    )
    repository.detail = str(section.get("Detail") or "")
    return {"data": {"repoId": repository.number}}


async def update_repository(call: Call) -> Payload:
    _, repository = await _repository(call)
    section = _section(call, "Repo")
    if "RepoType" in section:
        repository.visibility = _visibility(section["RepoType"])
    repository.summary = str(section.get("Summary") or repository.summary)
    repository.detail = str(section.get("Detail") or repository.detail)
    repository.modified = call.cloud.clock.now()
    return {}


async def delete_repository(call: Call) -> Payload:
    region, repository = await _repository(call)
    await call.cloud.contents[region.label].delete_repository(repository.path)
    region.catalogue.repositories.pop(repository.path, None)
    return {}


async def list_tags(call: Call) -> Payload:
    region, repository = await _repository(call)
    names = await call.cloud.tag_names(region, repository)
    page = _page(call)
    rows = [_shown_tag(tag) for tag in await call.cloud.some_tags(region, repository, page.cut(names))]
    return {"data": {"tags": rows, "page": page.number, "pageSize": page.size, "total": len(names)}}


async def get_tag(call: Call) -> Payload:
    """Flat, unlike everything else here."""
    region, repository = await _repository(call)
    return _shown_tag(await call.cloud.tag(region, repository, call.path[2]))


async def delete_image(call: Call) -> Payload:
    region, repository = await _repository(call)
    await remove_tag(call.cloud, region, repository, call.path[2])
    return {}


async def list_build_rules(call: Call) -> Payload:
    """Without pages; the ids are numbers."""
    _, repository = await _repository(call)
    rows: list[Payload] = [
        {
            "buildRuleId": number,
            "pushType": rule.push_type,
            "pushName": rule.push_name,
            "imageTag": rule.tag,
            "dockerfileLocation": rule.location,
            "dockerfileName": rule.dockerfile,
        }
        for number, rule in enumerate(repository.build_rules.values(), repository.number * 1000)
    ]
    return {"data": {"buildRules": rows}}


async def get_source_repository(call: Call) -> Payload:
    """Only older libraries know of it; the shape is a guess from what creates it there."""
    _, repository = await _repository(call)
    code = repository.code
    if code is None:
        return {"data": {}}
    source: Payload = {
        "sourceRepoType": code.kind,
        "sourceRepoNamespace": code.namespace,
        "sourceRepoName": code.name,
        "isAutoBuild": code.auto_build,
        "isOversea": code.oversea,
        "isDisableCache": code.disable_cache,
    }
    return {"data": {"repoSource": source}}


async def get_authorization_token(call: Call) -> Payload:
    region = await call.cloud.personal(call.region)
    return {
        "data": {
            "tempUserName": TEMPORARY_USER,
            "authorizationToken": call.cloud.logins.new_password(region.label, _TOKEN_SECONDS),
            "expireDate": int((time.time() + _TOKEN_SECONDS) * 1000),
        }
    }


async def list_regions(call: Call) -> Payload:
    return {"data": {"regions": [{"regionId": region.region} for region in await _regions(call)]}}


async def create_user(call: Call) -> Payload:
    """Opens Personal Edition in a region, with its first login password."""
    _text(_section(call, "User"), "Password")
    if call.region is not None and call.region in call.cloud.account.personal:
        raise Refused("ORDER.OPEND", "the service is open already", 400)
    await call.cloud.personal(call.region)
    return {}


async def _regions(call: Call) -> list[PersonalRegion]:
    if call.region is None:
        return list(call.cloud.account.personal.values())
    if call.region not in call.cloud.account.personal:
        raise Refused("USER_NOT_EXIST", "user is not exist.", 404)
    return [call.cloud.account.personal[call.region]]


async def _namespace(call: Call) -> tuple[PersonalRegion, Namespace]:
    for region in await _regions(call):
        if call.path[0] in region.catalogue.namespaces:
            return region, region.catalogue.namespaces[call.path[0]]
    raise Refused("NAMESPACE_NOT_EXIST", f"namespace is not exist: {call.path[0]}", 404)


async def _repository(call: Call) -> tuple[PersonalRegion, Repository]:
    path = f"{call.path[0]}/{call.path[1]}"
    for region in await _regions(call):
        if path in region.catalogue.repositories:
            return region, region.catalogue.repositories[path]
    raise Refused("REPO_NOT_EXIST", f"repo is not exist: {path}", 404)


def _section(call: Call, name: str) -> Mapping[str, Json]:
    section = call.body.get(name) if isinstance(call.body, Mapping) else None
    if not isinstance(section, Mapping):
        raise Refused("REQUEST_BODY_FORMAT_INVALID", f"the body has no object: {name}", 400)
    return section


def _text(section: Mapping[str, Json], name: str) -> str:
    value = section.get(name)
    if not isinstance(value, str) or not value:
        raise Refused("REQUEST_BODY_FORMAT_INVALID", f"the body has no text: {name}", 400)
    return value


def _visibility(value: Json) -> Visibility:
    if value not in ("PUBLIC", "PRIVATE"):
        raise Refused("REQUEST_BODY_FORMAT_INVALID", f"not PUBLIC or PRIVATE: {value}", 400)
    return Visibility(str(value).lower())


def _page(call: Call) -> Page:
    size = call.parameters.integer("PageSize", 30)
    return Page(call.parameters.integer("Page", 1), min(size, 100))


def _shown_repository(call: Call, region: PersonalRegion, repository: Repository) -> Payload:
    address = call.cloud.addresses[region.label]
    return {
        "repoId": repository.number,
        "repoNamespace": repository.namespace,
        "repoName": repository.name,
        "repoType": repository.visibility.upper(),
        "repoStatus": Status.NORMAL.value,
        "repoBuildType": "MANUAL",
        "repoOriginType": "ALI_HUB",
        "repoAuthorizeType": _AUTHORITY,
        "regionId": region.region,
        "summary": repository.summary,
        "gmtCreate": repository.created,
        "gmtModified": repository.modified,
        "downloads": 0,
        "stars": 0,
        "logo": "",
        "repoDomainList": {"public": address, "internal": address, "vpc": address},
    }


def _shown_tag(tag: Tag) -> Payload:
    return {
        "tag": tag.name,
        "imageId": tag.image_id.partition(":")[2],
        "digest": tag.digest.partition(":")[2],
        "imageSize": tag.size,
        "imageCreate": tag.created,
        "imageUpdate": tag.updated,
        "status": "NORMAL",
    }


_NAME = "([^/]+)"
_REPOSITORY = f"/repos/{_NAME}/{_NAME}"
_ROUTES: tuple[tuple[str, str, Operation], ...] = (
    ("GET", "/namespace", list_namespaces),
    ("PUT", "/namespace", create_namespace),
    ("GET", f"/namespace/{_NAME}", get_namespace),
    ("POST", f"/namespace/{_NAME}", update_namespace),
    ("DELETE", f"/namespace/{_NAME}", delete_namespace),
    ("GET", "/repos", list_repositories),
    ("PUT", "/repos", create_repository),
    ("GET", f"/repos/{_NAME}", list_repositories),
    ("GET", _REPOSITORY, get_repository),
    ("POST", _REPOSITORY, update_repository),
    ("DELETE", _REPOSITORY, delete_repository),
    ("GET", f"{_REPOSITORY}/tags", list_tags),
    ("GET", f"{_REPOSITORY}/tags/{_NAME}", get_tag),
    ("DELETE", f"{_REPOSITORY}/tags/{_NAME}", delete_image),
    ("GET", f"{_REPOSITORY}/rules", list_build_rules),
    ("GET", f"{_REPOSITORY}/sourceRepo", get_source_repository),
    ("GET", "/tokens", get_authorization_token),
    ("GET", "/regions", list_regions),
    ("PUT", "/users", create_user),
)
_COMPILED = tuple((method, re.compile(pattern), operation) for method, pattern, operation in _ROUTES)


def route(method: str, path: str) -> tuple[Operation, tuple[str, ...]] | None:
    """The operation for a percent-encoded path, and the path's variable parts decoded."""
    for known, pattern, operation in _COMPILED:
        match = pattern.fullmatch(path)
        if match and known == method:
            return operation, tuple(unquote(part) for part in match.groups())
    return None
