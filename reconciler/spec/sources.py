"""Sources of imports."""

from __future__ import annotations

import posixpath

from reconciler.model.source import (
    DirectorySource,
    OssSource,
    PersonalSource,
    RegistrySource,
    RepositoryFilter,
    S3Source,
    Source,
    SourceNetwork,
)
from reconciler.spec.fields import Fields
from reconciler.spec.references import Build


def read_source(build: Build, fields: Fields, where: str) -> Source | None:
    """None for what the schema has refused."""
    region = fields.text("region")
    if region is not None and fields.text("type") in ("personal", "oss"):
        build.region(region, fields.span("region"), where)
    wanted = RepositoryFilter(_texts(fields, "namespaces"), _texts(fields, "repositories"))
    prefix = (fields.text("prefix") or "").strip("/")
    endpoint, repository = fields.text("endpoint") or "", fields.text("repository") or ""
    match fields.text("type"):
        case "personal" if region is not None:
            network = fields.choice("network", SourceNetwork) or SourceNetwork.AUTO
            return PersonalSource(region, wanted.namespaces, network)
        case "oss" if region is not None and (bucket := fields.text("bucket")) is not None:
            return OssSource(region, bucket, prefix, endpoint, wanted, repository)
        case "s3" if (bucket := fields.text("bucket")) is not None:
            return S3Source(bucket, prefix, region or "", endpoint, wanted, repository)
        case "directory" if (path := fields.text("path")) is not None:
            return DirectorySource(_beside(path, fields), wanted, repository)
        case "registry" if (url := fields.text("url")) is not None:
            return RegistrySource(url.rstrip("/"), wanted)
        case _:
            return None


def _texts(fields: Fields, name: str) -> tuple[str, ...]:
    return tuple(text.value for text in fields.texts(name))


def _beside(path: str, fields: Fields) -> str:
    """A relative path is one from the file that says it."""
    return posixpath.normpath(posixpath.join(posixpath.dirname(fields.span("path").file), path))
