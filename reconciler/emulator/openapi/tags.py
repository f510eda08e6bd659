"""Image tags. Digests are bare hex in this product; times are strings in the listing and numbers in GetRepoTag."""

from __future__ import annotations

import httpx

from reconciler.emulator.account import Holder
from reconciler.emulator.catalogue import Repository, Tag
from reconciler.emulator.cloud import Cloud
from reconciler.emulator.openapi.call import Call, Operation, Payload, listing_slice
from reconciler.emulator.openapi.instances import find
from reconciler.emulator.refusal import Refused
from reconciler.emulator.tagging import check_name, check_overwrite


async def list_repo_tag(call: Call) -> Payload:
    instance = find(call)
    repository = instance.catalogue.repository_by_id(call.parameters.required("RepoId"))
    names = await call.cloud.tag_names(instance, repository)
    part = listing_slice(call.parameters, len(names))
    shown = await call.cloud.some_tags(instance, repository, names[part.start : part.start + part.size])
    rows: list[Payload] = [
        {**_shown(tag), "ImageCreate": str(tag.created), "ImageUpdate": str(tag.updated)} for tag in shown
    ]
    return {"Images": rows, **part.fields}


async def get_repo_tag(call: Call) -> Payload:
    instance = find(call)
    repository = instance.catalogue.repository_by_id(call.parameters.required("RepoId"))
    tag = await call.cloud.tag(instance, repository, call.parameters.required("Tag"))
    return {**_shown(tag), "ImageCreate": tag.created, "ImageUpdate": tag.updated}


async def create_repo_tag(call: Call) -> Payload:
    instance = find(call)
    path = f"{call.parameters.required('NamespaceName')}/{call.parameters.required('RepoName')}"
    repository = instance.catalogue.repository(path)
    source, target = call.parameters.required("FromTag"), check_name("ToTag", call.parameters.required("ToTag"))
    content = call.cloud.contents[instance.label]
    tag = await call.cloud.tag(instance, repository, source)
    check_overwrite(repository, target, await content.resolve(path, target), tag.digest)
    manifest = await content.manifest(path, tag.digest)
    await content.write_manifest(path, manifest, target)
    await call.cloud.pushed(instance, repository, target, manifest)
    return {}


async def delete_repo_tag(call: Call) -> Payload:
    instance = find(call)
    repository = instance.catalogue.repository_by_id(call.parameters.required("RepoId"))
    await remove_tag(call.cloud, instance, repository, call.parameters.required("Tag"))
    return {}


async def remove_tag(cloud: Cloud, holder: Holder, repository: Repository, name: str) -> None:
    """Raises Refused when it is not there, or when a real registry behind us cannot delete a tag alone."""
    tag = await cloud.tag(holder, repository, name)
    try:
        await cloud.contents[holder.label].delete_tag(repository.path, tag.name)
    except httpx.HTTPStatusError as failure:
        raise Refused("IMAGE_DELETE_NOT_SUPPORT", f"the registry keeps the tag: {tag.name}") from failure
    repository.tags.pop(tag.name, None)


def _shown(tag: Tag) -> Payload:
    return {
        "Tag": tag.name,
        "Digest": tag.digest.partition(":")[2],
        "ImageId": tag.image_id.partition(":")[2],
        "ImageSize": tag.size,
        "Status": "NORMAL",
    }


OPERATIONS: dict[str, Operation] = {
    "ListRepoTag": list_repo_tag,
    "GetRepoTag": get_repo_tag,
    "CreateRepoTag": create_repo_tag,
    "DeleteRepoTag": delete_repo_tag,
}
