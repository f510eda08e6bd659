"""What happened to the images of a run, counted by import and by repository."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TypeVar

from reconciler.model.address import Address
from reconciler.model.image import RepositoryName
from reconciler.model.plan import Via
from reconciler.model.report import ImageOutcome, ImageResult, Report
from reconciler.render import units

Key = TypeVar("Key")


@dataclass(frozen=True, slots=True)
class Tally:
    """`seconds` is None when nobody measured."""

    images: tuple[ImageOutcome, ...]
    seconds: float | None

    @property
    def selected(self) -> int:
        return len(self.images)

    @property
    def imported(self) -> int:
        return self._count(ImageResult.IMPORTED)

    @property
    def skipped(self) -> int:
        return self._count(ImageResult.SKIPPED)

    @property
    def failures(self) -> tuple[ImageOutcome, ...]:
        return tuple(image for image in self.images if image.result is ImageResult.FAILED)

    @property
    def left_alone(self) -> tuple[ImageOutcome, ...]:
        """Skipped for a reason, and not because they were there."""
        return tuple(image for image in self.images if image.result is ImageResult.SKIPPED and image.reason)

    @property
    def bytes_moved(self) -> int:
        return sum(image.bytes_moved for image in self.images)

    @property
    def bytes_mounted(self) -> int:
        return sum(image.bytes_mounted for image in self.images)

    @property
    def mb_per_second(self) -> float | None:
        return None if self.seconds is None else units.megabytes_per_second(self.bytes_moved, self.seconds)

    @property
    def by_service(self) -> int:
        """Of those that were imported, the images of which no byte went through us."""
        return sum(i.via is not Via.EXECUTOR and i.result is ImageResult.IMPORTED for i in self.images)

    def sentence(self) -> str:
        """`12 selected, 10 imported, 2 failed, 118.0 MiB moved, 9.4 MiB mounted, 2.8s, 44.1 MB/s`; without zeros."""
        parts = [f"{units.count(self.imported)} imported"]
        if self.by_service:
            everything = self.by_service == self.imported
            parts[0] += " by the service" if everything else f" ({units.count(self.by_service)} by the service)"
        if self.selected != self.imported:
            parts.insert(0, f"{units.count(self.selected)} selected")
        counts = ((self.skipped, "skipped"), (len(self.failures), "failed"))
        parts += [f"{units.count(number)} {what}" for number, what in counts if number]
        amounts = ((self.bytes_moved, "moved"), (self.bytes_mounted, "mounted"))
        parts += [f"{units.size(amount)} {how}" for amount, how in amounts if amount]
        if self.seconds is not None:
            parts.append(units.duration(self.seconds))
            if self.bytes_moved and self.seconds:
                parts.append(units.rate(self.bytes_moved, self.seconds))
        return ", ".join(parts)

    def _count(self, result: ImageResult) -> int:
        return sum(image.result is result for image in self.images)


@dataclass(frozen=True, slots=True)
class ImportTally:
    """One import or backfill; `repositories` are those of the target, by name."""

    address: Address
    total: Tally
    repositories: tuple[tuple[RepositoryName, Tally], ...]


def imports(report: Report) -> tuple[ImportTally, ...]:
    """In address order. An import takes as long as its step did; a repository from its first image to its last."""
    seconds = {step.address: step.seconds for step in report.steps}
    return tuple(
        ImportTally(
            address,
            Tally(found, seconds[address] if address in seconds else _span(found)),
            tuple(
                (repository, Tally(images, _span(images)))
                for repository, images in _grouped(
                    found, lambda i: RepositoryName(i.target.registry, i.target.repository), str
                )
            ),
        )
        for address, found in _grouped(report.images, lambda i: i.address, str)
    )


def total(report: Report) -> Tally:
    """Over all images, in the time in which images moved."""
    return Tally(report.images, report.transfer_seconds or _span(report.images))


def _grouped(
    images: Iterable[ImageOutcome], key: Callable[[ImageOutcome], Key], order: Callable[[Key], str]
) -> list[tuple[Key, tuple[ImageOutcome, ...]]]:
    members: dict[Key, list[ImageOutcome]] = {}
    for image in images:
        members.setdefault(key(image), []).append(image)
    return [(found, tuple(sorted(members[found], key=lambda i: i.target))) for found in sorted(members, key=order)]


def _span(images: tuple[ImageOutcome, ...]) -> float | None:
    measured = [image for image in images if image.ended > 0]
    return max(i.ended for i in measured) - min(i.began for i in measured) if measured else None
