"""Comparing tags: what a target lacks, what differs there, and the notes that follow."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from reconciler.model.address import Address
from reconciler.model.diagnostic import Diagnostic, Severity
from reconciler.model.drift import ImageDrift, ImageState
from reconciler.model.image import ImageName
from reconciler.model.live import LiveInstance, LiveRepository, LiveTag
from reconciler.model.place import Span
from reconciler.model.plan import Transfer, TransferReason, Unmovable
from reconciler.model.rulebook import Rule

RULES = (
    Rule(
        "R-NET-1",
        "a registry cannot be reached",
        "Neither the internet endpoint nor a VPC endpoint of the instance is open, so no image can be moved.",
        "Bind a VPC under `vpcs`, or enable the internet endpoint.",
        "service documentation, network access control",
    ),
)


@dataclass(slots=True)
class Wanted:
    """`transfers` in plan order: imports before backfills, each oldest push first; `unmovable` what cannot be moved.

    `complete` is false when something could not be read. `unchanged` counts tags that are in place, `in_place` those of
    each replication; `drift` holds every tag that is not, whether it will be moved or not. `routes` says why a backfill
    travels as it does, `on_the_way` how many of its images a task is bringing already. `owed` are the tags of source
    instances (by region and id, then repository) whose replication tasks are worth a look. `unlisted` are repositories,
    by instance key and name, that are left out because their tags could not be listed.
    """

    transfers: list[Transfer] = field(default_factory=list)
    unchanged: int = 0
    drift: list[ImageDrift] = field(default_factory=list)
    diagnostics: list[Diagnostic] = field(default_factory=list)
    unmovable: list[Unmovable] = field(default_factory=list)
    complete: bool = True
    in_place: dict[Address, int] = field(default_factory=dict)
    routes: dict[Address, str] = field(default_factory=dict)
    on_the_way: dict[Address, int] = field(default_factory=dict)
    owed: dict[tuple[str, str], dict[str, set[str]]] = field(default_factory=dict)
    unlisted: set[tuple[str, str]] = field(default_factory=set)

    def owe(self, source: LiveInstance, repository: str, tag: str) -> None:
        repositories = self.owed.setdefault((source.region, source.id), {})
        repositories.setdefault(repository, set()).add(tag)


Tags = Mapping[str, LiveTag]


def tags_of(repository: LiveRepository | None) -> Tags:
    return {tag.name: tag for tag in (repository.tags or ())} if repository else {}


def difference(tag: LiveTag, there: LiveTag | None) -> TransferReason | None:
    """Why `tag` would have to move, or None when the target has it."""
    if there is None:
        return TransferReason.MISSING
    return None if there.digest == tag.digest else TransferReason.DIFFERENT


def drifted(address: Address, image: ImageName, tag: LiveTag, there: LiveTag | None) -> ImageDrift:
    state = ImageState.MISSING if there is None else ImageState.DIFFERENT
    return ImageDrift(address, state, image, tag.digest, there.digest if there else None, tag.pushed)


def unreachable(instance: str, span: Span, address: str) -> Diagnostic:
    return Diagnostic(
        "R-NET-1",
        Severity.ERROR,
        f"no endpoint of `{instance}` is open, so its registry cannot be reached",
        hint="bind a VPC under `vpcs`, or enable the internet endpoint",
        span=span,
        address=address,
    )
