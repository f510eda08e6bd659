"""The report of a run as JSON; schemas/report.v1.json is its contract."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from reconciler.model.image import Digest
from reconciler.model.json_value import Json
from reconciler.model.plan import Action, Via
from reconciler.model.record import PastRun
from reconciler.model.report import (
    FORMAT_VERSION,
    ImageOutcome,
    ImageResult,
    Report,
    StepOutcome,
    StepResult,
    Verdict,
)
from reconciler.render import changes_json, diagnostics_json, plan_json
from reconciler.render.record import Record, load, parse
from reconciler.render.report_tally import ImportTally, Tally, imports, total
from reconciler.render.style import visible

SCHEMA = "report.v1"


class NotAReport(ValueError):
    """The text is no report of this format; the message says why."""


@dataclass(frozen=True, slots=True)
class SavedReport:
    """`paths` are the files and folders that were applied; empty when an older version wrote the report."""

    report: Report
    created: str
    tool_version: str
    paths: tuple[str, ...] = ()


def to_json(report: Report, *, created: str, tool_version: str, paths: Sequence[str] = ()) -> Json:
    """`created` is RFC 3339 in UTC; `paths` are what was applied, as it was named."""
    return {
        "paths": list(paths),
        "verdict": report.verdict.value,
        "format_version": FORMAT_VERSION,
        "tool_version": tool_version,
        "created": created,
        "complete": report.complete,
        "failed": report.failed,
        "anything_done": report.anything_done,
        "changes": [_step(step) for step in sorted(report.steps, key=lambda s: (str(s.address), s.action))],
        "imports": [_import(entry) for entry in imports(report)],
        "images": [_image(image) for image in sorted(report.images, key=lambda i: (str(i.address), i.target))],
        "totals": {
            **_tally(total(report)),
            "steps": {result.value: sum(s.result is result for s in report.steps) for result in StepResult},
            "seconds": report.seconds,
            "transfer_seconds": report.transfer_seconds,
            "requests": report.requests,
            "requests_expected": report.requests_expected,
            "retries": report.retries,
            "images_unchanged": report.images_unchanged,
        },
        "diagnostics": diagnostics_json.listing(report.diagnostics),
    }


def read(text: str) -> SavedReport:
    """Raises NotAReport."""
    try:
        record = load(text, SCHEMA, FORMAT_VERSION)
        totals = record.record("totals")
        report = Report(
            steps=tuple(_read_step(entry) for entry in record.records("changes")),
            images=tuple(_read_image(entry) for entry in record.records("images")),
            diagnostics=tuple(diagnostics_json.read(entry) for entry in record.records("diagnostics")),
            seconds=totals.number("seconds"),
            transfer_seconds=totals.number("transfer_seconds"),
            requests=totals.integer("requests"),
            retries=totals.integer("retries"),
            complete="complete" not in record.fields or record.flag("complete"),
            images_unchanged=totals.integer("images_unchanged") if "images_unchanged" in totals.fields else 0,
            requests_expected=totals.integer("requests_expected") if "requests_expected" in totals.fields else 0,
        )
        paths = record.texts("paths") if "paths" in record.fields else ()
        return SavedReport(report, record.text("created"), record.text("tool_version"), paths)
    except ValueError as error:
        raise _not_a_report(error) from error


def summary(name: str, text: str) -> PastRun:
    """The figures of a report that is kept as `name`; the rest of it is not looked at. Raises NotAReport."""
    try:
        record = parse(text, FORMAT_VERSION)
        totals = record.record("totals")
        selected, imported, skipped, failed, moved = (
            totals.integer(count) for count in ("selected", "imported", "skipped", "failed", "bytes_moved")
        )
        verdict = Verdict(record.text("verdict"))
        took = totals.number("seconds")
        return PastRun(name, record.text("created"), verdict, selected, imported, skipped, failed, moved, took)
    except ValueError as error:
        raise _not_a_report(error) from error


def _not_a_report(error: ValueError) -> NotAReport:
    return NotAReport(f"not a report: {visible(str(error))}; `reconciler apply --format json` writes one")


def _step(step: StepOutcome) -> Json:
    return {
        "address": str(step.address),
        "action": step.action.value,
        "result": step.result.value,
        "reason": step.reason,
        "seconds": step.seconds,
    }


def _read_step(record: Record) -> StepOutcome:
    return StepOutcome(
        address=changes_json.read_address(record.text("address")),
        action=Action(record.text("action")),
        result=StepResult(record.text("result")),
        reason=record.text("reason"),
        seconds=record.number("seconds"),
    )


def _import(entry: ImportTally) -> Json:
    return {
        "address": str(entry.address),
        **_tally(entry.total),
        "failures": _failures(entry.total.failures),
        "repositories": [
            {"repository": str(name), **_tally(tally), "failures": _failures(tally.failures)}
            for name, tally in entry.repositories
        ],
    }


def _tally(tally: Tally) -> dict[str, Json]:
    return {
        "selected": tally.selected,
        "imported": tally.imported,
        "skipped": tally.skipped,
        "failed": len(tally.failures),
        "bytes_moved": tally.bytes_moved,
        "bytes_mounted": tally.bytes_mounted,
        "seconds": tally.seconds,
        "mb_per_second": tally.mb_per_second,
    }


def _failures(images: Iterable[ImageOutcome]) -> Json:
    return [{"target": str(i.target), "reason": i.reason, "retryable": i.retryable} for i in images]


def _image(image: ImageOutcome) -> Json:
    return {
        "address": str(image.address),
        "source": str(image.source),
        "target": str(image.target),
        "digest": image.digest,
        "result": image.result.value,
        "reason": image.reason,
        "retryable": image.retryable,
        "bytes_moved": image.bytes_moved,
        "bytes_mounted": image.bytes_mounted,
        "began": image.began,
        "ended": image.ended,
        "via": image.via.value,
    }


def _read_image(record: Record) -> ImageOutcome:
    return ImageOutcome(
        address=changes_json.read_address(record.text("address")),
        source=plan_json.read_image(record.text("source")),
        target=plan_json.read_image(record.text("target")),
        digest=Digest(record.text("digest")),
        result=ImageResult(record.text("result")),
        reason=record.text("reason"),
        retryable=record.flag("retryable"),
        bytes_moved=record.integer("bytes_moved"),
        bytes_mounted=record.integer("bytes_mounted"),
        began=record.number("began"),
        ended=record.number("ended"),
        via=Via(record.text("via")) if "via" in record.fields else Via.EXECUTOR,
    )
