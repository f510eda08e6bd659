"""The account as JSON in a folder, so that a cloud can be stopped and started again."""

from __future__ import annotations

import dataclasses
import json
import types
from collections.abc import Mapping
from enum import StrEnum
from pathlib import Path
from typing import TypeVar, get_args, get_origin, get_type_hints

from reconciler.emulator.account import Account, InstanceStatus, LinkStatus
from reconciler.emulator.catalogue import Status
from reconciler.emulator.sync_task import TaskStatus
from reconciler.model.json_value import Json

_FILE = "account.json"
_FORMAT = 1
T = TypeVar("T")


def save(account: Account, folder: Path) -> None:
    """All or nothing: a crash leaves the file of before."""
    draft = folder / f"{_FILE}.draft"
    draft.write_text(json.dumps({"format": _FORMAT, "account": dataclasses.asdict(account)}), encoding="utf-8")
    draft.replace(folder / _FILE)


def load(folder: Path) -> Account | None:
    """None when nothing was saved. What was under way is settled: links are up, instances run, deletions are done,
    tasks start again.

    Raises ValueError for a file that is not ours.
    """
    file = folder / _FILE
    if not file.exists():
        return None
    document: Json = json.loads(file.read_text(encoding="utf-8"))
    if not isinstance(document, Mapping) or document.get("format") != _FORMAT:
        raise ValueError(f"not a saved account of format {_FORMAT}: {file}")
    account = _decoded(Account, document.get("account"))
    _settle(account)
    return account


def _settle(account: Account) -> None:
    for holder in account.holders():
        catalogue = holder.catalogue
        catalogue.repositories = {k: r for k, r in catalogue.repositories.items() if r.status is Status.NORMAL}
        catalogue.namespaces = {k: n for k, n in catalogue.namespaces.items() if n.status is Status.NORMAL}
    for instance in account.instances.values():
        instance.status, instance.listed = InstanceStatus.RUNNING, True
        instance.vpc_links = [link for link in instance.vpc_links if link.status is not LinkStatus.DELETING]
        for link in instance.vpc_links:
            link.status = LinkStatus.RUNNING
        if instance.internet.enabled:
            instance.internet.status = LinkStatus.RUNNING
    for task in account.sync_tasks.values():
        if not task.status.final:
            task.status = TaskStatus.PENDING


def _decoded(kind: type[T], value: object) -> T:
    """`value` from JSON as `kind`: a dataclass, an enum, or a plain type. Raises ValueError when it does not fit."""
    made = _any(kind, value)
    if not isinstance(made, kind):
        raise ValueError(f"saved account: expected {kind.__name__}")
    return made


def _any(kind: object, value: object) -> object:
    origin, arguments = get_origin(kind), get_args(kind)
    if origin is types.UnionType:
        return None if value is None else _any(next(a for a in arguments if a is not type(None)), value)
    if origin is list and isinstance(value, list):
        return [_any(arguments[0], item) for item in value]
    if origin is dict and isinstance(value, dict):
        return {key: _any(arguments[1], item) for key, item in value.items()}
    if origin is tuple and isinstance(value, list):
        return tuple(_any(argument, item) for argument, item in zip(arguments, value, strict=True))
    if isinstance(kind, type) and dataclasses.is_dataclass(kind) and isinstance(value, dict):
        hints = get_type_hints(kind)
        return kind(**{f.name: _any(hints[f.name], value[f.name]) for f in dataclasses.fields(kind) if f.name in value})
    if isinstance(kind, type) and issubclass(kind, StrEnum) and isinstance(value, str):
        return kind(value)
    supertype = getattr(kind, "__supertype__", kind)  # a NewType is its supertype at run time
    if isinstance(supertype, type) and origin is None and isinstance(value, supertype):
        return value
    raise ValueError(f"saved account: expected {kind}, not {type(value).__name__}")
