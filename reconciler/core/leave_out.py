"""Taking out of an exported spec what turns out not to be declarable, each with a comment that says why."""

from __future__ import annotations

from collections.abc import Mapping

from reconciler.model.address import Address, Kind
from reconciler.model.document import Document, Path
from reconciler.model.json_value import Json


def without(document: Document, address: Address, why: str) -> Document | None:
    """`document` without what `address` names, and a comment in its place. None when it is not in there.

    A replication with an empty target is all of its entry.
    """
    path = _path(address)
    if path is None:
        return None
    target = (address.parts[1] or None) if address.kind in (Kind.REPLICATION, Kind.BACKFILL) else None
    data = _pruned(document.data, path, target)
    if data is None:
        return None
    comments = {at: texts for at, texts in document.comments.items() if at[: len(path)] != path or target is not None}
    # Where the parent may be gone as well, the comment goes to the top.
    home = path[:2] if path[0] == "instances" and len(path) > 2 else ()
    told = f"left out: {str(address).removesuffix('[]')}: {why}"
    comments[home] = (*comments.get(home, ()), told)
    return Document(data, comments)


def rules_in(document: Document) -> tuple[Address, ...]:
    """Every entry of `replications`, as `without` takes it."""
    entries = document.data.get("replications")
    return tuple(Address(Kind.REPLICATION, (name, "")) for name in entries) if isinstance(entries, Mapping) else ()


def _path(address: Address) -> Path | None:
    parts = address.parts
    match address.kind:
        case Kind.INSTANCE:
            return ("instances", parts[0])
        case Kind.ENDPOINT:
            return ("instances", parts[0], "endpoints")
        case Kind.NAMESPACE:
            return ("instances", parts[0], "namespaces", parts[1])
        case Kind.REPOSITORY:
            return ("instances", parts[0], "repositories", parts[1])
        case Kind.VPC:
            return ("vpcs", parts[0])
        case Kind.REPLICATION | Kind.BACKFILL:
            return ("replications", parts[0])
        case _:
            return None


def _pruned(data: Mapping[str, Json], path: Path, target: str | None) -> dict[str, Json] | None:
    """A mapping that ends up empty goes, too."""
    key, rest = path[0], path[1:]
    value = data.get(key)
    if value is None:
        return None
    left: Json = None
    if rest:
        if not isinstance(value, Mapping):
            return None
        left = _pruned(value, rest, target)
        if left is None:
            return None
    elif target is not None and isinstance(value, Mapping):
        left = _without_target(value, target)
    if left:
        return {name: left if name == key else item for name, item in data.items()}
    return {name: item for name, item in data.items() if name != key}


def _without_target(entry: Mapping[str, Json], target: str) -> Json:
    targets = entry.get("targets")
    kept = [name for name in targets if name != target] if isinstance(targets, list) else []
    return {**entry, "targets": kept} if kept else None
