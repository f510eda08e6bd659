"""Namespaces, repositories and tags: what both Enterprise Edition instances and Personal Edition hold."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from enum import StrEnum

from reconciler.emulator.policy import Quota
from reconciler.emulator.refusal import Refused
from reconciler.model.image import Digest
from reconciler.model.spec import Visibility

_NAME = r"[a-z0-9]+(?:[._-]+[a-z0-9]+)*"
_NAMESPACE = re.compile(_NAME)
_REPOSITORY = re.compile(rf"{_NAME}(?:/{_NAME})*")
_SINGLE_LEVEL = re.compile(_NAME)


class Status(StrEnum):
    NORMAL = "NORMAL"
    DELETING = "DELETING"


@dataclass(slots=True)
class Tag:
    """`size` is manifest, config and layers in bytes; `created` and `updated` (the push) are epoch milliseconds."""

    name: str
    digest: Digest
    image_id: Digest
    size: int
    created: int
    updated: int


@dataclass(frozen=True, slots=True)
class CodeRepository:
    """Source code that images are built from; `kind` in the service's words, such as `GITHUB`."""

    kind: str
    namespace: str
    name: str
    auto_build: bool = False
    oversea: bool = False
    disable_cache: bool = False


@dataclass(frozen=True, slots=True)
class BuildRule:
    """`push_type` is `GIT_BRANCH` or `GIT_TAG`."""

    id: str
    push_type: str
    push_name: str
    tag: str
    location: str
    dockerfile: str
    platforms: list[str] = field(default_factory=lambda: ["linux/amd64"])


@dataclass(slots=True)
class Namespace:
    id: str
    name: str
    auto_create: bool
    visibility: Visibility
    tag_immutability: bool = False
    image_index_only: bool = False
    status: Status = Status.NORMAL


@dataclass(slots=True)
class Repository:
    """`number` is the id that Personal Edition shows; `name` may have several levels in Enterprise Edition."""

    id: str
    number: int
    namespace: str
    name: str
    visibility: Visibility
    summary: str
    created: int
    modified: int
    detail: str = ""
    tag_immutability: bool = False
    status: Status = Status.NORMAL
    tags: dict[str, Tag] = field(default_factory=dict)
    code: CodeRepository | None = None
    build_rules: dict[str, BuildRule] = field(default_factory=dict)

    @property
    def path(self) -> str:
        return f"{self.namespace}/{self.name}"


@dataclass(slots=True)
class Catalogue:
    """Everything with a name below one registry. Repositories are keyed by `namespace/repository`."""

    namespace_quota: int
    repository_quota: int
    name_limits: tuple[int, int]
    multi_level: bool
    namespaces: dict[str, Namespace] = field(default_factory=dict)
    repositories: dict[str, Repository] = field(default_factory=dict)

    def namespace(self, name: str) -> Namespace:
        """Raises Refused with NAMESPACE_NOT_EXIST."""
        found = self.namespaces.get(name)
        if found is None:
            raise Refused("NAMESPACE_NOT_EXIST", f"namespace is not exist: {name}")
        return found

    def repository(self, path: str) -> Repository:
        """Raises Refused with REPO_NOT_EXIST."""
        found = self.repositories.get(path)
        if found is None:
            raise Refused("REPO_NOT_EXIST", f"repo is not exist: {path}")
        return found

    def repository_by_id(self, repository_id: str) -> Repository:
        """Raises Refused with REPO_NOT_EXIST."""
        for repository in self.repositories.values():
            if repository.id == repository_id:
                return repository
        raise Refused("REPO_NOT_EXIST", f"repo is not exist: {repository_id}")

    def repositories_of(self, namespace: str) -> list[Repository]:
        return [r for r in self.repositories.values() if r.namespace == namespace]

    def add_namespace(self, namespace: Namespace) -> None:
        """Raises Refused for a bad name, a name in use, or a full quota."""
        low, high = self.name_limits
        if not low <= len(namespace.name) <= high or not _NAMESPACE.fullmatch(namespace.name):
            raise Refused("NAMESPACE_NAME_INVALID", f"namespace name is invalid: {namespace.name}")
        if namespace.name in self.namespaces:
            raise Refused("NAMESPACE_ALREADY_EXIST", f"namespace already exists: {namespace.name}")
        if len(self.namespaces) >= self.namespace_quota:
            raise Refused("NAMESPACE_QUOTA_EXCEEDED", f"namespace quota is used up: {self.namespace_quota}")
        self.namespaces[namespace.name] = namespace

    def add_repository(self, repository: Repository) -> None:
        """Raises Refused for a missing namespace, a bad name, a name in use, or a full quota."""
        namespace = self.namespace(repository.namespace)
        if namespace.status is not Status.NORMAL:
            raise Refused("NAMESPACE_NOT_EXIST", f"namespace is being deleted: {namespace.name}")
        pattern = _REPOSITORY if self.multi_level else _SINGLE_LEVEL
        if not 2 <= len(repository.name) <= 120 or not pattern.fullmatch(repository.name):
            raise Refused("REPO_NAME_INVALID", f"repo name is invalid: {repository.name}")
        if repository.path in self.repositories:
            raise Refused("REPO_ALREADY_EXIST", f"repo already exists: {repository.path}")
        if len(self.repositories) >= self.repository_quota:
            raise Refused("REPO_QUOTA_EXCEEDED", f"repo quota is used up: {self.repository_quota}")
        self.repositories[repository.path] = repository


def enterprise_catalogue(quota: Quota) -> Catalogue:
    return Catalogue(quota.namespaces, quota.repositories, name_limits=(2, 120), multi_level=True)


def personal_catalogue(quota: Quota) -> Catalogue:
    return Catalogue(quota.namespaces, quota.repositories, name_limits=(2, 30), multi_level=False)
