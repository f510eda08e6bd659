"""Listing a source of imports whose namespaces and repositories have names alone: a registry or a store."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import partial

from reconciler.live.failure import reading, unreadable
from reconciler.live.port import ReadFailed
from reconciler.model.live import Clock, LiveBrokenTag, LiveOrigin, LiveRepository, LiveTag, Unreadable
from reconciler.model.scope import OriginScope
from reconciler.model.source import RegistrySource, described, is_glob
from reconciler.model.spec import Visibility
from reconciler.oci.catalogue import Catalogue, ListedTags
from reconciler.oci.errors import (
    ConnectionUnusable,
    LoginRefused,
    NotFound,
    RegistryDenied,
    RegistryError,
    RegistryRefused,
)

WORKERS = 4
"""Repositories whose tags are listed at once; each of them has several requests under way."""


def list_origin(catalogue: Catalogue, scope: OriginScope) -> LiveOrigin:
    """Raises ReadFailed when the source cannot be read; what is wrong with one repository or tag is told of it."""
    with reading(described(scope.source)):
        names = _names(catalogue, scope)
        with ThreadPoolExecutor(WORKERS, thread_name_prefix="origin") as pool:
            listed = list(pool.map(partial(_tags, catalogue, scope.newest), names))
    clock = Clock.CREATED if isinstance(scope.source, RegistrySource) else Clock.STORED
    found = (_repository(name, tags) for name, tags in zip(names, listed, strict=True) if tags is not None)
    return LiveOrigin(scope.name, scope.name, repositories=tuple(found), clock=clock)


def _names(catalogue: Catalogue, scope: OriginScope) -> Sequence[str]:
    """The catalogue is not asked for when every repository is named."""
    asked = [wanted.repositories for wanted in scope.filters]
    if all(names and not any(is_glob(name) for name in names) for names in asked):
        return sorted({name for names in asked for name in names if scope.wants(name)})
    try:
        return [name for name in catalogue.repositories() if scope.wants(name)]
    except (NotFound, RegistryDenied, RegistryRefused) as error:
        if isinstance(error, (LoginRefused, ConnectionUnusable)) or not isinstance(scope.source, RegistrySource):
            raise
        one_by_one = "name them one by one, without `*`, in `source.repositories`"
        login = f"log in with `docker login {scope.name}`; where a login may not list repositories, {one_by_one}"
        raise ReadFailed(
            f"{described(scope.source)} does not list its repositories: {error}",
            hint=login if isinstance(error, RegistryDenied) else one_by_one,
        ) from error


def _tags(catalogue: Catalogue, newest: int | None, name: str) -> ListedTags | Unreadable | None:
    """None for a repository that is not there."""
    try:
        return catalogue.tags(name, newest)
    except NotFound:
        return None
    except LoginRefused:
        raise
    except RegistryError as error:
        if error.transient:
            raise
        return unreadable(error)


def _repository(name: str, listed: ListedTags | Unreadable) -> LiveRepository:
    named = LiveRepository(name, name, Visibility.PRIVATE, "")
    if isinstance(listed, Unreadable):
        return replace(named, unreadable=listed)
    return replace(
        named,
        tags=tuple(LiveTag(tag.name, tag.digest, 0, tag.moment) for tag in listed.tags),
        broken=tuple(LiveBrokenTag(tag.name, tag.reason) for tag in listed.broken),
    )
