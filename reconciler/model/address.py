"""Addresses: the names that users, plans and reports call resources by."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum


class Kind(StrEnum):
    """What an address names."""

    INSTANCE = "instance"
    ENDPOINT = "endpoint"
    NAMESPACE = "namespace"
    REPOSITORY = "repository"
    SOURCE_CODE = "source code"
    BUILD_RULE = "build rule"
    VPC = "vpc"
    SECURITY_GROUP = "security group"
    ROLE = "role"
    IMPORT = "import"
    REPLICATION = "replication"
    BACKFILL = "backfill"


_FORMS: dict[Kind, tuple[str, re.Pattern[str]]] = {
    Kind.ENDPOINT: ("instances.{}.endpoints.{}", re.compile(r"instances\.([^.]+)\.endpoints\.([^.]+)")),
    Kind.NAMESPACE: ("instances.{}.namespaces.{}", re.compile(r"instances\.([^.]+)\.namespaces\.(.+)")),
    Kind.SOURCE_CODE: (
        "instances.{}.repositories.{}[source_code]",
        re.compile(r"instances\.([^.]+)\.repositories\.([^\[\]]+)\[source_code\]"),
    ),
    Kind.BUILD_RULE: (
        "instances.{}.repositories.{}[build_rules.{}]",
        re.compile(r"instances\.([^.]+)\.repositories\.([^\[\]]+)\[build_rules\.(.+)\]"),
    ),
    Kind.REPOSITORY: ("instances.{}.repositories.{}", re.compile(r"instances\.([^.]+)\.repositories\.(.+)")),
    Kind.INSTANCE: ("instances.{}", re.compile(r"instances\.([^.]+)")),
    Kind.SECURITY_GROUP: ("vpcs.{}.security_group", re.compile(r"vpcs\.([^.]+)\.security_group")),
    Kind.ROLE: ("roles.{}", re.compile(r"roles\.(.+)")),
    Kind.VPC: ("vpcs.{}", re.compile(r"vpcs\.(.+)")),
    Kind.IMPORT: ("imports.{}", re.compile(r"imports\.(.+)")),
    Kind.BACKFILL: ("replications.{}[{}].backfill", re.compile(r"replications\.(.+)\[([^\]]*)\]\.backfill")),
    Kind.REPLICATION: ("replications.{}[{}]", re.compile(r"replications\.(.+)\[([^\]]*)\]")),
}


@dataclass(frozen=True, slots=True)
class Address:
    """`kind` and the names that fill its form, for example `instances.hub.repositories.apps/web`.

    Addresses are ordered by their text, as whoever reads a plan sees them.
    """

    kind: Kind
    parts: tuple[str, ...]

    def __str__(self) -> str:
        return _FORMS[self.kind][0].format(*self.parts)

    def __lt__(self, other: Address) -> bool:
        return str(self) < str(other)

    @classmethod
    def parse(cls, text: str) -> Address:
        """Raises ValueError when `text` has none of the forms."""
        for kind, (_, form) in _FORMS.items():
            match = form.fullmatch(text)
            if match:
                return cls(kind, match.groups())
        raise ValueError(f"not an address: {text}")

    def within(self, prefix: str) -> bool:
        """Whether this address is `prefix` or something inside it (`instances.hub` holds its namespaces).

        Names hold dots themselves: repository `apps/web.api` is not inside `apps/web`.
        """
        return prefix in self._around()

    def _around(self) -> Iterator[str]:
        text = ""
        for literal, part in zip(_FORMS[self.kind][0].split("{}"), self.parts, strict=False):
            text += literal
            yield text.rstrip(".[")
            text += part
            yield text
        if self.kind is Kind.BACKFILL:
            yield str(replication(*self.parts))
        yield str(self)


def instance(key: str) -> Address:
    return Address(Kind.INSTANCE, (key,))


def endpoint(instance_key: str, endpoint_type: str) -> Address:
    return Address(Kind.ENDPOINT, (instance_key, endpoint_type))


def namespace(instance_key: str, name: str) -> Address:
    return Address(Kind.NAMESPACE, (instance_key, name))


def repository(instance_key: str, name: str) -> Address:
    return Address(Kind.REPOSITORY, (instance_key, name))


def source_code(instance_key: str, repository_name: str) -> Address:
    return Address(Kind.SOURCE_CODE, (instance_key, repository_name))


def build_rule(instance_key: str, repository_name: str, trigger: str, tag: str) -> Address:
    """`trigger` is `branch:NAME` or `git_tag:NAME`; no name in git or of a tag holds a colon."""
    return Address(Kind.BUILD_RULE, (instance_key, repository_name, f"{trigger}:{tag}"))


def vpc(key: str) -> Address:
    return Address(Kind.VPC, (key,))


def security_group(vpc_key: str) -> Address:
    """What the security group of a VPC binding lets in."""
    return Address(Kind.SECURITY_GROUP, (vpc_key,))


def role(name: str) -> Address:
    return Address(Kind.ROLE, (name,))


def import_rule(key: str) -> Address:
    return Address(Kind.IMPORT, (key,))


def replication(name: str, target: str) -> Address:
    return Address(Kind.REPLICATION, (name, target))


def backfill(name: str, target: str) -> Address:
    return Address(Kind.BACKFILL, (name, target))
