"""The plan's file: written by `plan`, read by `show` and `apply`; schemas/plan.v1.json is its contract."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass

from reconciler.core.ownership import Options
from reconciler.model.image import Digest, ImageName
from reconciler.model.json_value import Json, digest_of
from reconciler.model.plan import FORMAT_VERSION, Plan, QuotaCheck, Summary, Transfer, TransferReason, Unmovable, Via
from reconciler.model.spec import Desired
from reconciler.render import changes_json, diagnostics_json
from reconciler.render.record import NotOurs, Record, load
from reconciler.render.style import visible

SCHEMA = "plan.v1"
_DEFAULTS = Options()


class NotAPlan(ValueError):
    """The text is no plan of this format, or not the one that was written; the message says why and what to do."""


@dataclass(frozen=True, slots=True)
class SavedPlan:
    """A plan read back. `plan` holds all but the declared state, which its file does not have; `paths` lead there."""

    plan: Plan
    digest: Digest
    created: str
    tool_version: str
    paths: tuple[str, ...]
    options: Options


def plan_digest(plan: Plan) -> Digest:
    """Over everything that the plan's file says about the plan, and not over when, where and by whom it was made."""
    return digest_of(_body(plan))


def to_json(plan: Plan, *, created: str, tool_version: str, paths: Sequence[str], options: Options = _DEFAULTS) -> Json:
    """`created` is RFC 3339 in UTC; `paths` are the files and folders that the plan was made from, with `options`."""
    return {
        **_body(plan),
        "created": created,
        "tool_version": tool_version,
        "inputs": {"paths": list(paths), "options": _options(options)},
        "digests": {"spec": plan.spec_digest, "live": plan.live_digest, "plan": plan_digest(plan)},
    }


def read(text: str) -> SavedPlan:
    """Raises NotAPlan, also for a plan whose content no longer has the digest that is written in it."""
    try:
        record = load(text, SCHEMA, FORMAT_VERSION)
        digests = record.record("digests")
        plan = _plan(record, digests)
        saved = Digest(digests.text("plan"))
        if plan_digest(plan) != saved:
            raise NotOurs("its content does not have the digest that is written in it")
        return SavedPlan(
            plan=plan,
            digest=saved,
            created=record.text("created"),
            tool_version=record.text("tool_version"),
            paths=record.record("inputs").texts("paths"),
            options=_read_options(record.record("inputs")),
        )
    except ValueError as error:
        raise NotAPlan(
            f"not a saved plan: {visible(str(error))}; make one with `reconciler plan --out FILE`"
        ) from error


def _options(options: Options) -> Json:
    return {
        "prune": options.prune,
        "allow_delete": {kind: options.allow_delete[kind] for kind in sorted(options.allow_delete)},
        "only": list(options.only),
        "exclude": list(options.exclude),
    }


def _read_options(inputs: Record) -> Options:
    """The defaults for a plan of a version that did not write them."""
    if not inputs.has("options"):
        return _DEFAULTS
    found = inputs.record("options")
    allowed = found.record("allow_delete")
    limits = {kind: None if allowed.value(kind) is None else allowed.integer(kind) for kind in allowed.fields}
    return Options(found.flag("prune"), limits, found.texts("only"), found.texts("exclude"))


def _body(plan: Plan) -> dict[str, Json]:
    return {
        "format_version": FORMAT_VERSION,
        "complete": plan.complete,
        "applyable": plan.applyable,
        "errored": plan.errored,
        "digests": {"spec": plan.spec_digest, "live": plan.live_digest},
        "summary": asdict(plan.summary),
        "changes": changes_json.listing(plan.changes),
        "transfers": [_transfer(t) for t in sorted(plan.transfers, key=lambda t: str(t.address))],
        "unmovable": [_unmovable(i) for i in sorted(plan.unmovable, key=lambda i: (str(i.address), i.target))],
        **({"quotas": [_quota(quota) for quota in plan.quotas]} if plan.quotas else {}),
        "diagnostics": diagnostics_json.listing(plan.diagnostics),
    }


def _transfer(transfer: Transfer) -> Json:
    return {
        **_image(transfer),
        "reason": transfer.reason.value,
        "via": transfer.via.value,
        "bytes": transfer.bytes,
        "size": transfer.size,
        "pushed": transfer.pushed,
        "replaces": transfer.replaces,
    }


def _image(image: Transfer | Unmovable) -> dict[str, Json]:
    return {
        "address": str(image.address),
        "source": str(image.source),
        "target": str(image.target),
        "digest": image.digest,
    }


def _unmovable(image: Unmovable) -> Json:
    return {
        **_image(image),
        "rule": image.rule,
        "reason": image.reason,
        "retryable": image.retryable,
        "as_asked": image.as_asked,
    }


def _quota(quota: QuotaCheck) -> Json:
    return {
        "address": str(quota.address),
        "kind": quota.kind,
        "used": quota.used,
        "added": quota.added,
        "limit": quota.limit,
        **({} if quota.included is None else {"included": quota.included}),
    }


def _read_quota(record: Record) -> QuotaCheck:
    return QuotaCheck(
        address=changes_json.read_address(record.text("address")),
        kind=record.text("kind"),
        used=record.integer("used"),
        added=record.integer("added"),
        limit=record.integer("limit"),
        included=record.integer("included") if "included" in record.fields else None,
    )


def _plan(record: Record, digests: Record) -> Plan:
    summary = record.record("summary")
    return Plan(
        changes=tuple(changes_json.read(entry) for entry in record.records("changes")),
        transfers=tuple(_read_transfer(entry) for entry in record.records("transfers")),
        diagnostics=tuple(diagnostics_json.read(entry) for entry in record.records("diagnostics")),
        summary=Summary(**{name: summary.integer(name) for name in Summary.__dataclass_fields__ if summary.has(name)}),
        spec_digest=Digest(digests.text("spec")),
        live_digest=Digest(digests.text("live")),
        complete=record.flag("complete"),
        desired=Desired(),
        unmovable=tuple(_read_unmovable(entry) for entry in record.records("unmovable"))
        if "unmovable" in record.fields
        else (),
        quotas=tuple(_read_quota(entry) for entry in record.records("quotas")) if "quotas" in record.fields else (),
    )


def _read_unmovable(record: Record) -> Unmovable:
    return Unmovable(
        address=changes_json.read_address(record.text("address")),
        source=read_image(record.text("source")),
        target=read_image(record.text("target")),
        digest=Digest(record.text("digest")),
        rule=record.text("rule"),
        reason=record.text("reason"),
        retryable=record.flag("retryable"),
        as_asked=record.flag("as_asked"),
    )


def _read_transfer(record: Record) -> Transfer:
    replaces = record.optional_text("replaces")
    return Transfer(
        address=changes_json.read_address(record.text("address")),
        source=read_image(record.text("source")),
        target=read_image(record.text("target")),
        digest=Digest(record.text("digest")),
        reason=TransferReason(record.text("reason")),
        via=Via(record.text("via")),
        bytes=record.integer("bytes"),
        size=record.integer("size"),
        pushed=record.integer("pushed"),
        replaces=None if replaces is None else Digest(replaces),
    )


def read_image(text: str) -> ImageName:
    """`host[:port]/repository:tag`, as `str(ImageName)` writes it. Raises NotOurs for anything else."""
    registry, slash, rest = text.partition("/")
    repository, colon, tag = rest.rpartition(":")
    if not (slash and colon and registry and repository and tag):
        raise NotOurs(f"not an image: {text}")
    return ImageName(registry, repository, tag)
