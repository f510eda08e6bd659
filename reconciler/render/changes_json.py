"""Changes as JSON, the same in plans and in drift."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict

from reconciler.model.address import Address
from reconciler.model.billing import Billable
from reconciler.model.json_value import Json
from reconciler.model.plan import Action, Change, FieldChange
from reconciler.model.spec import Edition, Renewal
from reconciler.render.record import NotOurs, Record


def listing(changes: Iterable[Change]) -> list[Json]:
    """In address order."""
    return [
        {
            "address": str(change.address),
            "action": change.action.value,
            "reason": change.reason,
            "fields": [{"path": f.path, "before": f.before, "after": f.after} for f in change.fields],
            "depends_on": sorted(str(address) for address in change.depends_on),
            "live_id": change.live_id,
            **({} if change.billable is None else {"billable": asdict(change.billable)}),
        }
        for change in sorted(changes, key=lambda c: (str(c.address), c.action))
    ]


def read(record: Record) -> Change:
    """One entry of `listing`. Raises NotOurs."""
    return Change(
        address=read_address(record.text("address")),
        action=Action(record.text("action")),
        reason=record.text("reason"),
        fields=tuple(
            FieldChange(f.text("path"), f.value("before"), f.value("after")) for f in record.records("fields")
        ),
        depends_on=tuple(read_address(text) for text in record.texts("depends_on")),
        live_id=record.text("live_id"),
        billable=_billable(record.record("billable")) if record.has("billable") else None,
    )


def _billable(record: Record) -> Billable:
    return Billable(
        record.text("product"),
        Edition(record.text("edition")),
        record.integer("period_months"),
        Renewal(record.text("renewal")),
        record.text("price"),
        record.text("unknown"),
    )


def read_address(text: str) -> Address:
    """Raises NotOurs when `text` is not an address."""
    try:
        return Address.parse(text)
    except ValueError as error:
        raise NotOurs(str(error)) from error
