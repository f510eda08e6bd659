"""Copies -> imports: what comes from one registry with one selection to one instance is one import."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field

from reconciler.convert import names, notes
from reconciler.convert.copies import ALL_TAGS, Copy
from reconciler.model.diagnostic import Diagnostic, Severity

_LONGEST_KEY = 63


@dataclass(frozen=True, slots=True)
class Destination:
    """What the command line says of the target: the `instance` key for registries that are no instance's, its
    `region`, and the `namespace` of what has none in the file."""

    instance: str | None = None
    region: str | None = None
    namespace: str | None = None


@dataclass(slots=True)
class Import:
    """`region` is the target's, where it is known. `namespaces` maps those of the source to the target's."""

    key: str
    target: str
    region: str | None
    url: str
    tags: str
    platforms: tuple[str, ...]
    repositories: list[str] = field(default_factory=list)
    namespaces: dict[str, str] = field(default_factory=dict)

    @property
    def rename(self) -> dict[str, str]:
        return {source: target for source, target in self.namespaces.items() if source and source != target}

    @property
    def default_namespace(self) -> str:
        """Of repositories that have none at the source; empty when there are none."""
        return self.namespaces.get("", "")

    def takes(self, source: str, target: str) -> bool:
        return self.namespaces.get(source, target) == target


def imports_of(copies: Iterable[Copy], destination: Destination) -> tuple[tuple[Import, ...], tuple[Diagnostic, ...]]:
    """In the order of the file; a copy that an import cannot do is left out with a note."""
    imports: list[Import] = []
    found: list[Diagnostic] = []
    for copy in copies:
        place = _place(copy, destination, found)
        namespaces = _namespaces(copy, destination, found)
        if place is not None and namespaces is not None:
            _add(imports, copy, *place, *namespaces)
    for host in dict.fromkeys(copy.source.registry for copy in copies):
        region = names.personal_region(host)
        if region is not None:
            span = next(copy.span for copy in copies if copy.source.registry == host)
            hint = "`source: {type: personal, region: …, namespaces: […]}` brings settings and build rules, too"
            found.append(notes.elsewhere(f"`{host}` is Personal Edition in {region}", span, hint))
    return tuple(imports), tuple(found)


def _place(copy: Copy, destination: Destination, found: list[Diagnostic]) -> tuple[str, str | None] | None:
    """The key and region of the target instance."""
    known = names.instance(copy.target.registry) if copy.target is not None else None
    if known is not None:
        return known
    if destination.instance is not None:
        return destination.instance, destination.region
    to = f"`{copy.target.registry}` is no instance of Enterprise Edition" if copy.target else "the file names no target"
    found.append(
        Diagnostic("R-CONV-2", Severity.ERROR, to, hint="name the instance's key with `--target`", span=copy.span)
    )
    return None


def _namespaces(copy: Copy, destination: Destination, found: list[Diagnostic]) -> tuple[str, str] | None:
    """The namespace at the source, empty for none, and at the target; the rest of a name stays as it is."""
    source, slash, rest = copy.source.path.partition("/")
    if not slash:
        source, rest = "", source
    if copy.target is None:
        if source or destination.namespace:
            return source, destination.namespace or source
        found.append(
            notes.no_equivalent(
                f"`{copy.source}` is left out: it has no namespace, and at the target it needs one",
                copy.span,
                "name the target's namespace with `--namespace`",
            )
        )
        return None
    target, _, name = copy.target.path.partition("/")
    if name == rest:
        return source, target
    found.append(
        notes.no_equivalent(
            f"`{copy.source}` is left out: it becomes `{copy.target.path}`, and an import renames namespaces only",
            copy.span,
            f"let it become `{target}/{rest}`",
        )
    )
    return None


def _add(imports: list[Import], copy: Copy, key: str, region: str | None, source: str, target: str) -> None:
    url = f"{'http' if copy.plain else 'https'}://{copy.source.registry}"
    same = (key, url, copy.tags, copy.platforms)
    for known in imports:
        if (known.target, known.url, known.tags, known.platforms) == same and known.takes(source, target):
            break
    else:
        known = Import(_key(copy, imports), key, region, url, copy.tags, copy.platforms)
        imports.append(known)
    known.namespaces[source] = target
    if copy.source.path not in known.repositories:
        known.repositories.append(copy.source.path)


def _key(copy: Copy, imports: Iterable[Import]) -> str:
    """After the registry; with the repository where it has tags of its own."""
    name = copy.source.registry if copy.tags == ALL_TAGS else f"{copy.source.registry}-{copy.source.path}"
    wanted = re.sub(r"[^A-Za-z0-9]+", "-", name).strip("-")[: _LONGEST_KEY - 4]
    taken = {known.key for known in imports}
    key, number = wanted, 2
    while key in taken:
        key, number = f"{wanted}-{number}", number + 1
    return key
