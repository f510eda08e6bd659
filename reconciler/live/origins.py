"""Sources of imports besides Personal Edition: registries and stores, what reads there, and what they hold."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable
from functools import partial
from pathlib import Path
from typing import Protocol, assert_never

from reconciler.acr.credentials import CredentialSource
from reconciler.acr.errors import CredentialsMissing
from reconciler.model.scope import OriginScope
from reconciler.model.source import DirectorySource, OssSource, PersonalSource, RegistrySource, S3Source, StoreSource
from reconciler.oci.catalogue import Catalogue
from reconciler.oci.client import Registry
from reconciler.oci.errors import LoginRefused
from reconciler.oci.registry_catalogue import RegistryCatalogue
from reconciler.oci.source import ImageSource
from reconciler.oci.stores.buckets import AccessKey, oss_store, s3_store
from reconciler.oci.stores.finding import find_images
from reconciler.oci.stores.objects import ObjectStore
from reconciler.oci.stores.operators import folder_store
from reconciler.oci.stores.reader import StoreReader


class OpenRegistry(Protocol):
    """The client of a host, always the same one; `plain_http` counts when it is first asked for."""

    def __call__(self, host: str, plain_http: bool | None = None) -> Registry: ...


class Origins:
    """Gives what reads a source of images, by the name that images have for it. Thread-safe.

    Stores are known once `learn` was told of them; every other name is a registry's. `oss_endpoint` is where OSS of a
    region is reached.
    """

    def __init__(
        self,
        registries: OpenRegistry,
        credentials: CredentialSource,
        oss_endpoint: Callable[[str], str],
        *,
        sleep: Callable[[float], object] | None = None,
    ) -> None:
        self._registries = registries
        self._credentials = credentials
        self._oss_endpoint = oss_endpoint
        self._sleep = sleep
        self._lock = threading.Lock()
        self._stores: dict[str, StoreReader] = {}

    def learn(self, scopes: Iterable[OriginScope]) -> None:
        """Raises RegistryError for a store that cannot be there."""
        for scope in scopes:
            match scope.source:
                case OssSource() | S3Source() | DirectorySource() as source:
                    self._learn_store(source)
                case RegistrySource() as source:
                    self._registries(source.name, source.plain_http)
                case PersonalSource():
                    pass
                case _:
                    assert_never(scope.source)

    def __call__(self, name: str) -> ImageSource:
        with self._lock:
            store = self._stores.get(name)
        return store if store is not None else self._registries(name)

    def catalogue(self, name: str) -> Catalogue:
        with self._lock:
            store = self._stores.get(name)
        return store if store is not None else RegistryCatalogue(self._registries(name))

    def close(self) -> None:
        with self._lock:
            for store in self._stores.values():
                store.close()

    def _learn_store(self, source: StoreSource) -> None:
        with self._lock:
            if source.name not in self._stores:
                find = partial(find_images, repository=source.repository)
                self._stores[source.name] = StoreReader(self._open(source), find, sleep=self._sleep)

    def _open(self, source: StoreSource) -> ObjectStore:
        match source:
            case OssSource():
                return oss_store(
                    source.name,
                    bucket=source.bucket,
                    prefix=source.prefix,
                    endpoint=source.endpoint or self._oss_endpoint(source.region),
                    key=partial(self._access_key, source.name),
                )
            case S3Source():
                return s3_store(
                    source.name,
                    bucket=source.bucket,
                    prefix=source.prefix,
                    region=source.region,
                    endpoint=source.endpoint,
                )
            case DirectorySource():
                return folder_store(source.name, Path(source.path))
            case _:
                assert_never(source)

    def _access_key(self, name: str) -> AccessKey:
        try:
            found = self._credentials.credential()
        except CredentialsMissing as error:
            raise LoginRefused(name, str(error)) from error
        return AccessKey(found.access_key_id, found.access_key_secret, found.security_token)
