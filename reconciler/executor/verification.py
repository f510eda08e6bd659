"""Reading back what was written: success is told only of images that are at their target under their tags.

A registry answers for the moment of the PUT. What the instance lists afterwards is asked for in one call for a hundred
tags; where that does not show an image, because the listing lags behind or because the image is gone, the registry is
asked for the tag itself.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

from reconciler.acr.errors import AcrError
from reconciler.executor.listing import listed_digests
from reconciler.executor.moving import Mover
from reconciler.executor.target import Workbench
from reconciler.model.image import Digest, RepositoryName
from reconciler.model.plan import Transfer, Via
from reconciler.model.report import ImageResult
from reconciler.oci.errors import RegistryError
from reconciler.oci.read import tag_digests


def verify(bench: Workbench, carrier: Mover, transfers: Sequence[Transfer]) -> None:
    """Images of `transfers` that are not where this run wrote them become images that failed."""
    written: dict[str, list[Transfer]] = defaultdict(list)
    for transfer in transfers:
        if transfer.via is Via.EXECUTOR and carrier.result(transfer) is ImageResult.IMPORTED:
            written[transfer.target.registry].append(transfer)
    for registry, images in written.items():
        listed = _listed(bench, registry, images)
        unseen: dict[RepositoryName, list[Transfer]] = defaultdict(list)
        for image in images:
            if listed.get((image.target.repository, image.target.tag)) != image.digest:
                unseen[RepositoryName(registry, image.target.repository)].append(image)
        for repository, doubtful in unseen.items():
            _ask(carrier, repository, doubtful)


def _listed(bench: Workbench, registry: str, images: Sequence[Transfer]) -> dict[tuple[str, str], Digest]:
    """Empty when no instance has this registry, or does not tell."""
    instance = next((found for found in bench.instances.values() if found.registry == registry), None)
    if instance is None:
        return {}
    try:
        return listed_digests(bench.cr, instance, {image.target.repository for image in images})
    except AcrError:
        return {}


def _ask(carrier: Mover, repository: RepositoryName, images: Sequence[Transfer]) -> None:
    tags = [image.target.tag for image in images]
    try:
        there = tag_digests(carrier.registries(repository.registry), repository.path, tags)
    except RegistryError as error:
        for image in images:
            reason = f"verification failed: the tag could not be read back: {error}"
            carrier.record(image, ImageResult.FAILED, reason, retryable=True)
        return
    for image in images:
        found = there.get(image.target.tag)
        if found != image.digest:
            reason = f"verification failed: the tag was written as {image.digest} and reads {found or 'nothing'}"
            carrier.record(image, ImageResult.FAILED, reason, retryable=True)
