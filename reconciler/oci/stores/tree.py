"""A registry's storage tree, as docker/distribution lays it out (registry/storage/paths.go).

blobs/sha256/<xx>/<hex>/data
repositories/<path>/_manifests/revisions/sha256/<hex>/link
repositories/<path>/_manifests/tags/<tag>/{current/link, index/sha256/<hex>/link}
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor

from reconciler.model.image import Digest, parse_digest
from reconciler.oci.catalogue import BrokenTag, ListedTag, ListedTags
from reconciler.oci.errors import NotFound, RegistryError, RegistryRefused
from reconciler.oci.stores.objects import ObjectStore, StoredObject

ROOT = "docker/registry/v2"
WORKERS = 16
"""Requests for one listing under way at once."""

_LINK_LIMIT = 1024


class StorageTree:
    """An ImageLayout. `root` is where `repositories` and `blobs` are."""

    def __init__(self, store: ObjectStore, root: str) -> None:
        self._store = store
        self._root = f"{root}/" if root else ""

    def repositories(self) -> Sequence[str]:
        found: list[str] = []
        wave = [""]
        with ThreadPoolExecutor(WORKERS, thread_name_prefix="tree") as pool:
            while wave:
                inside = list(pool.map(lambda path: self._store.folder(self._repository(path)), wave))
                found += [path for path, names in zip(wave, inside, strict=True) if path and "_manifests/" in names]
                wave = [
                    f"{path}/{name[:-1]}" if path else name[:-1]
                    for path, names in zip(wave, inside, strict=True)
                    for name in names
                    if name.endswith("/") and not name.startswith("_")
                ]
        return sorted(found)

    def tags(self, repository: str) -> ListedTags:
        folder = f"{self._repository(repository)}/_manifests/tags/"
        links: dict[str, StoredObject] = {}
        earlier: dict[str, list[str]] = {}
        for stored in self._store.below(folder):
            name, _, rest = stored.path.removeprefix(folder).partition("/")
            parts = rest.split("/")
            if rest == "current/link":
                links[name] = stored
            elif len(parts) == 4 and (parts[0], parts[3]) == ("index", "link"):
                earlier.setdefault(name, []).append(f"{parts[1]}:{parts[2]}")
        if not links and not self._store.folder(f"{self._repository(repository)}/_manifests"):
            raise NotFound(self._store.name, f"{repository}: there is no such repository")
        with ThreadPoolExecutor(WORKERS, thread_name_prefix="links") as pool:
            told = list(pool.map(lambda name: self._told(name, links[name], earlier.get(name, ())), sorted(links)))
        return ListedTags(
            tuple(tag for tag in told if isinstance(tag, ListedTag)),
            tuple(tag for tag in told if isinstance(tag, BrokenTag)),
        )

    def resolve(self, repository: str, tag: str) -> Digest:
        return self._read_link(f"{self._repository(repository)}/_manifests/tags/{tag}/current/link")

    def untagged(self, repository: str) -> Sequence[Digest]:
        folder = f"{self._repository(repository)}/_manifests/revisions/"
        tagged = {tag.digest for tag in self.tags(repository).tags}
        found = (_of_folders(stored.path.removeprefix(folder)) for stored in self._store.below(folder))
        return [digest for digest in found if digest is not None and digest not in tagged]

    def blob_path(self, _repository: str, digest: Digest, /) -> str:
        algorithm, _, encoded = digest.partition(":")
        return f"{self._root}blobs/{algorithm}/{encoded[:2]}/{encoded}/data"

    def media_type(self, _repository: str, _digest: Digest, /) -> str:
        return ""

    def _repository(self, path: str) -> str:
        return f"{self._root}repositories/{path}" if path else f"{self._root}repositories"

    def _told(self, name: str, link: StoredObject, earlier: Iterable[str]) -> ListedTag | BrokenTag:
        """The listing tells what is in a link when it has the MD5 of one of the digests that the tag ever stood for."""
        known = [digest for digest in earlier if link.md5 and hashlib.md5(digest.encode()).hexdigest() == link.md5]  # noqa: S324
        try:
            digest = parse_digest(known[0]) if known else self._read_link(link.path)
        except ValueError:
            return BrokenTag(name, f"{link.path} does not hold a digest")
        except RegistryError as error:
            if error.transient:
                raise
            return BrokenTag(name, error.message)
        return ListedTag(name, digest, link.modified)

    def _read_link(self, path: str) -> Digest:
        content = self._store.read(path, _LINK_LIMIT)
        try:
            return parse_digest(content.decode("ascii").strip())
        except ValueError as error:
            raise RegistryRefused(self._store.name, f"{path}: it does not hold a digest") from error


def _of_folders(path: str) -> Digest | None:
    """The digest of `<algorithm>/<hex>/link`; None for anything else."""
    parts = path.split("/")
    try:
        return parse_digest(f"{parts[0]}:{parts[1]}") if len(parts) == 3 and parts[2] == "link" else None
    except ValueError:
        return None
