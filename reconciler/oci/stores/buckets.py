"""Buckets: how OSS and S3 are addressed, and whose credential goes there."""

from __future__ import annotations

import ipaddress
from collections.abc import Callable
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from reconciler.oci.stores.operators import OperatorStore, Options


@dataclass(frozen=True, slots=True)
class AccessKey:
    """`security_token` is empty for a permanent access key."""

    id: str
    secret: str = field(repr=False)
    security_token: str = field(default="", repr=False)


AccessKeySource = Callable[[], AccessKey]
"""The access key that is valid now. Raises RegistryError."""


def oss_endpoint(region: str, *, internal: bool = False) -> str:
    """Where OSS of a region is reached, over the internet or from inside its network (OSS documentation, regions and
    endpoints)."""
    return f"https://oss-{region}{'-internal' if internal else ''}.aliyuncs.com"


def oss_store(name: str, *, bucket: str, prefix: str, endpoint: str, key: AccessKeySource) -> OperatorStore:
    style = {"addressing_style": "path"} if _is_address(endpoint) else {}

    def options() -> Options:
        now = key()
        token = {"security_token": now.security_token} if now.security_token else {}
        return {
            "bucket": bucket,
            "root": f"/{prefix}",
            "endpoint": endpoint,
            "access_key_id": now.id,
            "access_key_secret": now.secret,
            **style,
            **token,
        }

    return OperatorStore(name, "oss", options, ranged=True)


def s3_store(name: str, *, bucket: str, prefix: str, region: str, endpoint: str) -> OperatorStore:
    """The library takes the credential, and what is empty here, from the AWS environment and profile."""
    given = {"region": region, "endpoint": endpoint}
    options = {"bucket": bucket, "root": f"/{prefix}", **{name: value for name, value in given.items() if value}}
    return OperatorStore(name, "s3", lambda: options, ranged=True)


def _is_address(endpoint: str) -> bool:
    """Whether a bucket's name cannot be part of the host: it has no name itself."""
    host = urlsplit(endpoint).hostname or ""
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return host == "localhost"
    return True
