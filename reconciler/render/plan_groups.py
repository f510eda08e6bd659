"""How a plan is laid out for people: changes in groups, images by what brings them, one line that sums it up."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from reconciler.model import address as addresses
from reconciler.model.address import Address, Kind
from reconciler.model.plan import Action, Change, FieldChange, Plan, Summary, Transfer, Via
from reconciler.render import units
from reconciler.render.style import MARKS

_TITLES: dict[Kind, str] = {
    Kind.VPC: "vpcs",
    Kind.SECURITY_GROUP: "vpcs",
    Kind.ROLE: "roles",
    Kind.IMPORT: "imports",
    Kind.REPLICATION: "replications",
    Kind.BACKFILL: "replications",
}
_BY_HAND = "manual prerequisites"
_LAST = ("roles", "vpcs", "imports", "replications", _BY_HAND)


@dataclass(frozen=True, slots=True)
class Movement:
    """The images that one import or backfill brings; `moved` and `shared` are bytes that we move, or need not.

    Nobody looked into the images when they are not `counted`: then only their sizes are known.
    """

    address: Address
    transfers: tuple[Transfer, ...]
    counted: bool = True

    @property
    def moved(self) -> int:
        return sum(t.bytes for t in self.transfers)

    @property
    def shared(self) -> int:
        return sum(t.size for t in self.transfers if t.via is Via.EXECUTOR) - self.moved

    @property
    def by_service(self) -> int:
        return sum(t.via is Via.RULE for t in self.transfers)

    @property
    def by_tasks(self) -> tuple[Transfer, ...]:
        return tuple(t for t in self.transfers if t.via is Via.TASK)

    def sentence(self) -> str:
        if self.by_service == len(self.transfers):
            return f"{units.count(len(self.transfers), 'image')}, replicated by the service"
        parts = [units.count(len(self.transfers), "image")]
        if self.by_tasks:
            copied = units.size(sum(t.size for t in self.by_tasks))
            if len(self.by_tasks) == len(self.transfers):
                return f"{parts[0]}, {copied} copied by tasks of the service"
            parts.append(f"{units.count(len(self.by_tasks))} ({copied}) copied by tasks of the service")
        if self.by_service + len(self.by_tasks) == len(self.transfers):
            return ", ".join([*parts, f"{units.count(self.by_service)} replicated by the service"])
        if self.counted:
            parts.append(f"{units.size(self.moved)} to move")
            if self.shared:
                parts.append(f"{units.size(self.shared)} shared")
        if self.by_service:
            parts.append(f"{units.count(self.by_service)} replicated by the service")
        return ", ".join(parts)


@dataclass(frozen=True, slots=True)
class Group:
    """Changes that people read together, in address order."""

    title: str
    changes: tuple[Change, ...]


def home(address: Address) -> str:
    """The title under which an address is shown: its instance, or what it is one of."""
    return _TITLES[address.kind] if address.kind in _TITLES else str(addresses.instance(address.parts[0]))


def groups(changes: Iterable[Change]) -> tuple[Group, ...]:
    """Instances by key, then VPCs, imports and replications, then what has to be done by hand."""
    members: dict[str, list[Change]] = {}
    for change in sorted(changes, key=lambda c: str(c.address)):
        members.setdefault(_title(change), []).append(change)
    ordered = sorted(members, key=lambda title: (_LAST.index(title) + 1 if title in _LAST else 0, title))
    return tuple(Group(title, tuple(members[title])) for title in ordered)


def movements(plan: Plan) -> dict[Address, Movement]:
    """By the address that brings the images, in address order."""
    members: dict[Address, list[Transfer]] = {}
    for transfer in sorted(plan.transfers, key=lambda t: str(t.address)):
        members.setdefault(transfer.address, []).append(transfer)
    return {address: Movement(address, tuple(found), plan.counted) for address, found in members.items()}


def shown_fields(change: Change) -> tuple[FieldChange, ...]:
    """The fields that say something: what a creation leaves unset does not."""
    if change.action is Action.CREATE:
        return tuple(field for field in change.fields if field.after is not None)
    return change.fields


def why_changed(change: Change) -> str:
    """The reason, and whether the step costs money."""
    if change.billable is None:
        return change.reason
    return f"{change.reason}, billable" if change.reason else "billable"


def why_moved(transfer: Transfer) -> str:
    """`missing` or `different`, and who moves it when that is not us."""
    by = {Via.EXECUTOR: "", Via.RULE: ", replicated by the service", Via.TASK: ", by a task"}[transfer.via]
    return transfer.reason.value + by


def summary_line(plan: Plan) -> str:
    """`plan: 2 to create, 12 images, 118.0 MiB to move (9.4 MiB shared), 7 unchanged`."""
    summary = plan.summary
    stuck = f"{units.count(summary.images_unmovable, 'image')} that cannot be moved" if summary.images_unmovable else ""
    if not plan.has_changes and not plan.transfers:
        if plan.errored:
            return "plan: nothing can be planned before the errors are solved"
        if stuck:
            return f"plan: nothing to do but for {stuck}"
        if not plan.complete:
            return "plan: incomplete, because something could not be compared; nothing to do in what could"
        return f"nothing to do: {_as_declared(summary)}"
    counts = {
        Action.CREATE: summary.create,
        Action.UPDATE: summary.update,
        Action.REPLACE: summary.replace,
        Action.DELETE: summary.delete,
        Action.MANUAL: summary.manual,
    }
    parts = [f"{units.count(number)} {MARKS[action].counted}" for action, number in counts.items() if number]
    if summary.billable:
        parts.append(f"{units.count(summary.billable)} billable")
    if summary.images:
        by_service = sum(t.via is not Via.EXECUTOR for t in plan.transfers)
        apart = f" ({units.count(by_service)} by the service)" if by_service else ""
        parts.append(units.count(summary.images, "image") + apart)
        if plan.counted:
            shared = f" ({units.size(summary.bytes_shared)} shared)" if summary.bytes_shared else ""
            parts.append(f"{units.size(summary.bytes)} to move{shared}")
    if stuck:
        parts.append(stuck)
    parts.append(f"{units.count(summary.unchanged)} unchanged")
    if summary.images_unchanged:
        parts.append(f"{units.count(summary.images_unchanged, 'image')} unchanged")
    if plan.errored:
        return f"plan: {', '.join(parts)}; not applyable before the errors are solved"
    incomplete = "" if plan.complete else "; incomplete, because something could not be compared"
    return f"plan: {', '.join(parts)}{incomplete}"


def _title(change: Change) -> str:
    return _BY_HAND if change.action is Action.MANUAL else home(change.address)


def _as_declared(summary: Summary) -> str:
    resources = units.count(summary.unchanged, "resource")
    if summary.images_unchanged:
        return f"{resources} and {units.count(summary.images_unchanged, 'image')} are as declared"
    return f"{resources} {'is' if summary.unchanged == 1 else 'are'} as declared"
