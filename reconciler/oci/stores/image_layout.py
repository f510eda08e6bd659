"""OCI image layouts (image specification 1.1, "OCI Image Layout"), one or several of them in folders of one store."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

from reconciler.model.image import Digest, parse_digest
from reconciler.oci.catalogue import BrokenTag, ListedTag, ListedTags
from reconciler.oci.errors import NotFound, RegistryRefused
from reconciler.oci.reference import check_repository, check_tag
from reconciler.oci.stores.objects import ObjectStore

MARKER = "oci-layout"
WORKERS = 16

_INDEX_LIMIT = 64 * 1024 * 1024
_NAME = "org.opencontainers.image.ref.name"
# Tools that keep several images in one layout put the whole reference here (containerd, buildx).
_FULL_NAME = "io.containerd.image.name"
_HOST = re.compile(r"(?:[^/]*[.:][^/]*|localhost)/(?=.)")


@dataclass(frozen=True, slots=True)
class _Entry:
    digest: Digest
    media_type: str
    folder: str


@dataclass(slots=True)
class _Repository:
    tags: dict[str, _Entry] = field(default_factory=dict)
    untagged: dict[Digest, _Entry] = field(default_factory=dict)
    broken: dict[str, str] = field(default_factory=dict)
    folders: list[str] = field(default_factory=list)


class OciLayouts:
    """An ImageLayout. What is named by a whole reference belongs to that repository; what is named by a tag alone to
    `repository`, or to the folder that the layout is in, as a path below the store's root."""

    def __init__(self, store: ObjectStore, folders: Sequence[str], repository: str) -> None:
        """Raises RegistryError when an index cannot be read, or names images by tag alone and nobody says whose."""
        self._store = store
        self._repositories: dict[str, _Repository] = {}
        for folder in folders:
            self._add(folder, repository or folder)

    def repositories(self) -> Sequence[str]:
        return sorted(name for name, found in self._repositories.items() if found.tags or found.broken)

    def tags(self, repository: str) -> ListedTags:
        found = self._found(repository)
        names = sorted(found.tags)
        with ThreadPoolExecutor(WORKERS, thread_name_prefix="layout") as pool:
            paths = (_blob_path(found.tags[name].folder, found.tags[name].digest) for name in names)
            stored = list(pool.map(self._store.stat, paths))
        return ListedTags(
            tuple(
                ListedTag(name, found.tags[name].digest, there.modified if there else 0)
                for name, there in zip(names, stored, strict=True)
            ),
            tuple(BrokenTag(name, reason) for name, reason in sorted(found.broken.items())),
        )

    def resolve(self, repository: str, tag: str) -> Digest:
        found = self._found(repository).tags.get(tag)
        if found is None:
            raise NotFound(self._store.name, f"{repository}:{tag}: there is no such tag")
        return found.digest

    def untagged(self, repository: str) -> Sequence[Digest]:
        return list(self._found(repository).untagged)

    def blob_path(self, repository: str, digest: Digest, /) -> str:
        found = self._found(repository)
        folder = next((entry.folder for entry in found.tags.values() if entry.digest == digest), found.folders[0])
        if len(found.folders) > 1:
            for other in found.folders:
                if self._store.stat(_blob_path(other, digest)) is not None:
                    folder = other
        return _blob_path(folder, digest)

    def media_type(self, repository: str, digest: Digest, /) -> str:
        found = self._found(repository)
        entries = (*found.tags.values(), *found.untagged.values())
        return next((entry.media_type for entry in entries if entry.digest == digest), "")

    def _found(self, repository: str) -> _Repository:
        if repository not in self._repositories:
            raise NotFound(self._store.name, f"{repository}: there is no such repository")
        return self._repositories[repository]

    def _add(self, folder: str, repository: str) -> None:
        path = f"{folder}/index.json" if folder else "index.json"
        nameless: list[_Entry] = []
        here: set[str] = set()
        for entry, name in self._entries(path, folder):
            if not name:
                nameless.append(entry)
                continue
            own, tag = _parts(name)
            if not (own or repository):
                raise RegistryRefused(
                    self._store.name,
                    f"{path}: images are named by tag alone, such as {name}; say as `repository` whose they are",
                )
            here.add(own or repository)
            self._name(own or repository, tag, entry)
        for name in here:
            found = self._repositories[name]
            found.folders.append(folder)
            # Of what has no name nobody knows the repository: a referrer is found by its subject.
            found.untagged.update((entry.digest, entry) for entry in nameless)

    def _name(self, repository: str, tag: str, entry: _Entry) -> None:
        found = self._repositories.setdefault(repository, _Repository())
        try:
            check_repository(repository)
            found.tags[check_tag(tag)] = entry
        except ValueError as error:
            found.broken[tag] = str(error)

    def _entries(self, path: str, folder: str) -> Iterator[tuple[_Entry, str]]:
        try:
            document: object = json.loads(self._store.read(path, _INDEX_LIMIT))
        except (ValueError, RecursionError) as error:
            raise RegistryRefused(self._store.name, f"{path}: it is not JSON") from error
        manifests = document.get("manifests") if isinstance(document, dict) else None
        if not isinstance(manifests, list):
            raise RegistryRefused(self._store.name, f"{path}: it has no list of `manifests`")
        for number, item in enumerate(manifests):
            fields: Mapping[str, object] = item if isinstance(item, dict) else {}
            try:
                digest = parse_digest(str(fields.get("digest", "")))
            except ValueError as error:
                raise RegistryRefused(self._store.name, f"{path}: manifests[{number}]: {error}") from error
            annotations = fields.get("annotations")
            notes: Mapping[str, object] = annotations if isinstance(annotations, dict) else {}
            name = notes.get(_FULL_NAME) or notes.get(_NAME) or ""
            media_type = fields.get("mediaType")
            yield _Entry(digest, media_type if isinstance(media_type, str) else "", folder), str(name)


def _parts(name: str) -> tuple[str, str]:
    """Repository, empty when the name has none, and tag. A host in front is where the image once came from."""
    host = _HOST.match(name)
    path = name[host.end() :] if host else name
    repository, colon, tag = path.rpartition(":")
    if colon:
        return repository, tag
    return (path, "latest") if "/" in path else ("", path)


def _blob_path(folder: str, digest: Digest) -> str:
    algorithm, _, encoded = digest.partition(":")
    return f"{folder}/blobs/{algorithm}/{encoded}" if folder else f"blobs/{algorithm}/{encoded}"
