"""What images are read from: a registry, or a store of objects that a registry or a tool left behind."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Protocol, TypeVar

from reconciler.model.image import Descriptor, Digest
from reconciler.oci.manifest import Manifest
from reconciler.oci.measured import Readable
from reconciler.oci.patience import Retry

_T = TypeVar("_T")


class ImageSource(Protocol):
    """Every method may be called from any thread and raises RegistryError, whose `host` is the source's."""

    @property
    def host(self) -> str:
        """What images call the source: `host[:port]` of a registry, or a store's URL."""

    @property
    def requests(self) -> Counter[str]:
        """How many requests were sent so far, by kind."""

    @property
    def retries(self) -> int: ...

    def observed(self, observer: Callable[[Retry], None]) -> AbstractContextManager[None]:
        """`observer` hears of every retry while the block runs, from the thread that retries."""

    def persist(self, action: Callable[[], _T]) -> _T:
        """`action`'s result; it is run again while it fails in ways that may pass, as single requests are."""

    def manifest(self, repository: str, reference: str) -> Manifest:
        """A manifest by tag or digest, its bytes checked against the digest."""

    def open_blob(self, repository: str, blob: Descriptor, offset: int = 0) -> AbstractContextManager[Readable]:
        """A blob's bytes from `offset` on, one attempt."""

    def few_tags(self, repository: str) -> frozenset[str] | None:
        """Every tag of a repository when they are known at little cost, else None."""

    def referrers(
        self, repository: str, digest: Digest, may_have: Callable[[str], bool] = lambda _tag: True
    ) -> tuple[Descriptor, ...]:
        """Manifests whose subject is `digest`. `may_have` says whether the repository may have a tag."""

    def close(self) -> None: ...


Sources = Callable[[str], ImageSource]
"""From what images call their source to what reads there."""
