"""The local cloud's own call, which the service does not have: make replication tasks fail.

`POST /emulator/faults` with `{"tasks": [{"issue": …, "times": …, "repository": …, "tag": …, "after_layers": …}]}` adds
faults, `GET` tells those that are left, `DELETE` takes them all back. No signature is asked for: the local cloud
listens on loopback alone.
"""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Mapping

from starlette.requests import Request
from starlette.responses import JSONResponse

from reconciler.emulator.faults import TaskFault, TaskFaults
from reconciler.emulator.refusal import Refused
from reconciler.model.json_value import Json

PATH = "/emulator/faults"
_LIMIT = 1_000_000


async def answer(request: Request, faults: TaskFaults) -> JSONResponse:
    try:
        match request.method:
            case "POST":
                faults.add(_read(await request.body()))
            case "DELETE":
                faults.clear()
            case "GET":
                pass
            case _:
                return JSONResponse({"message": f"GET, POST or DELETE, not {request.method}"}, status_code=405)
    except Refused as refusal:
        return JSONResponse({"message": refusal.message}, status_code=400)
    return JSONResponse({"tasks": [dataclasses.asdict(fault) for fault in faults.left]})


def _read(body: bytes) -> list[TaskFault]:
    try:
        document: Json = json.loads(body)
    except ValueError:
        raise _malformed("the body is not JSON") from None
    if not isinstance(document, Mapping) or document.keys() != {"tasks"} or not isinstance(document["tasks"], list):
        raise _malformed('the body is {"tasks": [...]}')
    return [_fault(item) for item in document["tasks"]]


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
