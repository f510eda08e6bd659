"""The live state as the cloud and its registries tell it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from types import MappingProxyType
from typing import TYPE_CHECKING

from reconciler.acr.bss import Bss
from reconciler.acr.cr import Cr
from reconciler.acr.cr_personal import CrPersonal
from reconciler.acr.hosts import Network
from reconciler.acr.surroundings import Surroundings
from reconciler.live.contents import merge
from reconciler.live.failure import readable, reading, unreadable
from reconciler.live.listing import InstanceListing, PersonalListing, matching, tagged
from reconciler.live.networks import NetworkListing, RoleListing
from reconciler.live.origin_listing import list_origin
from reconciler.live.origins import Origins
from reconciler.live.port import ReadFailed
from reconciler.live.pricing import missing_offers, quote
from reconciler.model.image import Digest, RepositoryName
from reconciler.model.live import RUNNING, Live, LiveInstance, LiveRepository
from reconciler.model.scope import ManifestQuery, OriginScope, PresenceQuery, Scope, TagQuery, TaskQuery
from reconciler.model.source import PersonalSource, described
from reconciler.model.sync_task import SyncTask
from reconciler.oci.catalogue import Catalogue
from reconciler.oci.read import Reading, present, read_contents
from reconciler.oci.source import ImageSource

if TYPE_CHECKING:
    from reconciler.oci.client import Registry

WORKERS = 8
"""OpenAPI calls, or repositories, in flight; the rate of calls is the transport's business."""

REGISTRY_REQUESTS = 32
"""Requests to registries in flight: they are small, so what counts is how many wait for an answer at once."""


def _learn_nothing(_live: Live) -> None:
    pass


def _own_nothing(_instance: str, _account: str) -> None:
    pass


