"""The listings of one reading: which calls answer a scope, and how their answers make up the live state."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, replace
from functools import partial
from types import MappingProxyType
from typing import TypeAlias

from reconciler.acr.cr import Cr, InternetAccess, VpcAccess
from reconciler.acr.cr_personal import CrPersonal, PersonalRepository, shared_domain
from reconciler.acr.errors import AccessDenied, NotFound, NotReady
from reconciler.acr.hosts import Network
from reconciler.live.failure import readable, reading
from reconciler.live.submit import Submit
from reconciler.model.build import LiveBuilds
from reconciler.model.live import (
    LiveInstance,
    LiveNamespace,
    LiveOrigin,
    LiveRepository,
    LiveSyncRule,
    LiveTag,
    Unreadable,
)
from reconciler.model.quota import Usage
from reconciler.model.scope import InstanceScope, OriginScope
from reconciler.model.source import PersonalSource

_Namespace: TypeAlias = tuple[LiveNamespace, tuple[PersonalRepository, ...]]
"""A namespace of Personal Edition and what it holds."""


@dataclass(slots=True)
class InstanceListing:
    """The calls for one instance, all under way from the start; tags follow once the repositories are known."""

    found: LiveInstance
    scope: InstanceScope
    namespaces: Future[tuple[LiveNamespace, ...]]
    repositories: Future[tuple[LiveRepository, ...]]
    rules: Future[tuple[LiveSyncRule, ...]]
    internet: Future[InternetAccess]
    registry_access: Future[VpcAccess]
    other_access: tuple[Future[VpcAccess], ...]
    usage: Future[Usage | None]
    tags: dict[str, Future[tuple[LiveTag, ...]]]
    builds: dict[str, Future[LiveBuilds]]
    details: dict[str, Future[LiveRepository | None]]
    network: Network

    @classmethod
    def start(
        cls, submit: Submit, cr: Cr, found: LiveInstance, scope: InstanceScope, network: Network = Network.PUBLIC
    ) -> InstanceListing:
        region, identity = found.region, found.id
        others = sorted(scope.vpc_modules - {"registry"})
        return cls(
            found,
            scope,
            namespaces=submit(cr.list_namespaces, region, identity),
            repositories=submit(cr.list_repositories, region, identity),
            rules=submit(cr.list_sync_rules, region, identity),
            internet=submit(cr.internet_endpoint, region, identity),
            registry_access=submit(cr.vpc_endpoint, region, identity, "registry"),
            other_access=tuple(submit(cr.vpc_endpoint, region, identity, module) for module in others),
            usage=submit(_usage, cr, region, identity),
            tags={},
            builds={},
            details={},
            network=network,
        )

    @property
    def label(self) -> str:
        return f"instance `{self.found.name}` ({self.found.id}, {self.found.region})"

    def start_tags(self, submit: Submit, cr: Cr, origins: Iterable[LiveOrigin]) -> None:
        """`origins` are those that were read before."""
        alike = {r.short_name for origin in origins if origin.name in self.scope.like for r in origin.repositories}
        with reading(self.label):
            repositories = self.repositories.result()
        for repository in repositories:
            if self.scope.lists_tags_of(repository.name, alike):
                self.tags[repository.name] = submit(cr.list_tags, self.found.region, self.found.id, repository.id)
            if self.scope.reads_builds_of(repository.name):
                asked = submit(_builds, cr, self.found.region, self.found.id, repository.id)
                self.builds[repository.name] = asked
            if repository.name in self.scope.detail_repositories:
                there = submit(cr.get_repository, self.found.region, self.found.id, repository.name)
                self.details[repository.name] = there

    def result(self) -> LiveInstance:
        with reading(self.label):
            internet, registry_access = self.internet.result(), self.registry_access.result()
            links = [link for access in self.other_access for link in access.result().links]
            if "registry" in self.scope.vpc_modules:
                links += registry_access.links
            namespaces, rules = self.namespaces.result(), self.rules.result()
            usage = self.usage.result()
        return replace(
            self.found,
            registry=_registry(internet, registry_access, self.network),
            endpoint=internet.endpoint if self.scope.endpoint else None,
            namespaces=namespaces,
            repositories=tuple(
                self._with_settings(self._with_tags(repository)) for repository in self.repositories.result()
            ),
            vpc_links=tuple(sorted(links, key=lambda link: (link.module, link.vpc, link.vswitch))),
            sync_rules=rules,
            usage=usage,
        )

    def _with_tags(self, repository: LiveRepository) -> LiveRepository:
        listed = self.tags.get(repository.name)
        if listed is None:
            return repository
        with reading(f"the tags of `{repository.name}` in {self.label}"):
            return tagged(repository, readable(listed.result))

    def _with_settings(self, repository: LiveRepository) -> LiveRepository:
        with reading(f"the settings of `{repository.name}` in {self.label}"):
            return _settled(repository, partial(self._settings, repository))

    def _settings(self, repository: LiveRepository) -> LiveRepository:
        asked, detailed = self.builds.get(repository.name), self.details.get(repository.name)
        there = detailed.result() if detailed is not None else None
        builds = asked.result() if asked is not None else None
        return replace(repository, builds=builds, detail=there.detail if there is not None else None)


@dataclass(slots=True)
class PersonalListing:
    """The calls for Personal Edition in one region."""

    name: str
    region: str
    namespaces: dict[str, Future[_Namespace | None]]
    tags: dict[str, Future[tuple[LiveTag, ...]]]
    builds: dict[str, Future[LiveBuilds]]
    network: Network
    scope: OriginScope
    names: Future[tuple[str, ...]] | None = None

    @classmethod
    def start(cls, submit: Submit, personal: CrPersonal, source: PersonalSource, scope: OriginScope) -> PersonalListing:
        names = sorted({name for wanted in scope.filters for name in wanted.namespaces})
        asked = {name: submit(_namespace, personal, source.region, name) for name in names}
        return cls(source.name, source.region, asked, {}, {}, personal.network, scope)

    def start_tags(self, submit: Submit, personal: CrPersonal) -> None:
        for _, repositories in self._found():
            for item in repositories:
                name = item.repository.name
                self.tags[name] = submit(personal.list_tags, self.region, name)
                if self.scope.reads_builds_of(name):
                    self.builds[name] = submit(personal.builds, self.region, name)
        if None in self._answers().values():
            self.names = submit(personal.list_namespaces, self.region)

    def result(self) -> LiveOrigin:
        found = self._found()
        repositories = [item for _, items in found for item in items]
        unreadable = {name: answer for name, answer in self._answers().items() if isinstance(answer, Unreadable)}
        return LiveOrigin(
            name=self.name,
            region=self.region,
            registry=next((item.domain for item in repositories), shared_domain(self.region, self.network)),
            namespaces=tuple(namespace for namespace, _ in found),
            repositories=tuple(self._with_builds(self._with_tags(item.repository)) for item in repositories),
            hosts=next((item.hosts for item in repositories), MappingProxyType({})),
            inside_vpc=self.network is Network.VPC,
            unreadable=MappingProxyType(unreadable),
            names=self._names(),
        )

    def _names(self) -> tuple[str, ...] | None:
        """None where they were not asked for, or may not be listed: they only help to correct a name."""
        if self.names is None:
            return None
        with reading(f"the namespaces of Personal Edition in {self.region}"):
            listed = readable(self.names.result)
        return None if isinstance(listed, Unreadable) else listed

    def _found(self) -> Sequence[_Namespace]:
        return [answer for answer in self._answers().values() if isinstance(answer, tuple)]

    def _answers(self) -> Mapping[str, _Namespace | Unreadable | None]:
        answers = {}
        for name, future in self.namespaces.items():
            with reading(f"namespace `{name}` of Personal Edition in {self.region}"):
                answers[name] = readable(future.result)
        return answers

    def _with_tags(self, repository: LiveRepository) -> LiveRepository:
        with reading(f"the tags of `{repository.name}` of Personal Edition in {self.region}"):
            return tagged(repository, readable(self.tags[repository.name].result))

    def _with_builds(self, repository: LiveRepository) -> LiveRepository:
        asked = self.builds.get(repository.name)
        if asked is None:
            return repository
        with reading(f"what `{repository.name}` of Personal Edition in {self.region} is built from"):
            return _settled(repository, lambda: replace(repository, builds=asked.result()))


def tagged(repository: LiveRepository, tags: tuple[LiveTag, ...] | Unreadable) -> LiveRepository:
    """`repository` with what a listing of its tags answered."""
    if isinstance(tags, Unreadable):
        return replace(repository, tags=None, unreadable=tags)
    return replace(repository, tags=tags)


def _settled(repository: LiveRepository, settings: Callable[[], LiveRepository]) -> LiveRepository:
    """`repository` with its `settings`; without them when its tags could not be read either, or when it was deleted
    after it was listed. Raises AcrError for every other refusal."""
    refusals = (NotFound,) if repository.unreadable is None else (AccessDenied, NotFound)
    settled = readable(settings, refusals)
    if isinstance(settled, Unreadable):
        return replace(repository, tags=None, unreadable=repository.unreadable or settled)
    return settled


def _builds(cr: Cr, region: str, instance_id: str, repository_id: str) -> LiveBuilds:
    source = cr.get_source_code(region, instance_id, repository_id)
    return LiveBuilds(source, cr.list_build_rules(region, instance_id, repository_id))


def matching(
    scopes: Iterable[InstanceScope], found: Sequence[LiveInstance]
) -> list[tuple[LiveInstance, InstanceScope]]:
    """The instances that scopes ask for, each once and in id order, with everything that is asked of it."""
    asked: dict[str, tuple[LiveInstance, InstanceScope]] = {}
    for scope in scopes:
        instance = match(scope, found)
        if instance is None:
            continue
        known = asked.get(instance.id)
        asked[instance.id] = (instance, scope if known is None else _merged(known[1], scope))
    return [asked[identity] for identity in sorted(asked)]


def match(scope: InstanceScope, found: Sequence[LiveInstance]) -> LiveInstance | None:
    """The instance that `scope` asks for."""

    def fits(instance: LiveInstance) -> bool:
        named = instance.id == scope.id if scope.id else instance.name == scope.name
        return named and (instance.region, instance.account) == (scope.region, scope.account)

    # A name can be used again while its last bearer is still being deleted.
    candidates = sorted(filter(fits, found), key=lambda instance: instance.status == "DELETING")
    return candidates[0] if candidates else None


def _merged(one: InstanceScope, other: InstanceScope) -> InstanceScope:
    return replace(
        one,
        tag_namespaces=one.tag_namespaces | other.tag_namespaces,
        tag_repositories=one.tag_repositories | other.tag_repositories,
        vpc_modules=one.vpc_modules | other.vpc_modules,
        endpoint=one.endpoint or other.endpoint,
        build_namespaces=one.build_namespaces | other.build_namespaces,
        build_repositories=one.build_repositories | other.build_repositories,
        detail_repositories=one.detail_repositories | other.detail_repositories,
        all_tags=one.all_tags or other.all_tags,
        like=one.like | other.like,
    )


def _usage(cr: Cr, region: str, instance_id: str) -> Usage | None:
    """None when the instance does not tell, or not us: a plan is worth having without it."""
    try:
        return cr.instance_usage(region, instance_id)
    except (AccessDenied, NotReady):
        return None


def _registry(internet: InternetAccess, vpc: VpcAccess, network: Network) -> str:
    """The host that images move through: the VPC's for who is inside of one, else the internet's when that is open."""
    open_to_all = internet.endpoint.enabled and internet.domains
    inside = network is Network.VPC and vpc.domains
    domains = internet.domains if open_to_all and not inside else vpc.domains
    return domains[0] if domains else ""


def _namespace(personal: CrPersonal, region: str, name: str) -> _Namespace | None:
    """None when there is no such namespace."""
    try:
        namespace = personal.get_namespace(region, name)
    except NotFound:
        return None
    return namespace, personal.list_repositories(region, name)
