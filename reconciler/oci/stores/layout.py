"""The seam between how images lie in a store and what reads them there."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from reconciler.model.image import Digest
from reconciler.oci.catalogue import ListedTags


class ImageLayout(Protocol):
    """Every method may be called from any thread and raises RegistryError; NotFound for what is not there."""

    def repositories(self) -> Sequence[str]:
        """In name order."""

    def tags(self, repository: str) -> ListedTags:
        """In name order, with the times of the objects that hold them."""

    def resolve(self, repository: str, tag: str) -> Digest:
        """What a tag stands for."""

    def untagged(self, repository: str) -> Sequence[Digest]:
        """Manifests that no tag stands for: children of indexes, former images, and what refers to an image."""

    def blob_path(self, repository: str, digest: Digest, /) -> str:
        """Where the bytes of a blob or manifest are; none of it is checked."""

    def media_type(self, repository: str, digest: Digest, /) -> str:
        """What the layout says of a manifest, empty when it says nothing."""
