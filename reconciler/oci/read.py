"""What planning asks of registries: what images consist of, and what of it is at a target already."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Mapping, Set
from dataclasses import dataclass, replace
from typing import TypeAlias

from reconciler.model.image import Digest, ManifestContent
from reconciler.oci.client import Registry
from reconciler.oci.errors import (
    DigestMismatch,
    LoginRefused,
    NotFound,
    RegistryBusy,
    RegistryDenied,
    RegistryError,
    RegistryRefused,
)
from reconciler.oci.side_by_side import side_by_side
from reconciler.oci.source import ImageSource

_ABOUT_ONE = (NotFound, RegistryDenied, RegistryRefused, DigestMismatch)
"""What is wrong with one manifest and says nothing about the others."""

_FAILURES = 8
"""Manifests of a repository that a registry may fail over before it counts as down: each costs all attempts."""

_Read: TypeAlias = ManifestContent | RegistryError | None


@dataclass(frozen=True, slots=True)
class Reading:
    """`read` has every manifest of the images that could be read; `failed` says of each other image why."""

    read: dict[Digest, ManifestContent]
    failed: dict[Digest, RegistryError]


def read_content(
    registry: ImageSource, repository: str, digest: Digest, *, workers: int = 8
) -> dict[Digest, ManifestContent]:
    """The manifest `digest`, everything under it and its referrers. Raises RegistryError."""
    found = read_contents(registry, repository, (digest,), workers=workers)
    for error in found.failed.values():
        raise error
    return found.read


def read_contents(
    registry: ImageSource,
    repository: str,
    digests: Iterable[Digest],
    *,
    workers: int = 8,
    tags: frozenset[str] | None = None,
) -> Reading:
    """As `read_content` for several manifests of one repository; what they share is read once. `tags` are all of the
    repository's, if they have just been listed.

    A list of referrers may outlive what it names: a referrer that is not there any more is none. An image that cannot
    be read, wholly and with its referrers, does not stop the others. Raises RegistryError when the registry does not
    answer.
    """
    known, trouble = _Tags(registry, repository, tags), _Trouble()
    contents: dict[Digest, ManifestContent] = {}
    gone: set[Digest] = set()
    broken: dict[Digest, RegistryError] = {}
    wave = dict.fromkeys(digests, True)
    roots = tuple(wave)
    while wave:
        found = side_by_side(
            lambda entry: trouble.kept_apart(lambda: _read(registry, repository, known.may_have, *entry)),
            wave.items(),
            workers,
            "read",
        )
        answers = list(zip(wave, found, strict=True))
        gone.update(digest for digest, content in answers if content is None)
        broken.update((digest, error) for digest, error in answers if isinstance(error, RegistryError))
        there = [content for content in found if isinstance(content, ManifestContent)]
        contents.update((content.digest, content) for content in there)
        linked = {d.digest: False for content in there for d in content.referrers if d.digest not in gone}
        linked |= {d.digest: True for content in there for d in content.manifests}
        wave = {d: needed for d, needed in linked.items() if d not in contents and d not in broken}
    if gone:
        contents = {digest: _without(content, gone) for digest, content in contents.items()}
    return _whole(roots, contents, broken) if broken else Reading(contents, {})


def present(
    registry: Registry, repository: str, blobs: Iterable[Digest], manifests: Iterable[Digest] = (), *, workers: int = 8
) -> frozenset[Digest]:
    """Which of these the repository holds; a repository that does not exist holds none. Raises RegistryError."""

    def blob_there(digest: Digest) -> bool:
        return registry.head_blob(repository, digest) is not None

    def manifest_there(digest: Digest) -> bool:
        return registry.head_manifest(repository, digest) is not None

    wanted = [(blob_there, digest) for digest in dict.fromkeys(blobs)]
    wanted += [(manifest_there, digest) for digest in dict.fromkeys(manifests)]
    there = side_by_side(lambda question: question[0](question[1]), wanted, workers, "presence")
    return frozenset(digest for (_, digest), held in zip(wanted, there, strict=True) if held)


def tag_digests(registry: Registry, repository: str, tags: Iterable[str], *, workers: int = 8) -> dict[str, Digest]:
    """What each of these tags stands for; those that are not there are left out. Raises RegistryError."""
    wanted = list(dict.fromkeys(tags))
    found = side_by_side(lambda tag: registry.head_manifest(repository, tag), wanted, workers, "tags")
    return {tag: there.digest for tag, there in zip(wanted, found, strict=True) if there is not None}


class _Trouble:
    """Tells a registry that fails over a few manifests and gives the others from one that is down. Thread-safe."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._answered = False
        self._failures = 0

    def kept_apart(self, read: Callable[[], _Read]) -> _Read:
        """What `read` gives, or its failure as an answer when others were given. Raises RegistryError."""
        try:
            found = read()
        except RegistryBusy as error:
            with self._lock:
                self._failures += 1
                if error.throttled or not self._answered or self._failures > _FAILURES:
                    raise
            return error
        with self._lock:
            self._answered = True
        return found


class _Tags:
    """The tags of a repository, listed at most once and only when the referrers API is missing there. Thread-safe."""

    def __init__(self, registry: ImageSource, repository: str, tags: frozenset[str] | None = None) -> None:
        self._registry = registry
        self._repository = repository
        self._lock = threading.Lock()
        self._listed = tags is not None
        self._tags = tags

    def may_have(self, tag: str) -> bool:
        with self._lock:
            if not self._listed:
                self._tags = self._registry.few_tags(self._repository)
                self._listed = True
        return self._tags is None or tag in self._tags


def _read(
    registry: ImageSource, repository: str, may_have: Callable[[str], bool], digest: Digest, needed: bool
) -> _Read:
    """None for what is not needed and not there; an error that is about this manifest alone."""
    try:
        content = registry.manifest(repository, digest).content
        return replace(content, referrers=registry.referrers(repository, digest, may_have))
    except LoginRefused:
        raise
    except _ABOUT_ONE as error:
        return None if isinstance(error, NotFound) and not needed else error


def _whole(
    roots: Iterable[Digest], contents: Mapping[Digest, ManifestContent], broken: Mapping[Digest, RegistryError]
) -> Reading:
    """The images that nothing broken belongs to, and what is broken of each other one."""
    result = Reading({}, {})
    for root in roots:
        parts: dict[Digest, None] = {}
        waiting = [root]
        while waiting:
            digest = waiting.pop()
            if digest not in parts:
                parts[digest] = None
                content = contents.get(digest)
                waiting += [d.digest for d in (*content.manifests, *content.referrers)] if content else []
        missing = [digest for digest in parts if digest in broken]
        if missing:
            result.failed[root] = broken[missing[0]]
        else:
            result.read.update((digest, contents[digest]) for digest in parts)
    return result


def _without(content: ManifestContent, gone: Set[Digest]) -> ManifestContent:
    return replace(content, referrers=tuple(d for d in content.referrers if d.digest not in gone))
