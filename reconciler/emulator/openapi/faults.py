"""The local cloud's own call, which the service does not have: make replication tasks and calls fail.

`POST /emulator/faults` with `{"tasks": [{"issue": …, "times": …, "repository": …, "tag": …, "after_layers": …}]}` adds
faults of tasks; with `{"calls": {"throttled": 0.05, "lost": …, "failed": …, "latency": …, "per_second": …, "seed": …}}`
it says what calls meet from now on. `GET` tells all that, `DELETE` takes it back. No signature is asked for: the local
cloud listens on loopback alone.
"""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Mapping, Sequence

from starlette.requests import Request
from starlette.responses import JSONResponse

from reconciler.emulator.call_faults import CallFaults, CallWeather
from reconciler.emulator.faults import TaskFault, TaskFaults
from reconciler.emulator.refusal import Refused
from reconciler.model.json_value import Json

PATH = "/emulator/faults"
_LIMIT = 1_000_000


async def answer(request: Request, faults: TaskFaults, weather: CallWeather) -> JSONResponse:
    try:
        match request.method:
            case "POST":
                document = _read(await request.body())
                calls = _calls(document["calls"]) if "calls" in document else weather.faults
                faults.add(_fault(item) for item in _tasks(document))
                weather.set(calls)
            case "DELETE":
                faults.clear()
                weather.set(CallFaults())
            case "GET":
                pass
            case _:
                return JSONResponse({"message": f"GET, POST or DELETE, not {request.method}"}, status_code=405)
    except Refused as refusal:
        return JSONResponse({"message": refusal.message}, status_code=400)
    tasks = [dataclasses.asdict(fault) for fault in faults.left]
    return JSONResponse({"tasks": tasks, "calls": dataclasses.asdict(weather.faults)})


def _read(body: bytes) -> Mapping[str, Json]:
    try:
        document: Json = json.loads(body)
    except ValueError:
        raise _malformed("the body is not JSON") from None
    if not isinstance(document, Mapping) or not document or document.keys() - {"tasks", "calls"}:
        raise _malformed('the body is {"tasks": [...], "calls": {...}}')
    return document


def _tasks(document: Mapping[str, Json]) -> Sequence[Json]:
    tasks = document.get("tasks", [])
    if not isinstance(tasks, list):
        raise _malformed("`tasks` is a list")
    return tasks


def _calls(value: Json) -> CallFaults:
    known = {field.name for field in dataclasses.fields(CallFaults)}
    if not isinstance(value, Mapping):
        raise _malformed("`calls` is a mapping")
    for name, number in value.items():
        if name not in known:
            raise _malformed(f"calls have no `{name}`, but: {', '.join(sorted(known))}")
        if isinstance(number, bool) or not isinstance(number, (int, float)):
            raise _malformed(f"`{name}` cannot be: {json.dumps(number)}")
    given = {name: float(number) for name, number in value.items() if isinstance(number, (int, float))}
    try:
        return CallFaults(
            throttled=given.get("throttled", 0.0),
            lost=given.get("lost", 0.0),
            failed=given.get("failed", 0.0),
            latency=given.get("latency", 0.0),
            per_second=given.get("per_second", 0.0),
            seed=int(given.get("seed", 0.0)),
        )
    except ValueError as error:
        raise _malformed(str(error)) from None


def _fault(item: Json) -> TaskFault:
    known = {field.name: field.default for field in dataclasses.fields(TaskFault)}
    if not isinstance(item, Mapping):
        raise _malformed("a fault is a mapping")
    for name, value in item.items():
        if name not in known:
            raise _malformed(f"a fault has no `{name}`, but: {', '.join(known)}")
        if type(value) is not type(known[name]) or (isinstance(value, int) and not 0 <= value <= _LIMIT):
            raise _malformed(f"`{name}` cannot be: {json.dumps(value)}")
    default = TaskFault()
    return TaskFault(
        _text(item, "issue", default.issue),
        _count(item, "times", default.times),
        _text(item, "repository", ""),
        _text(item, "tag", ""),
        _count(item, "after_layers", 0),
    )


def _text(item: Mapping[str, Json], name: str, default: str) -> str:
    value = item.get(name)
    return value if isinstance(value, str) and value else default


def _count(item: Mapping[str, Json], name: str, default: int) -> int:
    value = item.get(name)
    return value if isinstance(value, int) else default


def _malformed(message: str) -> Refused:
    return Refused("InvalidFault", message, 400)
