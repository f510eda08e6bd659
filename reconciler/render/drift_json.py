"""Drift as JSON; schemas/drift.v1.json is its contract."""

from __future__ import annotations

from reconciler.model.drift import FORMAT_VERSION, Drift, ImageState
from reconciler.model.json_value import Json
from reconciler.render import changes_json, diagnostics_json


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
            **{state.value: sum(i.state is state for i in drift.images) for state in ImageState},
        },
        "changes": changes_json.listing(drift.changes),
        "images": [
            {
                "address": str(i.address),
                "state": i.state.value,
                "image": str(i.image),
                "expected": i.expected,
                "actual": i.actual,
            }
            for i in sorted(drift.images, key=lambda i: (str(i.address), i.image, i.state))
        ],
        "diagnostics": diagnostics_json.listing(drift.diagnostics),
    }
