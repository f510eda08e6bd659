"""A call of the OpenAPI as one line of the request log."""

from __future__ import annotations

import json

from reconciler.acr.events import CallMade


def line(made: CallMade) -> str:
    """A JSON object without a line end; `schemas/request-log.v1.json` describes it."""
    return json.dumps(
        {
            "format_version": "1.0",
            "time": made.started.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
            "account": made.account,
            "version": made.version,
            "action": made.action,
            "region": made.region,
            "method": made.method,
            "host": made.host,
            "path": made.path,
            "query": dict(sorted(made.query.items())),
            "attempt": made.attempt,
            "milliseconds": round(made.seconds * 1000),
            "status": made.status,
            "code": made.code,
            "request_id": made.request_id,
            "problem": made.problem,
        },
        ensure_ascii=False,
    )
