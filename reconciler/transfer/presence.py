"""Whether a repository has a blob, in one request that opens the upload too when it has not.

`POST …/blobs/uploads/?mount=D&from=<the same repository>` answers 201 when the blob is there and 202 with an upload
session when it is not (docker-registry 2.8). A registry may also answer 202 to every such request, so each one is tried
once with a blob that is known to be there before its 202 is believed.
"""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Iterable

from reconciler.model.image import Digest
from reconciler.oci.client import Registry
from reconciler.oci.errors import RegistryDenied, RegistryError
from reconciler.oci.session import UploadSession

_WORTH_A_TRIAL = 4
"""Questions to one registry from which on the trial, which costs up to two requests, pays."""


class Presence:
    """Thread-safe. `unsure` are the registries of the blobs that will be asked for, once for each blob."""

    def __init__(self, unsure: Iterable[str] = ()) -> None:
        self._lock = threading.Lock()
        self._untried = {host for host, blobs in Counter(unsure).items() if blobs >= _WORTH_A_TRIAL}
        self._trusted: set[str] = set()

    def ask(self, registry: Registry, repository: str, digest: Digest) -> UploadSession | bool:
        """Whether it is there; a session to send it to says that it is not. Raises RegistryError."""
        with self._lock:
            trusted = registry.host in self._trusted
        if trusted:
            return registry.mount(repository, digest, repository) or True
        held = holds(registry, repository, digest)
        if held:
            self.seen(registry, repository, digest)
        return held

    def seen(self, registry: Registry, repository: str, digest: Digest) -> None:
        """Learn from a blob that is there, unless there is nothing to learn."""
        with self._lock:
            if registry.host not in self._untried:
                return
            self._untried.discard(registry.host)
        try:
            session = registry.mount(repository, digest, repository)
            if session is not None:
                registry.cancel(session)
                return
        except RegistryError:
            return  # nobody needs the trial: the blob is there, and others are asked for with a HEAD
        with self._lock:
            self._trusted.add(registry.host)


def holds(registry: Registry, repository: str, digest: Digest) -> bool:
    """As a HEAD tells. Some registries deny to look into a repository that the first push creates; that will tell."""
    try:
        return registry.head_blob(repository, digest) is not None
    except RegistryDenied:
        return False
