"""Drift as JSON; schemas/drift.v1.json is its contract."""

from __future__ import annotations

from collections.abc import Iterable

from reconciler.model.drift import FORMAT_VERSION, Drift, ImageDrift, ImageState, RuleState
from reconciler.model.json_value import Json
from reconciler.render import changes_json, diagnostics_json, units


def to_json(drift: Drift, *, created: str, tool_version: str) -> Json:
    """`created` is RFC 3339 in UTC."""
    return {
        "format_version": FORMAT_VERSION,
        "tool_version": tool_version,
        "created": created,
        "found": drift.found,
        "complete": drift.complete,
        "digests": {"spec": drift.spec_digest, "live": drift.live_digest},
        "summary": {
            "changes": len(drift.changes),
            **{state.value: sum(i.state is state for i in (*drift.images, *drift.explained)) for state in ImageState},
        },
        "changes": changes_json.listing(drift.changes),
        "images": _images(drift.images),
        "explained": _images(drift.explained),
        "replications": [_replication(rule, drift) for rule in drift.replications],
        "oldest": _oldest(drift.oldest, drift),
        "diagnostics": diagnostics_json.listing(drift.diagnostics),
    }


def _images(images: Iterable[ImageDrift]) -> Json:
    return [_image(image) for image in sorted(images, key=lambda i: (str(i.address), i.image, i.state))]


def _image(image: ImageDrift) -> Json:
    return {
        "address": str(image.address),
        "state": image.state.value,
        "image": str(image.image),
        "expected": image.expected,
        "actual": image.actual,
        "pushed": units.timestamp(image.pushed) if image.pushed else None,
        "cause": image.cause.value,
        "task": image.task,
        "detail": image.detail,
    }


def _replication(rule: RuleState, drift: Drift) -> Json:
    return {
        "address": str(rule.address),
        "in_place": rule.in_place,
        **{state.value: rule.count(state) for state in ImageState},
        "oldest": _oldest(rule.oldest, drift),
    }


def _oldest(image: ImageDrift | None, drift: Drift) -> Json:
    if image is None:
        return None
    return {
        "image": str(image.image),
        "pushed": units.timestamp(image.pushed),
        "age_seconds": round(drift.age(image)),
    }
