"""The merged document -> the desired state, as far as it can be understood, and everything that is wrong with it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from types import MappingProxyType

from reconciler.model.diagnostic import Diagnostic
from reconciler.model.json_value import Json
from reconciler.model.place import NOWHERE, Places
from reconciler.model.spec import (
    BackfillPolicy,
    BackfillRoute,
    Desired,
    Safety,
    SamePair,
    Settings,
    StandardEdition,
)
from reconciler.spec import accounts, conformance, instances, movements, networks, quantities
from reconciler.spec.fields import Fields
from reconciler.spec.node import MapNode
from reconciler.spec.problem import error
from reconciler.spec.references import Build


@dataclass(frozen=True, slots=True)
class Built:
    desired: Desired
    diagnostics: tuple[Diagnostic, ...]


def build(root: MapNode, data: Json, *, complete: bool = True, seed: bool = False) -> Built:
    """`data` is the data of `root`. Resources that lack what they cannot do without are left out of `desired`.

    With `complete` false, references to what was not declared are not errors. `seed` allows what a
    local cloud begins with.
    """
    state = Build(Fields(root, NOWHERE), complete, seed)
    found = state.found
    found.extend(conformance.check(root, data))
    if not seed:
        found.extend(_seeds_alone(root))
    desired = Desired(
        _settings(state.fields.inside("settings")),
        instances.instances(state),
        instances.endpoints(state),
        instances.namespaces(state),
        instances.repositories(state),
        networks.vpcs(state),
        movements.imports(state),
        movements.replications(state),
        instances.personal_namespaces(state) if seed else (),
        instances.personal_repositories(state) if seed else (),
        networks.networks(state) if seed else (),
        instances.seed_images(state) if seed else (),
        accounts.accounts(state),
    )
    found.extend(accounts.check(desired))
    return Built(desired, tuple(found))


def _seeds_alone(root: MapNode) -> Iterator[Diagnostic]:
    for section, hint in _OF_SEEDS.items():
        entry = root.entries.get(section)
        if entry is not None:
            yield error("R-SPEC-20", f"`{section}` belongs in the seed of the local cloud", entry.key, hint)


_OF_SEEDS = {
    "personal": "remove it; Personal Edition is only read, by `imports` of `type: personal`",
    "networks": "remove it; networks are only read, as far as `vpcs` name them",
    "images": "remove it; images are moved by `imports` and `replications`",
}


def _settings(fields: Fields) -> Settings:
    zones, replication = fields.inside("zones"), fields.inside("replication")
    defaults = Settings()
    return Settings(
        replication.choice("same_pair", SamePair) or defaults.same_pair,
        fields.flag("prune") or False,
        _safety(fields.inside("safety")),
        MappingProxyType({region: tuple(z.value for z in zones.texts(region)) for region in zones.node.entries}),
        replication.flag("instance_scope") or False,
        replication.choice("standard_edition", StandardEdition) or defaults.standard_edition,
        _backfill(replication.inside("backfill")),
        Places(fields.key, fields.places().fields),
    )


def _safety(fields: Fields) -> Safety:
    defaults = Safety()
    deletes, images, size = fields.number("max_deletes"), fields.number("max_images"), fields.number("max_bytes")
    return Safety(
        deletes if deletes is not None else _share(fields.text("max_deletes"), defaults.max_deletes),
        images if images is not None else defaults.max_images,
        size if size is not None else _size(fields.text("max_bytes"), defaults.max_bytes),
    )


def _backfill(fields: Fields) -> BackfillPolicy:
    defaults = BackfillPolicy()
    count, size = fields.number("max_tasks"), fields.number("max_bytes")
    return BackfillPolicy(
        fields.choice("via", BackfillRoute) or defaults.via,
        defaults.max_tasks if count is None else count,
        size if size is not None else _size(fields.text("max_bytes"), defaults.max_bytes),
    )


def _share(text: str | None, default: int | float) -> int | float:
    try:
        return default if text is None else quantities.share(text)
    except ValueError:
        return default  # the schema reported it


def _size(text: str | None, default: int) -> int:
    try:
        return default if text is None else quantities.size(text)
    except ValueError:
        return default  # the schema reported it