class CloudReader:
    """A LiveSource over the OpenAPI and the registries. `registries` gives the client of a host; `learn` is told the
    hosts that the listings found before the first of them is asked for. `network` is the one that registries are
    reached over, too. Prices are asked of `bss`; sources of imports that are not Personal Edition of `origins`."""

    def __init__(
        self,
        cr: Cr,
        personal: CrPersonal,
        around: Surroundings,
        registries: Callable[[str], Registry],
        *,
        workers: int = WORKERS,
        learn: Callable[[Live], None] = _learn_nothing,
        network: Network = Network.PUBLIC,
        own: Callable[[str, str], None] = _own_nothing,
        bss: Bss | None = None,
        origins: Origins | None = None,
    ) -> None:
        self._cr = cr
        self._personal = personal
        self._around = around
        self._registries = registries
        self._workers = workers
        self._read: set[ManifestQuery] = set()
        self._learn = learn
        self._network = network
        self._own = own
        self._bss = bss
        self._origins = origins

    def listings(self, scope: Scope) -> Live:
        places = sorted({(instance.region, instance.account) for instance in scope.instances})
        with self._pool() as pool:
            personal = [
                PersonalListing.start(pool.submit, self._personal, asked.source, asked)
                for asked in sorted(scope.origins, key=lambda asked: asked.name)
                if isinstance(asked.source, PersonalSource)
            ]
            others = [pool.submit(list_origin, *found) for found in self._catalogues(scope)]
            networks = [NetworkListing.start(pool.submit, self._around, item) for item in scope.networks]
            roles = [RoleListing.start(pool.submit, self._around, name, home) for name, home in scope.roles]
            listed = {place: pool.submit(self._cr.list_instances, *place) for place in places}
            found: list[LiveInstance] = []
            for (region, account), future in listed.items():
                with reading(f"region {region} of account `{account}`" if account else f"region {region}"):
                    found += future.result()
            for one in found:
                self._own(one.id, one.account)
            matched = matching(scope.instances, found)
            quotes = [pool.submit(quote, self._bss, offer) for offer in missing_offers(scope.instances, found)]
            instances = [
                InstanceListing.start(pool.submit, self._cr, instance, asked, self._network)
                for instance, asked in matched
                if instance.status == RUNNING
            ]
            waiting = [instance for instance, _ in matched if instance.status != RUNNING]
            for edition in personal:
                edition.start_tags(pool.submit, self._personal)
            origins = tuple(other.result() for other in others)
            for instance in instances:
                instance.start_tags(pool.submit, self._cr, origins)
            read = [*waiting, *(instance.result() for instance in instances)]
            asked_for = {instance.id for instance, _ in matched}
            live = Live(
                other_instances=tuple(instance for instance in found if instance.id not in asked_for),
                instances=tuple(sorted(read, key=lambda instance: instance.id)),
                origins=(*origins, *(edition.result() for edition in personal)),
                quotes=tuple(quote.result() for quote in quotes),
                networks=tuple(network.result() for network in networks),
                roles=tuple(role.result() for role in roles),
            )
        self._learn(live)
        return live

    def tags(self, live: Live, queries: Sequence[TagQuery]) -> Live:
        wanted = frozenset(queries)
        places = {TagQuery(i.id, r.name): (i, r) for i in live.instances for r in i.repositories}
        with self._pool() as pool:
            asked = {query: pool.submit(self._tags, *places[query]) for query in places if query in wanted}
            fresh = {query: future.result() for query, future in asked.items()}
        return replace(
            live,
            instances=tuple(
                replace(i, repositories=tuple(fresh.get(TagQuery(i.id, r.name), r) for r in i.repositories))
                for i in live.instances
            ),
        )

    def tasks(self, live: Live, queries: Sequence[TaskQuery]) -> Live:
        with self._pool() as pool:
            asked = [pool.submit(self._tasks, query) for query in queries]
            found = {task.id: task for future in asked for task in future.result()}
        return replace(live, tasks=tuple(found[identity] for identity in sorted(found)))

    def contents(self, live: Live, queries: Sequence[ManifestQuery]) -> Live:
        # An image is the same wherever it lies, its referrers are not: each repository is asked for its own.
        asked = (query for query in queries if query not in live.unreadable)
        fresh = {query for query in asked if query.digest not in live.contents or query not in self._read}
        self._read |= fresh
        wanted: dict[RepositoryName, list[Digest]] = {}
        for query in sorted(fresh, key=lambda query: (query.repository, query.digest)):
            wanted.setdefault(query.repository, []).append(query.digest)
        requests = self._requests(len(wanted))
        with self._pool() as pool:
            read = [(group, pool.submit(self._contents, *group, requests)) for group in wanted.items()]
            contents = dict(live.contents)
            failed = dict(live.unreadable)
            for (repository, digests), future in read:
                found = future.result()
                merge(contents, repository, (d for d in digests if d not in found.failed), found.read)
                for digest, error in found.failed.items():
                    failed[ManifestQuery(repository, digest)] = unreadable(error)
        return replace(
            live,
            contents=MappingProxyType({digest: contents[digest] for digest in sorted(contents)}),
            unreadable=MappingProxyType(failed),
        )

    def presence(self, live: Live, queries: Sequence[PresenceQuery]) -> Live:
        requests = self._requests(len(queries))
        with self._pool() as pool:
            asked = [(query.repository, pool.submit(self._present, query, requests)) for query in queries]
            held = dict(live.present)
            for repository, future in asked:
                held[repository] = held.get(repository, frozenset()) | future.result()
        return replace(live, present=MappingProxyType({repository: held[repository] for repository in sorted(held)}))

    def _catalogues(self, scope: Scope) -> Iterator[tuple[Catalogue, OriginScope]]:
        for asked in sorted(scope.origins, key=lambda asked: asked.name):
            if not isinstance(asked.source, PersonalSource):
                if self._origins is None:
                    raise ReadFailed(
                        f"{described(asked.source)} could not be read: this reader has Personal Edition alone"
                    )
                with reading(described(asked.source)):
                    self._origins.learn((asked,))
                yield self._origins.catalogue(asked.name), asked

    def _requests(self, repositories: int) -> int:
        """Each repository's share of the requests in flight."""
        return REGISTRY_REQUESTS // max(1, min(repositories, self._workers, REGISTRY_REQUESTS))

    def _tags(self, instance: LiveInstance, repository: LiveRepository) -> LiveRepository:
        with reading(f"the tags of `{repository.name}` in instance `{instance.name}`"):
            return tagged(repository, readable(lambda: self._cr.list_tags(instance.region, instance.id, repository.id)))

    def _tasks(self, query: TaskQuery) -> tuple[SyncTask, ...]:
        with reading(f"the replication tasks of instance {query.instance}"):
            return self._cr.sync_tasks_of(query.region, query.instance, query.tags)

    def _contents(self, repository: RepositoryName, digests: Sequence[Digest], requests: int) -> Reading:
        with reading(f"the images of {repository}"):
            return read_contents(self._source(repository), repository.path, digests, workers=requests)

    def _present(self, query: PresenceQuery, requests: int) -> frozenset[Digest]:
        with reading(f"what the repository {query.repository} holds"):
            registry = self._registry(query.repository)
            return present(registry, query.repository.path, query.blobs, query.manifests, workers=requests)

    def _source(self, repository: RepositoryName) -> ImageSource:
        return self._registry(repository) if self._origins is None else self._origins(self._reached(repository))

    def _registry(self, repository: RepositoryName) -> Registry:
        return self._registries(self._reached(repository))

    def _reached(self, repository: RepositoryName) -> str:
        if not repository.registry:
            raise ReadFailed(
                f"the repository {repository.path} cannot be read: its instance has no open endpoint",
                hint="enable the internet endpoint, or link the VPC that this machine is in",
            )
        return repository.registry

    @contextmanager
    def _pool(self) -> Iterator[ThreadPoolExecutor]:
        """Threads that end with the reading; after a failure nothing new starts. Who interrupts does not wait for those
        who wait for an answer."""
        pool = ThreadPoolExecutor(self._workers, thread_name_prefix="live")
        waits = True
        try:
            yield pool
        except KeyboardInterrupt:
            waits = False
            raise
        finally:
            pool.shutdown(wait=waits, cancel_futures=True)
