"""Repositories of an instance and their tags."""

from __future__ import annotations

import sys
from dataclasses import replace

from reconciler.acr import visibility as words
from reconciler.acr.answer import Answer
from reconciler.acr.cr.product import LONG_PAGE, Product
from reconciler.acr.errors import NotFound
from reconciler.model.live import LiveRepository, LiveTag
from reconciler.model.spec import Visibility


class Repositories(Product):
    """`name` is `namespace/repository`. The service refuses an empty summary."""

    def list_repositories(self, region: str, instance_id: str) -> tuple[LiveRepository, ...]:
        """In name order, without tags and without those that are being deleted."""
        # Which ones come without the filter is not documented.
        parameters = {"InstanceId": instance_id, "RepoStatus": "NORMAL"}
        items = self._list(region, "ListRepository", "Repositories", parameters, page=LONG_PAGE)
        found = {r.name: r for r in map(_repository, (i for i in items if i.text("RepoStatus", "NORMAL") == "NORMAL"))}
        return tuple(found[name] for name in sorted(found))

    def list_tags(self, region: str, instance_id: str, repository_id: str) -> tuple[LiveTag, ...]:
        """In name order, without those that are being deleted."""
        parameters = {"InstanceId": instance_id, "RepoId": repository_id}
        items = self._list(region, "ListRepoTag", "Images", parameters, page=LONG_PAGE)
        found = {tag.name: tag for tag in map(_tag, (i for i in items if i.text("Status", "NORMAL") == "NORMAL"))}
        return tuple(found[name] for name in sorted(found))

    def get_repository(self, region: str, instance_id: str, name: str) -> LiveRepository | None:
        """With its detail and without tags; None when there is no such repository."""
        found = self._get_repository(region, instance_id, name)
        return replace(_repository(found), detail=found.text("Detail", "")) if found is not None else None

    def has_repository(self, region: str, instance_id: str, name: str) -> bool:
        """Whether the name is taken, be it by a repository that is being deleted."""
        return self._get_repository(region, instance_id, name) is not None

    def _get_repository(self, region: str, instance_id: str, name: str) -> Answer | None:
        namespace, _, short_name = name.partition("/")
        parameters = {"InstanceId": instance_id, "RepoNamespaceName": namespace, "RepoName": short_name}
        try:
            return self._call(region, "GetRepository", parameters)
        except NotFound:
            return None

    def create_repository(
        self,
        region: str,
        instance_id: str,
        name: str,
        *,
        visibility: Visibility,
        summary: str,
        tag_immutability: bool | None = None,
        detail: str | None = None,
    ) -> str:
        """The new repository's id."""
        namespace, _, short_name = name.partition("/")
        answer = self._call(
            region,
            "CreateRepository",
            {
                "InstanceId": instance_id,
                "RepoNamespaceName": namespace,
                "RepoName": short_name,
                "RepoType": words.written(visibility),
                "Summary": summary,
                "TagImmutability": tag_immutability,
                "Detail": detail,
            },
        )
        return answer.text("RepoId")

    def update_repository(
        self,
        region: str,
        instance_id: str,
        repository_id: str,
        *,
        visibility: Visibility,
        summary: str,
        tag_immutability: bool | None = None,
        detail: str | None = None,
    ) -> None:
        """The service wants visibility and summary every time, whether they change or not."""
        self._call(
            region,
            "UpdateRepository",
            {
                "InstanceId": instance_id,
                "RepoId": repository_id,
                "RepoType": words.written(visibility),
                "Summary": summary,
                "TagImmutability": tag_immutability,
                "Detail": detail,
            },
        )

    def delete_repository(self, region: str, instance_id: str, repository_id: str) -> None:
        """Takes effect later. Raises NotFound when it is gone already."""
        self._call(region, "DeleteRepository", {"InstanceId": instance_id, "RepoId": repository_id})


def _repository(item: Answer) -> LiveRepository:
    return LiveRepository(
        id=item.text("RepoId"),
        name=f"{item.text('RepoNamespaceName')}/{item.text('RepoName')}",
        visibility=words.read(item, "RepoType"),
        summary=item.text("Summary", ""),
        tag_immutability=item.flag("TagImmutability"),
    )


def _tag(item: Answer) -> LiveTag:
    return LiveTag(
        # The same few names are in every repository and on both sides.
        name=sys.intern(item.text("Tag")),
        digest=item.digest("Digest"),
        size=item.number("ImageSize", 0),
        pushed=item.number("ImageUpdate", 0),
    )
