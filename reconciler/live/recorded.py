"""A live state that was recorded before, in place of the cloud."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from reconciler.live.port import ReadFailed
from reconciler.live.snapshot.place import RECORD_AGAIN
from reconciler.model.image import closure
from reconciler.model.live import RUNNING, Live, LiveInstance
from reconciler.model.scope import InstanceScope, ManifestQuery, OriginScope, PresenceQuery, Scope, TagQuery, TaskQuery
from reconciler.model.source import described


class RecordedSource:
    """A LiveSource that answers from `recorded` and raises ReadFailed for what was not recorded, so that a question
    that nobody asked is never taken for something that is not there."""

    def __init__(self, recorded: Live) -> None:
        self._recorded = recorded

    def listings(self, scope: Scope) -> Live:
        for asked in scope.instances:
            for instance in self._recorded.instances:
                if instance.region == asked.region and (
                    instance.id == asked.id if asked.id else instance.name == asked.name
                ):
                    _check_instance(instance, asked, self._alike(asked))
        for origin in scope.origins:
            self._check_origin(origin)
        for network in scope.networks:
            if self._recorded.network(network.home) is None:
                raise _unrecorded(f"the network in {network.home.region}")
        for name, home in scope.roles:
            if self._recorded.role(name, home.account) is None:
                raise _unrecorded(f"the role `{name}`")
        return replace(self._recorded, contents={}, present={}, unreadable={}, tasks=None)

    def tags(self, live: Live, queries: Sequence[TagQuery]) -> Live:
        for query in queries:
            instance = self._recorded.instance_by_id(query.instance)
            there = instance.repository(query.repository) if instance is not None else None
            if there is None or there.tags is None:
                raise _unrecorded(f"the tags of `{query.repository}` in instance {query.instance}")
        return live

    def tasks(self, live: Live, queries: Sequence[TaskQuery]) -> Live:
        if queries and self._recorded.tasks is None:
            raise _unrecorded("replication tasks")
        return replace(live, tasks=self._recorded.tasks)

    def contents(self, live: Live, queries: Sequence[ManifestQuery]) -> Live:
        for query in queries:
            if query in self._recorded.unreadable:
                continue
            try:
                closure(query.digest, self._recorded.contents)
            except KeyError:
                raise _unrecorded(f"the image {query.repository}@{query.digest}") from None
        return replace(live, contents=self._recorded.contents, unreadable=self._recorded.unreadable)

    def presence(self, live: Live, queries: Sequence[PresenceQuery]) -> Live:
        for query in queries:
            if query.repository not in self._recorded.present:
                raise _unrecorded(f"what the repository {query.repository} holds")
        return replace(live, present=self._recorded.present)

    def _alike(self, asked: InstanceScope) -> frozenset[str]:
        origins = (origin for origin in self._recorded.origins if origin.name in asked.like)
        return frozenset(repository.short_name for origin in origins for repository in origin.repositories)

    def _check_origin(self, asked: OriginScope) -> None:
        origin = self._recorded.origin(asked.name)
        if origin is None:
            raise _unrecorded(described(asked.source))
        for repository in origin.repositories:
            unasked = repository.tags is None and repository.unreadable is None
            if asked.wants(repository.name) and unasked:
                raise _unrecorded(f"the tags of `{repository.name}` of {described(asked.source)}")
            unasked = repository.builds is None and repository.unreadable is None
            if asked.reads_builds_of(repository.name) and unasked:
                raise _unrecorded(f"what `{repository.name}` of {described(asked.source)} is built from")


def _check_instance(instance: LiveInstance, asked: InstanceScope, alike: frozenset[str]) -> None:
    if instance.status != RUNNING:
        return  # nothing can be read of it
    if asked.endpoint and instance.endpoint is None:
        raise _unrecorded(f"the internet endpoint of instance `{instance.name}`")
    for repository in instance.repositories:
        if repository.unreadable is not None:
            continue
        if repository.tags is None and asked.lists_tags_of(repository.name, alike):
            raise _unrecorded(f"the tags of `{repository.name}` in instance `{instance.name}`")
        if repository.detail is None and repository.name in asked.detail_repositories:
            raise _unrecorded(f"the detail of `{repository.name}` in instance `{instance.name}`")
        if repository.builds is None and asked.reads_builds_of(repository.name):
            raise _unrecorded(f"what `{repository.name}` in instance `{instance.name}` is built from")


def _unrecorded(what: str) -> ReadFailed:
    return ReadFailed(f"the recorded live state does not have {what}", hint=RECORD_AGAIN)
