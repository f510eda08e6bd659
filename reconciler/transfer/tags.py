"""What is under a tag at the target: one listing speaks for many tags, where nothing is under most of them."""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from reconciler.model.image import Digest, RepositoryName
from reconciler.oci.client import Registry

LISTING_LASTS = 10.0
"""Seconds that a listing is believed. A tag that somebody writes in this time is overwritten, as it would be between a
request of its own and the PUT, only with more time for it."""


@dataclass(slots=True)
class _Listing:
    lock: threading.Lock = field(default_factory=threading.Lock)
    names: frozenset[str] | None = None
    ends: float = 0.0
    usable: bool = True


class Tags:
    """Thread-safe. `asked` are the repositories of the tags that will be looked up, once for each tag."""

    def __init__(self, asked: Iterable[RepositoryName], clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._listings = {repository: _Listing() for repository, tags in Counter(asked).items() if tags > 1}

    def find(
        self, registry: Registry, repository: RepositoryName, tag: str, expected: Digest | None = None
    ) -> Digest | None:
        """What `tag` stands for in `repository` of `registry`, `expected` as a rule; None when it is not there.

        Raises RegistryError.
        """
        listing = self._listings.get(repository)
        if listing is not None and listing.usable:
            with listing.lock:
                if self._clock() >= listing.ends:
                    listing.names = registry.few_tags(repository.path)
                    listing.usable = listing.names is not None
                    listing.ends = self._clock() + LISTING_LASTS
                if listing.names is not None and tag not in listing.names:
                    return None
        found = registry.head_manifest(repository.path, tag, expected)
        return None if found is None else found.digest
