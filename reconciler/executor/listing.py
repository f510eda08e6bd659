"""What an instance lists under its tags, from the control plane."""

from __future__ import annotations

from collections.abc import Set

from reconciler.acr.cr import Cr
from reconciler.model.image import Digest
from reconciler.model.live import LiveInstance


def listed_digests(cr: Cr, instance: LiveInstance, repositories: Set[str]) -> dict[tuple[str, str], Digest]:
    """Digest by repository and tag. Raises AcrError."""
    known = {repository.name: repository.id for repository in instance.repositories if repository.name in repositories}
    if repositories - known.keys():
        found = cr.list_repositories(instance.region, instance.id)
        known |= {repository.name: repository.id for repository in found if repository.name in repositories}
    return {
        (name, tag.name): tag.digest
        for name, identity in sorted(known.items())
        for tag in cr.list_tags(instance.region, instance.id, identity)
    }
